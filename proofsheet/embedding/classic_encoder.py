"""The embedded encoder: 512 numbers from classic descriptors, no weights to download.

Holds `embed`.
Add here: another part of the vector (the lengths must add up to 512).
Keep out: models with weights.

The vector joins six descriptors, each brought to length 1 and weighted: a DCT of the small grey picture, a
pyramid of oriented gradients (Dalal and Triggs, 2005), an HSV histogram, uniform local binary patterns (Ojala
et al., 2002), the Lab layout and the radial power spectrum. It serves grouping and search, is deterministic,
and is never compared with another encoder's vectors.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from proofsheet.imaging.decode import Picture
from proofsheet.storage.code_version import module_version
from schemas.vectors import VECTOR_LENGTH, LayoutVector

Floats = npt.NDArray[np.float32]
NAME = "embedded"
SIDE_PX = 128
_BINS, _CELLS = 9, 4
_RINGS = 47
_WEIGHTS = {"dct": 1.0, "hog": 1.0, "hsv": 0.8, "lbp": 0.4, "lab": 1.2, "spectrum": 0.2}


def encoder_id() -> str:
    """Name and code version, for every row."""
    return f"{NAME}-{module_version(__name__)}"


def embed(picture: Picture) -> Mapping[str, object]:
    """The columns of `LayoutVector` but the ids; those of `Embedding` have the same names."""
    import cv2

    rgb = np.asarray(
        cv2.resize(picture.rgb, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )
    return {LayoutVector.encoder_id: encoder_id(), LayoutVector.vector: vector(rgb).tolist()}


def vector(rgb: npt.NDArray[np.uint8]) -> Floats:
    """A (512,) float32 vector of length 1.

    Args:
        rgb: (128, 128, 3) in 0..255.
    """
    import cv2

    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    parts = {
        "dct": _dct(grey),
        "hog": _hog(grey),
        "hsv": _hsv(rgb),
        "lbp": _lbp(grey),
        "lab": _lab(rgb),
        "spectrum": _spectrum(grey),
    }
    joined = np.concatenate([_unit(part) * np.sqrt(_WEIGHTS[name]) for name, part in parts.items()])
    if joined.size != VECTOR_LENGTH:
        raise ValueError(f"the descriptors have {joined.size} numbers, not {VECTOR_LENGTH}")
    return _unit(joined).astype(np.float32)


def _unit(values: npt.NDArray[np.floating]) -> Floats:
    length = float(np.linalg.norm(values))
    if length < 1e-12:  # a flat picture has no gradient, say: an even vector stands for "nothing there"
        return np.full(values.size, 1.0 / np.sqrt(values.size), dtype=np.float32)
    return (values / length).astype(np.float32)


def _dct(grey: npt.NDArray[np.uint8]) -> Floats:
    """64 low frequencies without the mean."""
    import cv2

    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    low = cv2.dct(small)[:9, :9].ravel()[1:65]
    return np.asarray(np.sign(low) * np.sqrt(np.abs(low)), dtype=np.float32)


def _hog(grey: npt.NDArray[np.uint8]) -> Floats:
    """189 numbers: nine orientations in 1, 4 and 16 cells."""
    import cv2

    values = grey.astype(np.float32) / 255.0
    dx, dy = cv2.Sobel(values, cv2.CV_32F, 1, 0), cv2.Sobel(values, cv2.CV_32F, 0, 1)
    strength = np.hypot(dx, dy)
    bins = np.minimum((np.mod(np.arctan2(dy, dx), np.pi) / np.pi * _BINS).astype(int), _BINS - 1)
    finest = np.bincount((_cell_numbers() * _BINS + bins).ravel(), strength.ravel(), _CELLS**2 * _BINS)
    found = []
    for cells in (1, 2, _CELLS):
        step = _CELLS // cells
        by_cell = finest.reshape(cells, step, cells, step, _BINS).sum(axis=(1, 3)).reshape(-1, _BINS)
        found += [_unit(part) / cells for part in by_cell]
    return np.concatenate(found)


@functools.cache
def _cell_numbers() -> npt.NDArray[np.int64]:
    """(128, 128) which of the finest cells a pixel is in, row by row."""
    along = np.arange(SIDE_PX) // (SIDE_PX // _CELLS)
    return np.asarray(along[:, None] * _CELLS + along[None, :])


def _hsv(rgb: npt.NDArray[np.uint8]) -> Floats:
    """Square roots of a 16 x 2 x 2 histogram: 64 numbers."""
    import cv2

    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, [16, 2, 2], [0, 180, 0, 256, 0, 256])
    return np.asarray(np.sqrt(counts.ravel() / hsv[:, :, 0].size), dtype=np.float32)


def _lbp(grey: npt.NDArray[np.uint8]) -> Floats:
    """Ten uniform patterns in each of four quarters: 40 numbers."""
    inner = grey[1:-1, 1:-1]
    around = [grey[1 + dy : SIDE_PX - 1 + dy, 1 + dx : SIDE_PX - 1 + dx] >= inner for dy, dx in _RING]
    ring = np.stack(around).astype(np.int8)
    changes = (ring != np.roll(ring, 1, axis=0)).sum(axis=0)
    codes = np.where(changes <= 2, ring.sum(axis=0), 9)
    half = codes.shape[0] // 2
    quarters = (codes[:half, :half], codes[:half, half:], codes[half:, :half], codes[half:, half:])
    shares = np.concatenate([np.bincount(q.ravel(), minlength=10) / q.size for q in quarters])
    return np.asarray(np.sqrt(shares), dtype=np.float32)


_RING = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def _lab(rgb: npt.NDArray[np.uint8]) -> Floats:
    """Mean Lab of 6 x 6 cells, centred: 108 numbers."""
    import cv2

    small = cv2.resize(rgb, (6, 6), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), dtype=np.float32)
    return (lab - np.array([50, 0, 0], dtype=np.float32)).ravel()


def _spectrum(grey: npt.NDArray[np.uint8]) -> Floats:
    """Log power in 47 rings, without its mean."""
    power = np.abs(np.fft.fft2(grey.astype(np.float32) / 255.0)) ** 2
    rings, counts = _rings()
    logs = np.log10(np.bincount(rings, power.ravel(), _RINGS) / counts + 1e-6)
    return np.asarray(logs - logs.mean(), dtype=np.float32)


@functools.cache
def _rings() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Ring of every coefficient, (128 * 128,), and sizes of the rings."""
    yy, xx = np.fft.ifftshift(np.indices((SIDE_PX, SIDE_PX)) - SIDE_PX // 2, axes=(1, 2))
    rings = np.minimum(np.hypot(yy, xx) / (SIDE_PX // 2) * _RINGS, _RINGS - 1).astype(int).ravel()
    return rings, np.bincount(rings, minlength=_RINGS)
