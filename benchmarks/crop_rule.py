"""A crop without any history: by what draws the eye and by the rule of thirds.

Holds `CropRule` and `CANDIDATES`.
Add here: another term of the rule, with its line in docs/crops.md.
Keep out: the product, which proposes no crop by this rule while docs/crops.md finds it no better than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from proofsheet.models.anchor_boxes import anchors_of, channels_of
from proofsheet.models.boxes import FULL
from schemas.vision import GRID

VERSION = "technical crop 1"
INTERESTS = {"contrast": 1, "edges": 2, "spectral residual": 3, "colour": 4, "edges in strange colours": 5}
# (176, 4), the full frame first; all have the aspect of the picture
CANDIDATES = np.concatenate([np.array([FULL]), anchors_of()])
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
_EVEN = 1e-6
_THIRDS = ((1 / 3, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1 / 3), (2 / 3, 2 / 3), (1 / 2, 1 / 2))


@dataclass(frozen=True)
class CropRule:
    """The rule at one operating point.

    Attributes:
        interest: which of `INTERESTS` says where the subject is.
        tight: how much a smaller box is liked, as exponent of its area.
        thirds: cost of the subject's distance from a point of thirds or the middle, in shares of the box.
        least_gain: a crop is proposed if its value exceeds that of the full frame by more.
    """

    interest: str
    tight: float
    thirds: float
    least_gain: float

    def propose(self, grids: Floats) -> Doubles:
        """(n, 4) the box of each picture; the full frame where no crop is proposed.

        Args:
            grids: (n, 720) rows of `saliency_grids`.
        """
        boxes, gains = self.best(grids)
        return np.asarray(np.where((gains > self.least_gain)[:, None], boxes, np.array(FULL)))

    def best(self, grids: Floats) -> tuple[Doubles, Doubles]:
        """(n, 4) the best box of each picture and (n,) its gain over the full frame."""
        mass = channels_of(grids)[:, INTERESTS[self.interest]].astype(np.float64)
        mass += (
            _EVEN  # where nothing draws the eye, every place is worth the same, and nothing is won by a crop
        )
        mass /= mass.sum(axis=1, keepdims=True)
        inside = mass @ _COVERED.T
        area = (CANDIDATES[:, 2] - CANDIDATES[:, 0]) * (CANDIDATES[:, 3] - CANDIDATES[:, 1])
        value = np.log(inside) - self.tight * np.log(area) - self.thirds * _off_thirds(mass)
        return CANDIDATES[value.argmax(axis=1)], value.max(axis=1) - value[:, 0]


def _off_thirds(mass: Doubles) -> Doubles:
    """Distance of the subject from the nearest point of thirds or the middle, in shares of the box.

    Args:
        mass: (n, 144) what draws the eye, by cell.

    Returns:
        (n, candidates).
    """
    middle = (np.arange(GRID) + 0.5) / GRID
    cells = mass.reshape(-1, GRID, GRID) ** 2  # the strongest cells are the subject
    cells /= np.maximum(cells.sum(axis=(1, 2), keepdims=True), 1e-12)
    x, y = (cells.sum(axis=1) @ middle)[:, None], (cells.sum(axis=2) @ middle)[:, None]
    across = (x - CANDIDATES[:, 0]) / (CANDIDATES[:, 2] - CANDIDATES[:, 0])
    down = (y - CANDIDATES[:, 1]) / (CANDIDATES[:, 3] - CANDIDATES[:, 1])
    return np.asarray(np.min([np.hypot(across - a, down - b) for a, b in _THIRDS], axis=0))


def _covered(boxes: Sequence[Sequence[float]] | Doubles) -> Doubles:
    """Share of every cell that each box covers: (n, 144)."""
    edges = np.arange(GRID + 1) / GRID

    def along(low: float, high: float) -> Doubles:
        return np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0, None) * GRID

    return np.stack([np.outer(along(t, b), along(x, y)).ravel() for x, t, y, b in boxes])


_COVERED = _covered(CANDIDATES)
