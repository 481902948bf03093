"""How often different pictures that look alike are taken for one: `python -m benchmarks.lookalikes`.

Holds the protocol: of every kind some pictures in a row, as sets and as duplicates, and copies that must
still be found.
Add here: another edit of a copy.
Keep out: the kinds (lookalike_kinds.py).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.lookalike_kinds import KINDS
from proofsheet.embedding import classic_encoder
from proofsheet.grouping.complete_linkage import Likeness
from proofsheet.grouping.duplicates import find_duplicates
from proofsheet.grouping.grouping import group_photos
from proofsheet.grouping.grouping_input import GroupingInput, is_document
from proofsheet.imaging.image_quality import PLAIN_GROUND, Grey, grey_levels, ground, written
from proofsheet.imaging.perceptual_hash import DETAIL_SIDE, detail, phash
from proofsheet.imaging.scaling import Pixels, fit
from schemas.groups import PhotoGroup
from schemas.library import ExifFact, GenerationFact, Photo
from schemas.settings.groups import DuplicateSettings, GroupSettings
from schemas.vision import ImageQuality

_SIDE_PX = 768
_EACH = 8
_ROW: dict[str, Any] = dict.fromkeys(
    (Photo.series, Photo.stage, Photo.named_at, GenerationFact.generated, ExifFact.model, ExifFact.taken_at)
) | {Photo.folder: "", Photo.format: "PNG", Photo.size_bytes: 1, Photo.modified_at: datetime(2025, 1, 1)}


def copies(picture: Image.Image) -> Iterator[Image.Image]:
    """The same picture compressed, smaller, brighter and without colour."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=50)
    yield Image.open(buffer).convert("RGB")
    yield picture.resize((picture.width // 2, picture.height // 2))
    yield picture.point(lambda value: min(255, int(value * 1.05)))
    yield picture.convert("L").convert("RGB")


def seen(pictures: Iterable[Image.Image]) -> GroupingInput:
    """The pictures as grouping sees them: without a camera and without a time."""
    import cv2

    rows, vectors, hashes, details = [], [], [], {}
    for number, picture in enumerate(pictures):
        pixels = np.ascontiguousarray(fit(np.asarray(picture.convert("RGB"), dtype=np.uint8), _SIDE_PX))
        name = f"p{number:03}.png"
        rows.append(
            _ROW
            | {Photo.photo_id: name, Photo.path: name, Photo.file_name: name, Photo.content_hash: name}
            | _measured(pixels)
        )
        vectors.append(
            classic_encoder.vector(
                np.asarray(cv2.resize(pixels, (128, 128), interpolation=cv2.INTER_AREA), dtype=np.uint8)
            )
        )
        hashes.append(phash(pixels))
        if (fine := detail(pixels)) is not None:
            details[number] = np.array(fine, dtype=np.int8).reshape(DETAIL_SIDE, DETAIL_SIDE)
    return GroupingInput(
        rows, Likeness(np.stack(vectors), np.array(hashes, dtype=np.uint64), details), classic_encoder.NAME
    )


def _measured(pixels: Pixels) -> dict[str, Any]:
    import cv2

    grey: Grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    share = ground(grey_levels(grey))
    height, width = grey.shape
    return {
        ImageQuality.ground: share,
        ImageQuality.written: written(grey) if share >= PLAIN_GROUND else 0.0,
        ImageQuality.width_px: width,
        ImageQuality.height_px: height,
        ImageQuality.sharpness_tiles: [0.0] * 64,
    }


def in_sets(found: GroupingInput) -> int:
    """Pictures that grouping puts into a set with another."""
    groups = group_photos("p", found, GroupSettings())
    return int((groups[PhotoGroup.group_size] > 1).sum())


def duplicated(found: GroupingInput) -> int:
    """Pictures that are taken for a duplicate of another."""
    return find_duplicates("p", found, DuplicateSettings()).height


def main(names: Sequence[str]) -> None:
    """Print wrong sets, wrong duplicates, documents and found copies of each kind."""
    out = sys.stdout
    out.write(
        f"{'kind':24}{'pictures':>9}{'in sets':>9}{'duplicates':>12}{'documents':>11}{'copies found':>14}\n"
    )
    for name in names or KINDS:
        pictures = [KINDS[name](seed) for seed in range(_EACH)]
        strangers = seen(pictures)
        with_copies = [seen([picture, copy]) for picture in pictures[:2] for copy in copies(picture)]
        again = sum(duplicated(pair) == 2 for pair in with_copies)
        documents = sum(is_document(row) for row in strangers.rows)
        found = f"{again} of {len(with_copies)}"
        out.write(
            f"{name:24}{_EACH:>9}{in_sets(strangers):>9}{duplicated(strangers):>12}{documents:>11}{found:>14}\n"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
