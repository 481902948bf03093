"""Values in the cells of history files.

Holds `time_of`, `box_of`, `losers_of`, `whole_number` and `base_name`.
Add here: another form of a time, a box or a list of paths.
Keep out: the formats of files and their columns (formats.py).
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from proofsheet.core.row_errors import RowRefused

Cells = Mapping[str, str]
_EPOCH = re.compile(r"^\d{9,10}(\.\d+)?$")


_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")


_TIMES = ("%Y%m%d_%H%M%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")


def base_name(path: str) -> str:
    """The last part of a path of any system."""
    return re.split(r"[\\/]", path)[-1]


def losers_of(chosen: str, cell: str, column: str) -> tuple[str, ...]:
    """The list in a cell, as JSON or as a Python literal; never evaluated."""
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(cell)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            raise RowRefused(
                "no list", f"{column} is not a list: {cell[:80]!r}", "write it as a JSON list of paths"
            ) from None
    if not isinstance(found, list | tuple) or not all(isinstance(p, str) and p.strip() for p in found):
        raise RowRefused(
            "no list", f"{column} is not a list of paths: {cell[:80]!r}", "write it as a JSON list of paths"
        )
    if not found:
        raise RowRefused(
            "set of one",
            f"{column} is empty: nothing lost against {base_name(chosen)}",
            "nothing; it teaches nothing",
        )
    if chosen in found:
        raise RowRefused(
            "contradiction", f"{base_name(chosen)} is chosen and among {column}", "correct the row"
        )
    return tuple(dict.fromkeys(found))


def box_of(cells: Cells) -> tuple[float, float, float, float] | None:
    """The four numbers as written; None if all four cells are empty."""
    texts = [cells[f"crop_{side}"] for side in ("x1", "y1", "x2", "y2")]
    if not any(texts):
        return None
    try:
        x1, y1, x2, y2 = (_number(t) for t in texts)
    except ValueError:
        raise RowRefused(
            "no number", f"the box {', '.join(texts)} holds something that is not a number", "correct the row"
        ) from None
    if not all(math.isfinite(v) and v >= 0 for v in (x1, y1, x2, y2)):
        raise RowRefused(
            "no box", f"the box {', '.join(texts)} holds a negative or endless number", "correct the row"
        )
    if x1 == x2 or y1 == y2:
        raise RowRefused("no box", f"the box {', '.join(texts)} is empty", "correct the row, or delete it")
    return (
        min(x1, x2),
        min(y1, y2),
        max(x1, x2),
        max(y1, y2),
    )  # dragged from right to left, it is the same rectangle


def whole_number(text: str, column: str) -> int | None:
    """A whole number of 0 or more; None for an empty cell.

    Raises:
        RowRefused: if it is not one.
    """
    if not text:
        return None
    try:
        value = _number(text)
    except ValueError:
        value = -1.0
    if value < 0 or not value.is_integer():
        raise RowRefused(
            "no number", f"{column} is not a whole number of 0 or more: {text!r}", "correct the row"
        )
    return int(value)


def _number(text: str) -> float:
    """A number in plain decimal notation; `float` alone would also take `1_0`, `nan` and `inf`."""
    if not _NUMBER.match(text):
        raise ValueError(text)
    return float(text)


def time_of(text: str) -> datetime | None:
    """A time as UTC without zone, or None.

    Known forms are ISO 8601, epoch seconds and `20250708_060416`.
    """
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError):
        pass
    for form in _TIMES:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    if _EPOCH.match(text):
        return datetime.fromtimestamp(float(text), UTC).replace(tzinfo=None)
    return None
