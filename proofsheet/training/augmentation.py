"""More training pictures from the same ones, with their labels and boxes; never on the side that judges.

Holds `VIEWS` and `of_view`; crops are mirrored in fit_crop_proposer.py.
Add here: another view, with what it does to a box.
Keep out: training.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from proofsheet.core.files import short_hash
from proofsheet.imaging.decode import Picture
from proofsheet.imaging.measurement import Measurement, Seen, Work
from proofsheet.imaging.scaling import Pixels
from proofsheet.models.boxes import Box

_ZOOM = 0.9


@dataclass(frozen=True)
class View:
    """Another look at a picture.

    Attributes:
        pixels: changes the pixels.
        box: changes a box in 0..1 alike; None if nothing of it is left.
    """

    pixels: Callable[[Pixels], Pixels]
    box: Callable[[Box], Box | None]


def _mirror(rgb: Pixels) -> Pixels:
    return np.ascontiguousarray(rgb[:, ::-1])


def _mirror_box(box: Box) -> Box:
    return 1.0 - box[2], box[1], 1.0 - box[0], box[3]


def _lighter(rgb: Pixels) -> Pixels:
    return np.asarray(np.clip(rgb.astype(np.float32) * 1.2, 0, 255), dtype=np.uint8)


def _darker(rgb: Pixels) -> Pixels:
    return (rgb.astype(np.float32) * 0.8).astype(np.uint8)


def _same(box: Box) -> Box:
    return box


def _nearer(rgb: Pixels) -> Pixels:
    height, width = rgb.shape[:2]
    top, left = round(height * (1 - _ZOOM) / 2), round(width * (1 - _ZOOM) / 2)
    return np.ascontiguousarray(rgb[top : height - top, left : width - left])


def _nearer_box(box: Box) -> Box | None:
    low = (1 - _ZOOM) / 2
    x1, y1, x2, y2 = (min(max((v - low) / _ZOOM, 0.0), 1.0) for v in box)
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None


VIEWS: Mapping[str, View] = {
    "mirrored": View(_mirror, _mirror_box),
    "lighter": View(_lighter, _same),
    "darker": View(_darker, _same),
    "nearer": View(_nearer, _nearer_box),
}


def of_view(measurement: Measurement, view: str) -> Measurement:
    """The same measurement of another view of the picture.

    Its rows never replace those of the picture itself.
    """

    def begin() -> Work:
        work = measurement.begin()
        return Work(functools.partial(_measured, measure=work.measure, view=view), work.finish)

    name, version = f"{measurement.name}-{view}", short_hash(measurement.version, view, length=12)
    return Measurement(name, measurement.columns, version, begin)


def _measured(picture: Picture, measure: Callable[[Picture], Seen], view: str) -> Seen:
    change = VIEWS[view].pixels
    return measure(replace(picture, rgb=change(picture.rgb), large=change(picture.large)))
