"""Human crop boxes without their pictures: what constant boxes reach, as a reference.

Holds `crop_reference`.
Add here: nothing but another reference.
Keep out: the proposer, which needs pictures.

The files name no size of the pictures. The longer side follows from the ending of the address (b: 1024, c:
800); the shorter one is taken from the smallest of the common shapes into which every box of the picture
fits, and only pictures with boxes within two per cent of that side are used, so that the shape is seen and
not guessed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from proofsheet.models.boxes import Floats, iou
from proofsheet.training.evaluate_crops import constant_boxes

PLACE = Path(__file__).parents[2] / "shared" / "data" / "fcdb_mit_annotations"
_LONGER = {"b": 1024, "c": 800}
_SHAPES = (2.0, 16 / 9, 1.5, 4 / 3, 5 / 4, 1.0)
_NEAR = 0.98
_DRAWS = 2000


def crop_reference(place: Path = PLACE) -> dict[str, Any] | None:
    """Mean overlap of constant boxes, chosen on the training pictures and judged on the test ones.

    None without the data.
    """
    if not place.is_dir():
        return None
    reach: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    boxes: dict[str, dict[str, list[int]]] = {}
    for part in ("training", "testing"):
        rows = json.loads((place / f"cropping_{part}_set.json").read_text())
        boxes[part] = {r["url"]: r["crop"] for r in rows}
        for row in rows:
            _reach(reach[row["url"]], row["crop"])
    for row in json.loads((place / "ranking_annotation.json").read_text()):
        for pair in row["crops"]:
            for name in ("crop_0", "crop_1"):
                _reach(reach[row["url"]], pair[name])
    sizes = {url: size for url, (x, y) in reach.items() if (size := _size(url, x, y))}
    shares = {
        part: np.array([_share(b, sizes[u]) for u, b in found.items() if u in sizes])
        for part, found in boxes.items()
    }
    test = shares["testing"]
    figures = {name: _mean(iou(test, box)) for name, box in constant_boxes(shares["training"]).items()}
    return {
        "training": len(shares["training"]),
        "test": len(test),
        "of": [len(b) for b in boxes.values()],
        "constant boxes": figures,
    }


def _reach(so_far: list[int], box: list[int]) -> None:
    so_far[0], so_far[1] = max(so_far[0], box[0] + box[2]), max(so_far[1], box[1] + box[3])


def _size(url: str, x: int, y: int) -> tuple[int, int] | None:
    longer = _LONGER.get(url.rsplit("_", 1)[-1].split(".")[0])
    if longer is None or max(x, y) > longer:
        return None
    wide = x >= y
    short = min(x, y)
    sides = [longer / s for s in _SHAPES if longer / s >= short - 1]
    if not sides or short < _NEAR * sides[0]:
        return None
    return (longer, round(sides[0])) if wide else (round(sides[0]), longer)


def _share(box: list[int], size: tuple[int, int]) -> list[float]:
    x, y, w, h = box
    return [x / size[0], y / size[1], min((x + w) / size[0], 1.0), min((y + h) / size[1], 1.0)]


def _mean(values: Floats) -> dict[str, float]:
    drawn = np.random.default_rng(0).integers(0, len(values), (_DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return {"mean": float(values.mean()), "low": float(low), "high": float(high)}
