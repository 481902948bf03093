"""Measurements of technical faults that exposure alone does not change.

Holds `technical_measures` and the functions it is made of.
Add here: another measurement and its column in `ImageQuality`.
Keep out: comparison with other pictures (selection/technical_comparison.py).

Fine detail is measured in the middle of each of 8 x 8 tiles of the largest picture that was decoded: two pictures of one scene are
looked at in the same places, and a picture of 12 megapixels costs no more than a few milliseconds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proofsheet.imaging.decode import Picture, Pixels, fit
from schemas.vision import SCALES, TILES, ImageQuality

Floats = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.uint8]
_WINDOW_PX = 48
_BLOCK_PX = 8
_DARK, _BRIGHT = 3, 250
_STRUCTURE = 16.0  # variance of a tile in squared grey levels under which its ratio says little
_ROUNDING = 0.3  # variance of a Laplacian that comes from rounding to whole grey levels
_SPOTS_PX = 384
_EDGES_PX = 512
_NEAR_AXIS_DEG, _ABOUT_AXIS_DEG = 1.0, 8.0
_IMPULSE, _EDGE, _STRONG = 24, 32, 60  # grey levels
_REACH, _LEAST_EDGES = 6, 50
_SPOT, _SPOT_LEVELS, _GROUND = 9, 12, 16  # px of 384, grey levels


def technical_measures(picture: Picture, grey: Bytes, small: Pixels, lab: Floats) -> dict[str, object]:
    """Columns of `ImageQuality` from `detail_side_px` on.

    Args:
        picture: as it was opened.
        grey: (height, width) of `picture.rgb`.
        small: (height, width, 3) of the same, at most 192 px.
        lab: (height, width, 3) CIE Lab of `small`.
    """
    windows = tile_windows(picture.large)
    luma, red, blue = _planes(windows)
    fine = _laplacian(luma)
    curve, tiles, contrasts = _detail(luma)
    return {
        ImageQuality.detail_side_px: max(picture.large.shape[:2]),
        ImageQuality.detail: curve,
        ImageQuality.detail_tiles: tiles.tolist(),
        ImageQuality.contrast_tiles: contrasts.tolist(),
        ImageQuality.light_tiles: light(grey).tolist(),
        ImageQuality.grain: grain(luma, fine),
        ImageQuality.smooth: smooth(luma, fine),
        ImageQuality.tails: tails(fine),
        ImageQuality.halo: halo(luma),
        ImageQuality.fringes: fringes(red[::2], blue[::2], fine[::2]),
        ImageQuality.impulses: impulses(luma),
        ImageQuality.comb: comb(picture.sample),
        ImageQuality.stripes: stripes(grey),
        ImageQuality.upright: upright(fit(grey, _EDGES_PX)),
        ImageQuality.spots: spots(fit(grey, _SPOTS_PX)),
        **_tones(small, lab.reshape(-1, 3)),
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


def _detail(grey: Bytes) -> tuple[list[float], Floats, Floats]:
    """Detail of the whole at each scale, detail of each tile, and standard deviation of grey in each tile."""
    curve = []
    tiles = contrasts = np.zeros(len(grey), np.float32)
    now = grey
    for scale in range(SCALES):
        if min(now.shape[1:]) < 4:
            curve.append(curve[-1] if curve else 0.0)
            continue
        laplacian, inner = _laplacian(now), now[:, 1:-1, 1:-1]
        valid = (inner >= _DARK) & (inner <= _BRIGHT)
        n = np.maximum(valid.sum(axis=(1, 2)), 1)
        of_laplacian, of_grey = _variance(laplacian, valid, n), _variance(inner, valid, n)
        curve.append(_ratio(float(of_laplacian @ n / n.sum()), float(of_grey @ n / n.sum())))
        if scale == 0:
            tiles = np.log10((of_laplacian + _ROUNDING) / (of_grey + _STRUCTURE)).astype(np.float32)
            contrasts = np.sqrt(of_grey).astype(np.float32)
        now = _halved(now)
    return curve, tiles, contrasts


def _halved(grey: Bytes) -> Bytes:
    """Every window at half its size, a last odd line left out."""
    even = grey[:, : grey.shape[1] // 2 * 2, : grey.shape[2] // 2 * 2].astype(np.uint16)
    four = even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]
    return np.asarray((four + 2) >> 2, dtype=np.uint8)


def _variance(
    values: npt.NDArray[np.integer], valid: npt.NDArray[np.bool_], n: npt.NDArray[np.int64]
) -> Floats:
    shown = (values * valid).astype(np.float32).reshape(len(values), -1)
    return np.asarray(np.maximum(_squares(shown) / n - (shown.sum(axis=1) / n) ** 2, 0.0))


def _squares(rows: npt.NDArray[np.float32]) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", rows, rows))


def _ratio(of_laplacian: float, of_grey: float) -> float:
    return float(np.log10((of_laplacian + _ROUNDING) / (of_grey + _STRUCTURE)))


def light(grey: Bytes) -> Floats:
    """Mean light of each tile in stops from white, row by row: (64,)."""
    import cv2

    means = cv2.resize(grey, (TILES, TILES), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    return np.asarray(np.log2(np.maximum(means**2.2, 1e-4)).ravel())


def _blocks(values: npt.NDArray[np.float32]) -> Floats:
    """Means of blocks of 8 x 8 pixels of all windows: (blocks,)."""
    import cv2

    count, height, width = values.shape
    down, across = max(height // _BLOCK_PX, 1), max(width // _BLOCK_PX, 1)
    part = values[:, : min(down * _BLOCK_PX, height), : min(across * _BLOCK_PX, width)]
    column = np.ascontiguousarray(part).reshape(count * part.shape[1], part.shape[2])
    return np.asarray(cv2.resize(column, (across, count * down), interpolation=cv2.INTER_AREA).ravel())


def grain(luma: Bytes, laplacian: npt.NDArray[np.int16]) -> float:
    """Standard deviation of the noise in the evenest tenth of small blocks, in grey levels; clipped blocks are left out."""
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
    """Log10 of the 99th percentile of fine change over its 60th: high where detail was smoothed away, low for noise."""
    if not laplacian.size:
        return 0.0
    shares = np.cumsum(np.bincount(np.abs(laplacian).ravel(), minlength=2)) / laplacian.size
    low, high = np.searchsorted(shares, (0.6, 0.99))
    return float(np.log10((high + 1.0) / (low + 1.0)))


def halo(luma: Bytes) -> float:
    """How far strong edges swing beyond the tones beside them, as a share of the edge's height; 0 where there are none."""
    some = luma[::2]
    both = np.concatenate([_swing(some), _swing(some.transpose(0, 2, 1))])
    return float(np.median(both)) if both.size >= _LEAST_EDGES else 0.0


