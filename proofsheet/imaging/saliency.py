"""What draws the eye, cell by cell: dense features of an opened picture.

Holds `saliency_grid`.
Add here: another channel (schemas/vision.py names them).
Keep out: what is proposed from it (models/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.imaging.decode import Picture
from proofsheet.imaging.scaling import Pixels, fit
from proofsheet.storage.code_version import module_version
from schemas.vision import GRID, SaliencyGrid

Floats = npt.NDArray[np.float32]
_SIDE_PX = 192
_SPECTRUM_PX = 64
_STEPS = 2**14  # of each channel: the last bits of a float differ from process to process
_ROUNDING = 0.01  # distance in Lab that no eye sees


def saliency_grid(picture: Picture) -> Mapping[str, object]:
    """The columns of `SaliencyGrid` but the ids."""
    return {
        SaliencyGrid.grid: grid(fit(picture.rgb, _SIDE_PX)).ravel().tolist(),
        SaliencyGrid.measured_by: module_version(__name__),
    }


def grid(rgb: Pixels) -> Floats:
    """Five channels of 12 x 12 cells in 0..1: (5, 12, 12).

    Mean lightness, its standard deviation, mean gradient, the spectral residual (Hou and Zhang, 2007) and the
    distance of the blurred Lab colour from the mean colour (Achanta et al., 2009); the last three are brought
    to a largest cell of 1. Values are multiples of 1/16384, so that every run has the same ones.

    Args:
        rgb: (height, width, 3), any size.
    """
    import cv2

    lab = np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)
    light = lab[:, :, 0] / 100.0
    mean, square = _cells(light), _cells(light * light)
    deviation = np.asarray(np.sqrt(np.maximum(square - mean * mean, 0.0)) * 2.0, dtype=np.float32)
    edges = np.asarray(
        cv2.magnitude(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)), np.float32
    )
    strange = _distance(cv2.GaussianBlur(lab, (0, 0), 2.0), cv2.mean(lab))
    channels: list[Floats] = [mean, deviation]
    drawing: tuple[Floats, ...] = (edges, _residual(light), strange)
    channels += [_scaled(_cells(c)) for c in drawing]
    return np.asarray(np.rint(np.clip(np.stack(channels), 0.0, 1.0) * _STEPS) / _STEPS, dtype=np.float32)


def _distance(lab: npt.NDArray[Any], colour: Sequence[float]) -> Floats:
    """How far every pixel is from a colour: (height, width); plane by plane, which is fast."""
    import cv2

    apart = [plane - np.float32(c) for plane, c in zip(cv2.split(lab), colour, strict=False)]
    found = np.asarray(cv2.sqrt(apart[0] ** 2 + apart[1] ** 2 + apart[2] ** 2), dtype=np.float32)
    return np.where(found > _ROUNDING, found, np.float32(0.0))


def _cells(values: Floats) -> Floats:
    import cv2

    height, width = values.shape
    if height < GRID or width < GRID:
        values = np.asarray(cv2.resize(values, (max(width, GRID), max(height, GRID))), dtype=np.float32)
    return np.asarray(cv2.resize(values, (GRID, GRID), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _scaled(cells: Floats) -> Floats:
    largest = float(cells.max())
    return cells / largest if largest > 1e-6 else np.zeros_like(cells)


def _residual(light: Floats) -> Floats:
    """Where the log spectrum departs from its own mean; a flat picture has nothing there."""
    import cv2

    small = np.asarray(
        cv2.resize(light, (_SPECTRUM_PX, _SPECTRUM_PX), interpolation=cv2.INTER_AREA), dtype=np.float32
    )
    spectrum = np.fft.fft2(small)
    logs = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
    rest = logs - np.asarray(cv2.blur(logs, (3, 3)), dtype=np.float32)
    map_ = np.abs(np.fft.ifft2(np.exp(rest + 1j * np.angle(spectrum)))) ** 2
    return np.asarray(cv2.GaussianBlur(map_.astype(np.float32), (0, 0), 2.5), dtype=np.float32)
