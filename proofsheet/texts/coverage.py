"""How many of the pictures that a job is about have an answer, and why the others have none.

Holds `Coverage` and `coverage_of`.
Add here: another figure over the answers of a job.
Keep out: asking (inference.py), counts of a project (review/status.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.words import Answered

DONE = (
    "answered",
    "not_available",
)  # where no model that sees is there, the embedded describer has done what it can


@dataclass(frozen=True)
class Coverage:
    """Answers of a job.

    Attributes:
        wanted: pictures that need an answer.
        answered: those of them that have one.
        why: the most frequent reason for which the others have none; empty if all have one.
    """

    wanted: int
    answered: int
    why: str

    @property
    def nothing(self) -> bool:
        """Whether the job was to answer something and answered nothing."""
        return self.wanted > 0 and self.answered == 0

    def line(self, done: str = "described") -> str:
        """Such as `0 of 7 described: the model llava:7b does not see pictures`."""
        return f"{self.answered} of {self.wanted} {done}" + (f": {self.why}" if self.why else "")


def coverage_of(rows: pl.DataFrame) -> Coverage:
    """Count the answers of a job.

    Args:
        rows: of the job's table.
    """
    counts = dict(rows[Answered.status].value_counts().iter_rows())
    wanted, answered = (
        rows.height - counts.get("not_needed", 0),
        sum(counts.get(status, 0) for status in DONE),
    )
    if wanted == answered:
        return Coverage(wanted, answered, "")
    open_ = rows.filter(~pl.col(Answered.status).is_in([*DONE, "not_needed"]))
    reasons = open_[Answered.problem].drop_nulls().value_counts(sort=True)
    why = str(reasons[Answered.problem][0]) if reasons.height else ""
    return Coverage(wanted, answered, why)