def _swing(luma: Bytes) -> Floats:
    """The same of each edge that runs across the rows."""
    if luma.shape[2] < 2 * _REACH + 3:
        return np.empty(0)
    values = luma.astype(np.int16)
    step = values[:, :, 2:] - values[:, :, :-2]
    size = np.abs(step)
    peak = (
        (size[:, :, 1:-1] >= _EDGE)
        & (size[:, :, 1:-1] >= size[:, :, :-2])
        & (size[:, :, 1:-1] > size[:, :, 2:])
    )
    window, row, place = np.nonzero(peak[:, :, _REACH - 2 : -(_REACH - 2)])
    place += _REACH
    way = np.sign(step[window, row, place - 1])
    levels = np.stack([values[window, row, place + k * way] for k in range(-_REACH, _REACH + 1)])
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


def comb(sample: Bytes) -> float:
    """How ragged the histogram is: 0 smooth, 1 where every second level is empty."""
    import cv2

    levels = (
        cv2.calcHist([sample], [0], None, [256], [0, 256]).ravel()[_DARK : _BRIGHT + 1].astype(np.float64)
    )
    around = (levels[:-2] + levels[2:]) / 2
    return float(np.abs(levels[1:-1] - around).sum() / max(levels[1:-1].sum() + around.sum(), 1.0))


