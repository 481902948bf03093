"""A row of the table of speed.

Holds `Row`.
Add here: nothing but what every row has.
Keep out: measuring.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison; `ratio` and `target` are in the same sense, higher is better.

    Attributes:
        stage: what is measured, and against what.
        unit: of limit, peer, naive and project.
        limit: what the machine allows.
        peer: the best program of others.
        naive: the plain way.
        project: ours.
        ratio: ours in relation to what the stage names; None if that was not to be had.
        target: of the ratio.
        n: number of inputs.
        note: what was used.
    """

    stage: str
    unit: str
    limit: float | None
    peer: float | None
    naive: float | None
    project: float
    ratio: float | None
    target: float
    n: int
    note: str = ""


def over(one: float, other: float | None) -> float | None:
    """The ratio, or None without the other."""
    return one / other if other else None
