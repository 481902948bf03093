"""Measurements of fine detail and its faults, which exposure alone does not change.

Holds `technical_measures`, the functions it is made of, and `detail_of`.
Add here: another measurement and its column in `ImageQuality`.
Keep out: tones and layout (tone_measures.py), comparison of pictures (selection/technical_comparison.py).

Fine detail is measured in the middle of each of 8 x 8 tiles of the largest decoded size: two pictures of one
scene are compared in the same places, and a picture of 12 megapixels costs only a few milliseconds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proofsheet.imaging.decode import Picture
from proofsheet.imaging.scaling import Pixels
from schemas.vision import SCALES, TILES, ImageQuality

Floats = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.uint8]
_WINDOW_PX = 48
_BLOCK_PX = 8
_DARK, _BRIGHT = 3, 250
_STRUCTURE = 16.0  # variance of a tile in squared grey levels under which its ratio says little
_ROUNDING = 0.3  # variance of a Laplacian that comes from rounding to whole grey levels
_IMPULSE, _EDGE = 24, 32  # grey levels
_REACH, _LEAST_EDGES = 6, 50


def technical_measures(picture: Picture) -> dict[str, object]:
    """Columns of `ImageQuality` that describe fine detail."""
    windows = tile_windows(picture.large)
    luma, red, blue = _planes(windows)
    fine = _laplacian(luma)
    curve, tiles, contrasts = _detail(luma, fine)
    return {
        ImageQuality.detail_side_px: max(picture.large.shape[:2]),
        ImageQuality.detail_scales: curve,
        ImageQuality.detail_tiles: tiles.tolist(),
        ImageQuality.contrast_tiles: contrasts.tolist(),
        ImageQuality.grain: grain(luma, fine),
        ImageQuality.smooth: smooth(luma, fine),
        ImageQuality.tails: tails(fine),
        ImageQuality.halo: halo(luma),
        ImageQuality.fringes: fringes(red[::2], blue[::2], fine[::2]),
        ImageQuality.impulses: impulses(luma),
    }


def _planes(windows: Pixels) -> tuple[Bytes, Bytes, Bytes]:
    """Luma and both differences of colour of each window."""
    import cv2

    count, height, width, _channels = windows.shape
    column = cv2.cvtColor(windows.reshape(count * height, width, 3), cv2.COLOR_RGB2YCrCb)
    luma, red, blue = (np.asarray(c, dtype=np.uint8).reshape(count, height, width) for c in cv2.split(column))
    return luma, red, blue


def tile_windows(pixels: Pixels) -> Pixels:
    """The middle of each of 8 x 8 tiles: (64, h, w, 3) with h and w at most 48 and at least 1, row by row.

    Args:
        pixels: (height, width, 3).
    """
    height, width = pixels.shape[:2]
    down, across = (
        max(1, min(_WINDOW_PX, side // TILES) // _BLOCK_PX * _BLOCK_PX) for side in (height, width)
    )
    tops, lefts = (
        np.clip(((np.arange(TILES) + 0.5) * side / TILES - size / 2).astype(int), 0, side - size)
        for side, size in ((height, down), (width, across))
    )
    return np.stack([pixels[t : t + down, s : s + across] for t in tops for s in lefts])


def _laplacian(grey: Bytes) -> npt.NDArray[np.int16]:
    """Laplacian inside each window: (64, h - 2, w - 2)."""
    values = grey.astype(np.int16)
    middle = values[:, 1:-1, 1:-1]
    return np.asarray(
        values[:, :-2, 1:-1] + values[:, 2:, 1:-1] + values[:, 1:-1, :-2] + values[:, 1:-1, 2:] - 4 * middle
    )


def _detail(grey: Bytes, laplacian: npt.NDArray[np.int16]) -> tuple[list[float], Floats, Floats]:
    """Detail of the whole at each scale, detail of each tile, and standard deviation of grey in each tile."""
    curve: list[float] = []
    tiles = contrasts = np.zeros(len(grey), np.float32)
    now = grey
    for scale in range(SCALES):
        if min(now.shape[1:]) < 4:
            curve.append(curve[-1] if curve else 0.0)
            continue
        laplacian, inner = laplacian if scale == 0 else _laplacian(now), now[:, 1:-1, 1:-1]
        valid = ((inner >= _DARK) & (inner <= _BRIGHT)).astype(np.float32)
        n = np.maximum(valid.sum(axis=(1, 2), dtype=np.float64), 1.0)
        of_laplacian, of_grey = _variance(laplacian * valid, n), _variance(inner * valid, n)
        curve.append(float(_ratio(of_laplacian @ n / n.sum(), of_grey @ n / n.sum())))
        if scale == 0:
            tiles = _ratio(of_laplacian, of_grey).astype(np.float32)
            contrasts = np.sqrt(of_grey).astype(np.float32)
        now = _halved(now)
    return curve, tiles, contrasts


def _ratio(of_laplacian: Floats, of_grey: Floats) -> Floats:
    return np.asarray(np.log10((of_laplacian + _ROUNDING) / (of_grey + _STRUCTURE)))


def _halved(grey: Bytes) -> Bytes:
    """Every window at half its size, a last odd line left out."""
    even = grey[:, : grey.shape[1] // 2 * 2, : grey.shape[2] // 2 * 2].astype(np.uint16)
    four = even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]
    return np.asarray((four + 2) >> 2, dtype=np.uint8)


def _variance(values: npt.NDArray[np.float32], n: npt.NDArray[np.float64]) -> Floats:
    """Variance in each window, of n values that are valid; the others are 0."""
    shown = values.reshape(len(values), -1)
    return np.asarray(np.maximum(_squares(shown) / n - (shown.sum(axis=1) / n) ** 2, 0.0))


def _squares(rows: npt.NDArray[np.float32]) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def _blocks(values: npt.NDArray[np.float32]) -> Floats:
    """Means of blocks of 8 x 8 pixels of all windows: (blocks,)."""
    import cv2

    count, height, width = values.shape
    down, across = max(height // _BLOCK_PX, 1), max(width // _BLOCK_PX, 1)
    part = values[:, : min(down * _BLOCK_PX, height), : min(across * _BLOCK_PX, width)]
    column = np.ascontiguousarray(part).reshape(count * part.shape[1], part.shape[2])
    return np.asarray(cv2.resize(column, (across, count * down), interpolation=cv2.INTER_AREA).ravel())


def grain(luma: Bytes, laplacian: npt.NDArray[np.int16]) -> float:
    """Standard deviation of the noise in the evenest tenth of the unclipped small blocks, in grey levels."""
    if not laplacian.size:
        return 0.0
    fine = laplacian.astype(np.float32)
    squares, level = _blocks(fine * fine), _blocks(luma[:, 1:-1, 1:-1].astype(np.float32))
    kept = squares[(level > 2 * _DARK) & (level < _BRIGHT - _DARK)]
    return float(np.sqrt(np.percentile(kept, 10) / 20.0)) if kept.size else 0.0


def smooth(grey: Bytes, laplacian: npt.NDArray[np.int16]) -> float:
    """Share of pixels without any fine change, of those that are not clipped."""
    inner = grey[:, 1:-1, 1:-1]
    valid = (inner >= _DARK) & (inner <= _BRIGHT)
    return float((valid & (np.abs(laplacian) <= 1)).sum() / max(int(valid.sum()), 1))


def tails(laplacian: npt.NDArray[np.int16]) -> float:
    """Log10 of the 99th percentile of fine change over its 60th: high for smeared detail, low for noise."""
    if not laplacian.size:
        return 0.0
    shares = np.cumsum(np.bincount(np.abs(laplacian).ravel(), minlength=2)) / laplacian.size
    low, high = np.searchsorted(shares, (0.6, 0.99))
    return float(np.log10((high + 1.0) / (low + 1.0)))


def detail_of(grey: Bytes) -> float:
    """Fine detail of a part of a picture, on the scale of `ImageQuality.detail_scales`.

    Args:
        grey: (height, width), at least 3 x 3.
    """
    fine, inner = _laplacian(grey[None]), grey[None, 1:-1, 1:-1]
    valid = ((inner >= _DARK) & (inner <= _BRIGHT)).astype(np.float32)
    n = np.maximum(valid.sum(axis=(1, 2), dtype=np.float64), 1.0)
    return float(_ratio(_variance(fine * valid, n), _variance(inner * valid, n))[0])


def halo(luma: Bytes) -> float:
    """How far strong edges swing beyond the tones beside them, in shares of their height; 0 without any."""
    some = luma[::2].astype(np.int16)
    both = np.concatenate([_swing(some), _swing(np.ascontiguousarray(some.transpose(0, 2, 1)))])
    return float(np.median(both)) if both.size >= _LEAST_EDGES else 0.0


def _swing(values: npt.NDArray[np.int16]) -> Floats:
    """The same of each edge that runs across the rows."""
    if values.shape[2] < 2 * _REACH + 3:
        return np.empty(0)
    step = values[:, :, 2:] - values[:, :, :-2]
    size = np.abs(step)
    peak = (
        (size[:, :, 1:-1] >= _EDGE)
        & (size[:, :, 1:-1] >= size[:, :, :-2])
        & (size[:, :, 1:-1] > size[:, :, 2:])
    )
    inside = peak[:, :, _REACH - 2 : -(_REACH - 2)]
    row, place = np.divmod(np.flatnonzero(inside), inside.shape[2])
    place += _REACH
    way = np.sign(step.reshape(-1, step.shape[2])[row, place - 1]).astype(np.intp)
    levels = values.ravel()[row * values.shape[2] + place + np.arange(-_REACH, _REACH + 1)[:, None] * way]
    high, low = levels[_REACH + 1 : _REACH + 4].max(axis=0), levels[_REACH - 3 : _REACH].min(axis=0)
    beside_high, beside_low = levels[-3:].mean(axis=0), levels[:3].mean(axis=0)
    return np.asarray(
        np.clip(((high - beside_high) + (beside_low - low)) / np.maximum(high - low, 1), -1.0, 1.0)
    )


def fringes(red: Bytes, blue: Bytes, fine: npt.NDArray[np.int16]) -> float:
    """Log10 of fine change of colour over fine change of grey."""
    if not fine.size:
        return 0.0
    parts = [_laplacian(red), _laplacian(blue), fine]
    energy = [float(_squares(p.astype(np.float32).reshape(len(p), -1)).sum()) / p.size for p in parts]
    return float(np.log10((energy[0] + energy[1] + 0.5) / (energy[2] + 5.0)))


def impulses(luma: Bytes) -> float:
    """Share of pixels that stand alone: far from the median of their neighbours."""
    import cv2

    count, height, width = luma.shape
    flat = luma.reshape(count * height, width)
    return float((cv2.absdiff(flat, cv2.medianBlur(flat, 3)) > _IMPULSE).mean())