def stripes(grey: Bytes) -> float:
    """Log10 of the fine change that whole rows or columns share, over that of single pixels."""
    found = [0.0]
    for values in (grey, grey.T):
        if min(values.shape) < 3:
            continue
        lines = values.mean(axis=1, dtype=np.float32)
        own = np.diff(values[:, :: max(values.shape[1] // 48, 1)].astype(np.float32), n=2, axis=0)
        shared = float(np.square(np.diff(lines, n=2)).mean())
        found.append((shared + 1e-3) / (float(np.square(own).mean()) + 1.0))
    return float(np.log10(max(found) + 1e-6))


def upright(grey: Bytes) -> float:
    """Share of strong edges within a degree of the horizontal or vertical, of those within eight degrees."""
    import cv2

    across, down = (np.abs(cv2.Sobel(grey, cv2.CV_16S, *way)) for way in ((1, 0), (0, 1)))
    strong = np.maximum(across, down) > _STRONG
    pairs = np.stack([across[strong], down[strong]]).astype(np.float32)
    slope, weight = pairs.min(axis=0) / np.maximum(pairs.max(axis=0), 1.0), pairs.max(axis=0)
    about = weight[slope < np.tan(np.radians(_ABOUT_AXIS_DEG))].sum()
    near = weight[slope < np.tan(np.radians(_NEAR_AXIS_DEG))].sum()
    return float(near / about) if about > 0 else 0.0


def spots(grey: Bytes) -> float:
    """Share of pixels in small dark or bright spots on an even ground, such as dust on the sensor leaves."""
    import cv2

    near, around = np.ones((_SPOT, _SPOT), np.uint8), np.ones((2 * _SPOT + 1, 2 * _SPOT + 1), np.uint8)
    filled = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, near)
    levelled = cv2.morphologyEx(filled, cv2.MORPH_OPEN, near)
    even = cv2.subtract(cv2.dilate(levelled, around), cv2.erode(levelled, around)) < _GROUND
    return float((even & (cv2.absdiff(grey, levelled) > _SPOT_LEVELS)).mean())


def _tones(small: Pixels, lab: Floats) -> dict[str, object]:
    """Colour and light of a small picture and its CIE Lab: (pixels, 3)."""
    import cv2

    chroma = np.hypot(lab[:, 1], lab[:, 2])
    tenth = max(len(lab) // 10, 1)
    order = np.argpartition(lab[:, 0], (tenth - 1, len(lab) - tenth))
    red, green, blue = cv2.split(small)
    most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    dark = cv2.erode(least, np.ones((7, 7), np.uint8))
    low, high = np.percentile(lab[:, 0], (1, 99))
    return {
        ImageQuality.cast: float(np.hypot(*lab[:, 1:].mean(axis=0))),
        ImageQuality.cast_of_neutrals: float(np.percentile(chroma, 10)),
        ImageQuality.cast_of_lights: float(np.hypot(*lab[order[-tenth:], 1:].mean(axis=0))),
        ImageQuality.cast_of_shadows: float(np.hypot(*lab[order[:tenth], 1:].mean(axis=0))),
        ImageQuality.chroma: float(chroma.mean()),
        ImageQuality.burnt_colours: float(((most >= _BRIGHT) & (least < _BRIGHT)).mean()),
        ImageQuality.crushed_colours: float(((least <= _DARK) & (most > _DARK)).mean()),
        ImageQuality.haze: float(dark.mean() / 255.0),
        ImageQuality.black_point: float(max(low, 0.0)),
        ImageQuality.white_point: float(high),
    }
