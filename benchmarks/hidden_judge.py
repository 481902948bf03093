"""A hidden judge: whose picture wins and where it is cut, by measurements that the project does not ship.

Holds `Taste`, `damage`, `importance`, `choose` and `cut`.
Add here: nothing once a model was trained on its choices; its hash is committed in hidden_judge.sha256.
Keep out: features of ours. The judge compares each picture with the scene it came from, which no ranker ever sees.

Damage is measured against the scene: structural similarity (Wang et al., 2004) at three scales, the deviation of the gradient
magnitude similarity (Xue et al., 2014) in the worst blocks, and the distance of colours in OKLab (Ottosson, 2020). Where something
of interest lies is measured by the smaller eigenvalue of the structure tensor (Shi and Tomasi, 1994) times the distance from the
scene's median colour in OKLab.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
_SIDE = 256
_BOX_STEPS = 9
DAMAGES = ("structure", "worst place", "colour", "light")


@dataclass(frozen=True)
class Taste:
    """What one person minds, and how freely she cuts.

    Attributes:
        minds: weight of each of `DAMAGES`.
        warmth: liking of warm pictures, in units of utility per 0.01 of OKLab b.
        noise: standard deviation of what cannot be explained.
        stage: utility of one stage more; set so that the wanted share of anomalies comes out.
        tight: how much a smaller box is liked, as exponent of its area.
        cut_share: share of pictures that are cut.
        aside: share of the free room by which boxes are moved to the right.
    """

    minds: tuple[float, float, float, float]
    warmth: float
    noise: float
    stage: float
    tight: float
    cut_share: float
    aside: float


def oklab(rgb: Pixels) -> Floats:
    """OKLab of sRGB pixels: (height, width, 3)."""
    values = rgb.astype(np.float64) / 255.0
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    lms = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    root = np.cbrt(lms)
    return root @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )


def _small(rgb: Pixels) -> Pixels:
    import cv2

    scale = _SIDE / max(rgb.shape[:2])
    size = (max(16, round(rgb.shape[1] * scale)), max(16, round(rgb.shape[0] * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def damage(scene: Pixels, shown: Pixels) -> tuple[Floats, float]:
    """How far a picture is from its scene, one number for each of `DAMAGES`, and its warmth (mean OKLab b)."""
    import cv2

    one = oklab(_small(scene))
    size = (one.shape[1], one.shape[0])
    two = oklab(np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    a, b = one[..., 0], two[..., 0]
    levels = []
    for _scale in range(3):
        levels.append(1.0 - _similarity(a, b))
        a, b = (cv2.resize(v, (max(8, v.shape[1] // 2), max(8, v.shape[0] // 2)), interpolation=cv2.INTER_AREA) for v in (a, b))
    colour = np.hypot(one[..., 1] - two[..., 1], one[..., 2] - two[..., 2]).mean()
    light = abs(one[..., 0].mean() - two[..., 0].mean())
    worst = _worst_gradients(one[..., 0], two[..., 0])
    return np.array([np.mean(levels), worst, colour * 12.0, light * 5.0]), float(two[..., 2].mean())


def _similarity(a: Floats, b: Floats) -> float:
    import cv2

    def mean(v: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(v, (0, 0), 1.5), dtype=np.float64)

    c1, c2 = 1e-4, 9e-4
    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    return float((((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean())


def _worst_gradients(a: Floats, b: Floats) -> float:
    import cv2

    def strength(v: Floats) -> Floats:
        return np.asarray(np.hypot(cv2.Scharr(v, cv2.CV_64F, 1, 0), cv2.Scharr(v, cv2.CV_64F, 0, 1)) / 16.0)

    ga, gb = strength(a), strength(b)
    alike = (2 * ga * gb + 2e-4) / (ga**2 + gb**2 + 2e-4)
    blocks = cv2.resize(alike, (12, 12), interpolation=cv2.INTER_AREA)
    return float(1.0 - np.sort(blocks.ravel())[:20].mean())


def utility(taste: Taste, found: Floats, warmth: float, stage_rank: int, rng: np.random.Generator) -> float:
    """What the person feels for one picture."""
    return float(taste.stage * stage_rank - np.dot(taste.minds, found) + taste.warmth * warmth * 100.0 + rng.gumbel(0, taste.noise))


def choose(utilities: Sequence[float]) -> int:
    """The winner."""
    return int(np.argmax(utilities))


def importance(scene: Pixels) -> Floats:
    """Where something of interest lies: (height, width) of the small scene, sum 1."""
    import cv2

    lab = oklab(_small(scene))
    corners = np.sqrt(np.maximum(cv2.cornerMinEigenVal(lab[..., 0].astype(np.float32), 7), 0.0))
    median = np.median(lab.reshape(-1, 3), axis=0)
    strange = np.sqrt(((lab - median) ** 2).sum(axis=2))
    blurred = cv2.GaussianBlur((corners / (corners.mean() + 1e-9) + 0.3) * strange, (0, 0), 9.0)
    mass = np.asarray(blurred, dtype=np.float64) ** 1.5
    return np.asarray(mass / mass.sum())


def cut(scene: Pixels, taste: Taste, rng: np.random.Generator) -> tuple[float, tuple[float, float, float, float]]:
    """How much is won by cutting, and the box (left, top, right, bottom in 0..1) with the aspect of the picture.

    The share of interest inside over the area to the power of `tight`; the hand is off by about one per cent.
    """
    import cv2

    mass = importance(scene)
    total = cv2.integral(mass)
    height, width = mass.shape
    best, found = 0.0, (0.0, 0.0, 1.0, 1.0)
    for scale in np.linspace(0.5, 0.92, _BOX_STEPS):
        w, h = round(width * scale), round(height * scale)
        xs, ys = (np.unique(np.linspace(0, room, 15).round().astype(int)) for room in (width - w, height - h))
        inside = total[ys + h][:, xs + w] - total[ys][:, xs + w] - total[ys + h][:, xs] + total[ys][:, xs]
        row, col = np.unravel_index(int(inside.argmax()), inside.shape)
        gain = float(inside[row, col]) / float(scale**2) ** taste.tight
        if gain > best:
            left, top = xs[col] / width, ys[row] / height
            best, found = gain, (left, top, left + w / width, top + h / height)
    left, top, right, bottom = found
    move = min(taste.aside * (1.0 - (right - left)), 1.0 - right)
    shift = np.clip(rng.normal(0, 0.012, 2) + np.array([move, 0.0]), [-left, -top], [1.0 - right, 1.0 - bottom])
    return best, (left + float(shift[0]), top + float(shift[1]), right + float(shift[0]), bottom + float(shift[1]))
