"""Merging stars, a label or a flag of the review app into a sidecar.

Holds `SaidValue`, `said_value` and `EMPTY`.
Add here: another case in which two programs of one person differ.
Keep out: values of models and texts (sidecar_merge.py).

Three values decide: what is there, the value of other programs when people set theirs, and what was written
last. What another program changed since then stays, and is a conflict. A mark names what was written last;
unlike the mark of a model's value, it does not hide the value from the next reading: it is one of people.
Where everything was undone, the value of before comes back in place of what was written here, and of nothing
else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

EMPTY = frozenset({"", "0"})
_PREFIX = "said_"


@dataclass(frozen=True)
class SaidValue:
    """What becomes of a value.

    Attributes:
        write: whether it is written.
        conflict: why not, in words; empty if there is none.
        marks: all marks of the sidecar afterwards.
    """

    write: bool
    conflict: str
    marks: list[str]


def said_value(
    there: str, wanted: str, base: str | None, mark_of_value: Collection[str], marks: list[str]
) -> SaidValue:
    """Decide about one value; all values are texts, and empty or 0 means none.

    Args:
        there: what the sidecar says, else the picture.
        wanted: what people set; with everything undone, the value of before.
        base: the value of other programs when they did; None if everything was undone.
        mark_of_value: marks of the value that is there, and of the wanted one, in this order.
        marks: of the sidecar.
    """
    of_there, of_wanted = mark_of_value
    column = of_wanted.partition(":")[0]
    last = [m for m in marks if m.startswith(f"{_PREFIX}{column}:")]
    others = [m for m in marks if m not in last and not m.startswith(f"{column}:")]
    written = f"{_PREFIX}{of_there}" in last
    if base is None:
        return SaidValue(written and not _same(there, wanted), "", others if written else marks)
    if _same(there, wanted):
        return SaidValue(False, "", marks)
    ours = written or of_there in marks
    if _same(there, "") and last == [f"{_PREFIX}{of_wanted}"]:
        return SaidValue(False, f"{column}: people removed it", marks)
    if not ours and not _same(there, base):
        return SaidValue(False, f"{column}: people wrote another one", marks)
    return SaidValue(True, "", [*others, f"{_PREFIX}{of_wanted}"])


def _same(one: str, two: str) -> bool:
    return _plain(one) == _plain(two)


def _plain(value: str) -> str | float:
    """A number as such: programs write 3 and 3.0."""
    if value in EMPTY:
        return ""
    try:
        return float(value)
    except ValueError:
        return value
