"""The networks that find faces and eyes, run by OpenCV.

Holds `load`, `FaceNetworks`, `FoundFace` and `eye_pixels`.
Add here: another network for faces.
Keep out: where the files are (face_finder.py), and what is measured at a face (faces.py).

CenterFace (Xu et al., 2019) finds boxes and five points. A network of MediaPipe (Ablavatski et al., 2020)
finds the lids of an eye. Its package asks for tensorflow, which is not needed here.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.core.errors import ModelError
from proofsheet.imaging.scaling import Pixels, fit
from proofsheet.models.boxes import iou

_SIDE_PX, _STRIDE, _CELL = 640, 32, 4
_OUTPUTS = ("537", "538", "539", "540")  # heat, log size, offset, landmarks
_MOST_PLACES = 2000  # of the highest scores, far more than faces
_LARGEST = 1e6
_SAME = 0.3  # intersection over union from which two boxes are one face
_EYE_SIDE_PX = 64
_EYE_OUTPUT, _EYE_VALUES = "output_eyes_contours_and_brows", 213
_EYE_WIDTHS = 1.1  # distances of the eyes that the network sees around one
_LEAST_EYE_SHARE = 0.35  # of the height of the face: the same distance where the head is turned
_CORNERS = (0, 8)  # points of the lids
_LOWER, _UPPER = slice(1, 8), slice(9, 16)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FoundFace:
    """A face in the pixels that were looked at.

    Attributes:
        box: (4,) left, top, right, bottom in pixels; it may reach beyond the picture.
        points: (5, 2) x and y of eyes, nose and corners of the mouth.
        score: 0..1.
    """

    box: Floats
    points: Floats
    score: float

    @property
    def eye_distance(self) -> float:
        """Distance of the eyes in pixels."""
        return float(np.hypot(*(self.points[1] - self.points[0])))


@functools.lru_cache(maxsize=2)
def load(faces: Path, eyes: Path | None) -> FaceNetworks:
    """The networks of these files, loaded once a process.

    Raises:
        ModelError: if a file cannot be loaded.
    """
    import cv2

    try:
        classic = getattr(cv2.dnn, "ENGINE_CLASSIC", None)  # OpenCV 5's new one gives one output of an eye
        options = [] if classic is None else [classic]
        return FaceNetworks(
            cv2.dnn.readNetFromONNX(str(faces)),
            cv2.dnn.readNetFromTFLite(str(eyes), *options) if eyes else None,
        )
    except (cv2.error, AttributeError) as error:
        wrong = " ".join(str(error).split())[:200]
        raise ModelError(
            f"The networks for faces cannot be loaded: {wrong}.",
            "Run `proofsheet doctor` for how to install them, or upgrade opencv-python-headless.",
        ) from error


@dataclass(frozen=True)
class FaceNetworks:
    """Loaded networks of OpenCV; `eyes` may be missing."""

    faces: Any
    eyes: Any

    def find(self, rgb: Pixels, least: float) -> list[FoundFace]:
        """Faces in upright pixels, the largest first.

        Args:
            rgb: (height, width, 3).
            least: score from which a place is a face.

        Raises:
            ModelError: if the network fails, or gives no usable numbers.
        """
        small = fit(rgb, _SIDE_PX)
        height, width = small.shape[:2]
        padded = np.zeros((-(-height // _STRIDE) * _STRIDE, -(-width // _STRIDE) * _STRIDE, 3), np.float32)
        padded[:height, :width] = small
        heat, size, offset, marks = (
            np.asarray(part[0], dtype=np.float64)
            for part in _forward(self.faces, padded.transpose(2, 0, 1)[None], _OUTPUTS)
        )
        scale = np.array([rgb.shape[1] / width, rgb.shape[0] / height])
        rows, columns = np.nonzero(heat[0] >= max(least, np.sort(heat[0], axis=None)[-_MOST_PLACES:][0]))
        found = [
            _face(heat[0, y, x], size[:, y, x], offset[:, y, x], marks[:, y, x], (y, x), scale)
            for y, x in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
        return sorted(_distinct(found), key=lambda f: -_area(f.box))

    def openness(self, rgb: Pixels, face: FoundFace) -> float | None:
        """Height of the open eye over its width, mean of both eyes; None without the network for eyes.

        Args:
            rgb: the pixels in which the face was found.
            face: one of its faces.

        Raises:
            ModelError: see `find`.
        """
        if self.eyes is None:
            return None
        return float(np.mean([self._eye(eye_pixels(rgb, face, k)) for k in (0, 1)]))

    def _eye(self, pixels: Pixels) -> float:
        values = pixels.astype(np.float32).transpose(2, 0, 1)[None] / 255.0
        (found,) = _forward(self.eyes, values, (_EYE_OUTPUT,))
        points = np.asarray(found, dtype=np.float64).reshape(-1, 3)[:, :2]
        width = np.hypot(*(points[_CORNERS[0]] - points[_CORNERS[1]]))
        heights = np.hypot(*(points[_LOWER] - points[_UPPER]).T)
        return float(heights.mean() / max(width, 1.0))


def _forward(net: Any, values: npt.NDArray[np.float32], outputs: Sequence[str]) -> Sequence[Any]:  # noqa: ANN401
    """The outputs of a network.

    Raises:
        ModelError: if it fails, or gives no usable numbers.
    """
    import cv2

    try:
        net.setInput(np.ascontiguousarray(values))
        found: Sequence[Any] = net.forward(list(outputs))
    except cv2.error as error:
        raise ModelError(f"The network failed: {' '.join(str(error).split())[:200]}.", _CHECK) from error
    if not all((np.abs(part) <= _LARGEST).all() for part in found):  # OpenCV makes large numbers of NaN
        raise ModelError("The network gives no usable numbers.", _CHECK)
    return found


_CHECK = 'Set model = "none" under [faces], and report it with the picture.'


def _face(
    score: float, size: Floats, offset: Floats, marks: Floats, cell: tuple[int, int], scale: Floats
) -> FoundFace:
    """A face from what the network says of one cell: sizes, offsets and points are y before x."""
    down, across = np.exp(np.minimum(size, 10.0)) * _CELL
    y, x = (np.array(cell) + offset + 0.5) * _CELL
    corner = np.array([x - across / 2, y - down / 2])
    points = corner + marks.reshape(5, 2)[:, ::-1] * np.array([across, down])
    box = np.concatenate([corner, corner + np.array([across, down])])
    return FoundFace(box * np.tile(scale, 2), points * scale, float(min(score, 1.0)))


def _distinct(found: Sequence[FoundFace]) -> list[FoundFace]:
    """The best of every place."""
    kept: list[FoundFace] = []
    boxes = np.empty((0, 4))
    for face in sorted(found, key=lambda f: -f.score):
        if not (iou(boxes, face.box) >= _SAME).any():
            kept.append(face)
            boxes = np.concatenate([boxes, face.box[None]])
    return kept


def _area(box: Floats) -> float:
    return float(np.prod(box[2:] - box[:2]))


def eye_pixels(rgb: Pixels, face: FoundFace, which: int) -> Pixels:
    """An eye and its surroundings, level, as the network wants it: (64, 64, 3).

    Args:
        rgb: (height, width, 3).
        face: found in them.
        which: 0 the left eye in the picture, 1 the right one, which is mirrored to look like a left one.
    """
    import cv2

    across = face.points[1] - face.points[0]
    side = _EYE_WIDTHS * max(face.eye_distance, _LEAST_EYE_SHARE * float(face.box[3] - face.box[1]))
    angle = np.arctan2(across[1], across[0])
    cos, sin = np.cos(angle) * side / _EYE_SIDE_PX, np.sin(angle) * side / _EYE_SIDE_PX
    x, y = face.points[which]
    middle = _EYE_SIDE_PX / 2
    turn = np.array([[cos, -sin, x - middle * (cos - sin)], [sin, cos, y - middle * (sin + cos)]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (_EYE_SIDE_PX, _EYE_SIDE_PX)
    level = cv2.warpAffine(rgb, turn, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(level[:, ::-1] if which == 1 else level, dtype=np.uint8)
