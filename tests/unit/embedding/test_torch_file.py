"""Tensors are read without torch, and nothing but tensors is."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proofsheet.core.errors import ModelError
from proofsheet.embedding import torch_runtime
from proofsheet.embedding.torch_file import read_tensors

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
WHERE = Path("weights.pth")


class Order:
    """Asks the reader of a pickle to call something."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.parts = (function, arguments)

    def __reduce__(self) -> Any:
        return self.parts


def content_of(*objects: object) -> bytes:
    return b"".join(pickle.dumps(o, protocol=2) for o in objects)


def test_tensors_are_those_that_torch_reads(tmp_path: Path) -> None:
    if not torch_runtime.installed():
        pytest.skip("the extra `clip` is not installed")
    torch = torch_runtime.import_torch()
    plain = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    state = {"plain": plain, "turned": plain.permute(2, 0, 1), "part": plain[1], "count": torch.tensor(7)}
    torch.save(state, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    found = read_tensors((tmp_path / "w.pth").read_bytes(), tmp_path / "w.pth")
    assert list(found) == list(state)
    for name, tensor in state.items():
        assert np.array_equal(found[name], tensor.numpy())
        assert found[name].shape == tuple(tensor.shape)


@pytest.mark.parametrize("place", range(5))
def test_a_pickle_that_wants_to_run_something_is_refused(tmp_path: Path, place: int) -> None:
    mark = tmp_path / "ran"
    objects: list[object] = [MAGIC, PROTOCOL, {}, {}, []]
    objects[place] = Order(os.mkdir, str(mark))
    with pytest.raises(ModelError) as told:
        read_tensors(content_of(*objects), WHERE)
    assert not mark.exists()
    assert str(WHERE) in str(told.value)
    assert "only tensors are read" in str(told.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a zip",
        content_of(MAGIC, PROTOCOL),
        content_of(1, 2, 3, 4, 5),
        content_of(MAGIC, PROTOCOL, {}, {"a": 1}, []),
    ],
)
def test_any_other_file_is_refused_with_its_name(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"weights\.pth"):
        read_tensors(content, WHERE)


def test_a_file_that_ends_early_is_refused(tmp_path: Path) -> None:
    if not torch_runtime.installed():
        pytest.skip("the extra `clip` is not installed")
    torch = torch_runtime.import_torch()
    torch.save({"a": torch.ones(100)}, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    whole = (tmp_path / "w.pth").read_bytes()
    for length in (len(whole) - 1, len(whole) - 300, len(whole) // 2, 30):
        with pytest.raises(ModelError):
            read_tensors(whole[:length], WHERE)
