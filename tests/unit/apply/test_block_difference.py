"""Differences: the former file comes back from the new one, whatever both are."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofsheet.apply.block_difference import difference, restored


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000), st.binary(max_size=3000), st.binary(max_size=3000))
def test_the_former_file_comes_back(head: bytes, body: bytes, other: bytes) -> None:
    for old, new in ((head + body, other + body), (head + body + head, body), (head, other), (b"", other)):
        assert restored(new, difference(old, new)) == old


def test_a_difference_is_as_large_as_the_metadata() -> None:
    made = random.Random(1)
    picture, head, other = made.randbytes(3_000_000), made.randbytes(2000), made.randbytes(9000)
    for old, new in (
        (head + picture, other + picture),
        (picture + head, picture + other),
        (head + picture[:1_000_000] + head + picture[1_000_000:], other + picture),
    ):
        block = difference(old, new)
        assert restored(new, block) == old
        assert len(block) < 7000


@pytest.mark.parametrize("block", [b"", b"no block", difference(b"a" * 600, b"b" * 600)[:-4]])
def test_a_damaged_block_is_told(block: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        restored(b"x" * 600, block)
