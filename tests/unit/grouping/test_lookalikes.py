"""Different pictures that look alike: they are no sets and no duplicates, and copies of them still are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.lookalike_kinds import KINDS
from benchmarks.lookalikes import copies, duplicated, in_sets, seen
from proofsheet.grouping.complete_linkage import Likeness
from proofsheet.grouping.grouping_input import is_document
from proofsheet.imaging.perceptual_hash import DETAIL_SIDE
from tests.support.kit import SHARED

WRITTEN = (
    "page of text",
    "scanned page",
    "receipt",
    "filled form",
    "sheet music",
    "terminal",
    "chat",
    "window",
    "slide",
)
SMALL = (620, 877)


def made(kind: str, seed: int) -> Image.Image:
    """A picture of the kind, small enough for a quick test."""
    picture = KINDS[kind](seed)
    picture.thumbnail(SMALL)
    return picture


@pytest.mark.parametrize("kind", list(KINDS))
def test_different_pictures_of_a_kind_are_no_set_and_no_duplicates(kind: str) -> None:
    found = seen(made(kind, seed) for seed in range(3))
    assert (in_sets(found), duplicated(found)) == (0, 0)
    if kind in WRITTEN:
        assert all(is_document(row) for row in found.rows)


@pytest.mark.parametrize(
    "kind", ["page of text", "filled form", "chart", "square code", "product on white", "logo"]
)
def test_a_copy_of_such_a_picture_is_still_found(kind: str) -> None:
    picture = made(kind, 1)
    for copy in copies(picture):
        assert duplicated(seen([picture, copy])) == 2


@pytest.mark.skipif(not SHARED.is_dir(), reason="real files are not beside the checkout")
def test_photographs_are_no_documents() -> None:
    paths = sorted(Path(SHARED / "immich_public_domain" / "albums" / "nature").glob("*.jpg"))
    paths += sorted(Path(SHARED / "mate_backgrounds_gpl2").glob("*.jpg"))
    assert len(paths) > 10
    found = seen(Image.open(path).convert("RGB") for path in paths)
    assert not [path.name for path, row in zip(paths, found.rows, strict=True) if is_document(row)]


def test_layouts_are_compared_in_batches_as_one_by_one() -> None:
    cells = np.random.default_rng(5).integers(-127, 128, (DETAIL_SIDE, DETAIL_SIDE)).astype(np.int8)
    moved, flat = np.roll(cells, (1, -1), (0, 1)), np.zeros_like(cells)
    kinds = {
        "same": cells,
        "moved": moved,
        "far": np.roll(cells, 2, 0),
        "other": cells.T,
        "flat": flat,
        "flat too": flat,
    }
    details = dict(enumerate(kinds.values()))
    likeness = Likeness(np.zeros((7, 1), np.float32), np.zeros(7, np.uint64), details)
    i, j = (np.repeat(part, 20) for part in likeness.across(range(7), range(7)))  # the last one has no layout
    found = likeness.same_layout(i, j).reshape(7, 7, 20)
    assert (found.all(axis=2) == found.any(axis=2)).all()
    layout = {frozenset((a, b)) for a in range(6) for b in range(6) if found[a, b, 0]}
    names = list(kinds)
    told = {frozenset(names[k] for k in pair) for pair in layout if len(pair) == 2}
    assert told == {
        frozenset({"same", "moved"}),
        frozenset({"moved", "far"}),
        frozenset({"flat", "flat too"}),
    }
    assert found[6].all()
    assert found[:, 6].all()


def test_a_flat_picture_has_a_layout_that_is_the_same_as_that_of_another_flat_one() -> None:
    flat = [Image.fromarray(np.full((90, 120, 3), level, np.uint8)) for level in (200, 205)]
    assert duplicated(seen(flat)) == 2
