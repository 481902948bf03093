"""Candidate boxes and their content and surroundings, from the dense grid of a picture.

Holds `anchors_of`, `Pooling` and `FEATURES`.
Add here: another region of a box to pool over.
Keep out: scoring them (crop_proposer.py).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.vision import GRID, GRID_CHANNELS

Floats = npt.NDArray[np.float32]
_SCALES = (0.42, 0.5, 0.58, 0.66, 0.74, 0.82, 0.9)
_ACROSS = 5
_BAND = 0.08
RATIOS = (1.0, 4 / 5, 3 / 2, 16 / 9)
CHANNELS = len(GRID_CHANNELS) + 3
_REGIONS = ("inside", "outside", "middle", "rim")
FEATURES = CHANNELS * (len(_REGIONS) + 1) + 7


@functools.cache
def anchors_of(shape: float = 1.0) -> npt.NDArray[np.float64]:
    """Boxes of seven sizes at 5 x 5 places: (175, 4) left, top, right, bottom in 0..1.

    Args:
        shape: width over height of the boxes in units of the picture's own aspect; 1 keeps it.
    """
    found = []
    for scale in _SCALES:
        width, height = (scale * min(1.0, shape), scale * min(1.0, 1.0 / shape))
        for top in np.linspace(0.0, 1.0 - height, _ACROSS):
            for left in np.linspace(0.0, 1.0 - width, _ACROSS):
                found.append((left, top, left + width, top + height))
    return np.array(found)


@functools.cache
def _along(low: float, high: float) -> npt.NDArray[np.float64]:
    """Share of each of the 12 cells of one side between two places."""
    edges = np.arange(GRID + 1) / GRID
    return np.asarray(np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0, None) * GRID)


def _cover(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Share of every cell that each box covers: (n, 144)."""
    return np.stack([np.outer(_along(t, b), _along(x, y)).ravel() for x, t, y, b in boxes])


def _shrunk(boxes: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.float64]:
    middle = np.stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]], axis=1) / 2
    half = np.stack([boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]], axis=1) / 2 * share
    return np.asarray(np.clip(np.concatenate([middle - half, middle + half], axis=1), 0.0, 1.0))


@dataclass(frozen=True)
class Pooling:
    """Matrices that pool a grid over every anchor.

    Attributes:
        means: (4, 144, anchors) weights of the mean inside, outside, in the middle and along the rim.
        share: (144, anchors) share of each cell inside.
        geometry: (anchors, 6) width, height, middle, and its distance from the middle of the picture.
    """

    means: Floats
    share: Floats
    geometry: Floats

    @classmethod
    @functools.cache
    def of(cls, shape: float = 1.0) -> Pooling:
        """For the anchors of a shape."""
        boxes = anchors_of(shape)
        inside = _cover(boxes)
        middle, inner, outer = (
            _cover(_shrunk(boxes, 0.5)),
            _cover(_shrunk(boxes, 1 - 2 * _BAND)),
            _cover(_shrunk(boxes, 1 + 2 * _BAND)),
        )
        parts = [inside, 1.0 - inside, middle, np.clip(outer - inner, 0.0, None)]
        means = np.stack([(p / np.maximum(p.sum(axis=1, keepdims=True), 1e-6)).T for p in parts])
        x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
        sides = [boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1], x, y, np.abs(x - 0.5), np.abs(y - 0.5)]
        return cls(
            means.astype(np.float32), inside.T.astype(np.float32), np.stack(sides, axis=1).astype(np.float32)
        )


def channels_of(grids: Floats) -> Floats:
    """The channels of a grid and three products of them, which show interest: (n, 8, 144)."""
    own = grids.reshape(len(grids), len(GRID_CHANNELS), GRID * GRID)
    contrast, edges, residual, colour = (own[:, k] for k in range(1, 5))
    products = np.stack([edges * colour, np.sqrt(contrast) * colour**2, residual * colour], axis=1)
    return np.concatenate([own, products], axis=1).astype(np.float32)


def anchor_features(grids: Floats, aspects: Floats, pooling: Pooling) -> Floats:
    """Features of every anchor of every picture: (n, anchors, FEATURES).

    Args:
        grids: (n, 720) rows of `saliency_grids`.
        aspects: (n,) width over height of the pictures.
        pooling: of the anchors.
    """
    channels = channels_of(grids)
    found = [np.matmul(channels, m).transpose(0, 2, 1) for m in pooling.means]
    total = channels.sum(axis=2)
    found.append((np.matmul(channels, pooling.share) / np.maximum(total, 1e-6)[..., None]).transpose(0, 2, 1))
    count, anchors = len(grids), pooling.geometry.shape[0]
    geometry = np.broadcast_to(pooling.geometry, (count, *pooling.geometry.shape))
    shape = np.broadcast_to(np.log(aspects).astype(np.float32)[:, None, None], (count, anchors, 1))
    return np.concatenate([*found, geometry, shape], axis=2).astype(np.float32)
