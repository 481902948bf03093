"""A figure over the days, as numbers for an SVG.

Holds `day_plot`.
Add here: another form of a plot over time.
Keep out: drawing (templates/day_plot.html) and computing figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 420, 170, 52, 12, 12, 28  # pixels


@dataclass(frozen=True)
class Day:
    """The figure of a day; only shares have an interval."""

    day: str
    value: float
    low: float | None
    high: float | None
    n: int
    label: str


def day_plot(name: str, unit: str, days: Sequence[Day]) -> dict[str, object]:
    """Places of the points in pixels, top down, evenly spaced by day; the axis holds 0.

    Args:
        name: of the figure.
        unit: share (0..1) or another.
        days: in order, at least one.
    """
    values = [v for d in days for v in (d.value, d.low, d.high) if v is not None]
    least, most = min(0.0, *values), 1.0 if unit == "share" else max(0.0, *values)
    span = (most - least) or 1.0

    def down(value: float) -> float:
        return round(TOP + (most - value) / span * (HEIGHT - TOP - BOTTOM), 1)

    step = (WIDTH - LEFT - RIGHT) / max(len(days) - 1, 1)
    across = [
        round(LEFT + k * step if len(days) > 1 else (LEFT + WIDTH - RIGHT) / 2, 1) for k in range(len(days))
    ]
    points = [
        {
            "x": x,
            "y": down(d.value),
            "low": None if d.low is None else down(d.low),
            "high": None if d.high is None else down(d.high),
        }
        | {"told": f"{d.day}: {d.label}, n = {d.n}"}
        for x, d in zip(across, days, strict=True)
    ]
    return {
        "name": name,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "bottom": HEIGHT - BOTTOM,
        "points": points,
        "line": " ".join(f"{p['x']},{p['y']}" for p in points),
        "ticks": [
            {"y": down(v), "told": f"{100 * v:.0f} %" if unit == "share" else f"{v:.1f} {unit}"}
            for v in {least, 0.0, most}
        ],
        "first": days[0].day,
        "last": days[-1].day if len(days) > 1 else "",
    }
