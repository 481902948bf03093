"""The CSV of ratings: one column for each criterion.

Old rows keep their values, new ones are appended, and the file is complete at any time.

Holds `csv_name`, `columns`, `rated_among` and `append_ratings`.
Add here: another column, at the end of `LAST`.
Keep out: rating.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from proofsheet.core.errors import UsageError
from proofsheet.core.files import write_atomic
from proofsheet.publish.csv_export import safe_cell
from schemas.words import Rating

PATH = "path"
FIRST = (PATH, "overall")
LAST = (
    *("keywords", "rated_at", "model", "model_digest", "backend", "seconds"),
    *("prompt_tokens", "reply_tokens", "prompt_version", "system_prompt", "user_prompt"),
)
_RENAMED = frozenset(f"criterion {name}" for name in (*FIRST, *LAST))
_ONE = (
    PATH,
    "rated_at",
    "model_digest",
    "prompt_version",
    "user_prompt",
)  # two rows that agree in these are one rating
Row = dict[str, str]


def csv_name(model: str) -> str:
    """Name of the file for a model; marks that no file name should hold become underscores."""
    return f"ai_rating_results_{re.sub(r'[^A-Za-z0-9._-]+', '_', model).strip('._') or 'model'}.csv"


def columns(criteria: Sequence[str]) -> list[str]:
    """Columns of a file with ratings by these criteria.

    Raises:
        UsageError: if two criteria would share a column, or one is named like the column of another.
    """
    named = {c: _column(c) for c in criteria}
    for one, column in named.items():
        if one in _RENAMED or list(named.values()).count(column) > 1:
            raise UsageError(
                f"The criterion {one!r} would share the column {column!r} with another one.",
                "Give it another name.",
            )
    return [*FIRST, *named.values(), *LAST]


def _column(criterion: str) -> str:
    """A criterion's column; one that is named like another column says so."""
    return safe_cell(f"criterion {criterion}" if criterion in (*FIRST, *LAST) else criterion)


def rated_among(path: Path, paths: Collection[str]) -> set[str]:
    """The ratings of some pictures in the file.

    The file has a mark before names that a spreadsheet would read as a formula.

    Raises:
        UsageError: if the file was not written by Proofsheet.
    """
    there = {row[PATH] for row in _read(path)[1]}
    return {one for one in paths if safe_cell(one) in there}


def _read(path: Path) -> tuple[list[str], list[Row]]:
    """Columns and rows; nothing where there is no file."""
    if not path.exists():
        return [], []
    try:
        head, *rows = list(csv.reader(io.StringIO(path.read_text("utf-8"), newline=""))) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is not a table: {error}.", "Move it away; it was not touched.") from error
    ours = (
        tuple(head[: len(FIRST)]) == FIRST
        and tuple(head[-len(LAST) :]) == LAST
        and len(set(head)) == len(head)
    )
    if not ours or any(len(r) != len(head) for r in rows):
        raise UsageError(f"{path} has other columns than the ratings.", "Move it away; it was not touched.")
    return head, [dict(zip(head, row, strict=True)) for row in rows]


def append_ratings(path: Path, ratings: Sequence[Mapping[str, Any]]) -> int:
    """Append rows.

    Old rows stay, byte for byte if the criteria are the same, and no rating is there twice.

    Args:
        path: of the file.
        ratings: column to value, with `criteria`: criterion to score.

    Returns:
        How many were added.

    Raises:
        UsageError: if the file was not written by Proofsheet, or two criteria would share a column.
    """
    head, before = _read(path)
    known = {tuple(row[c] for c in _ONE) for row in before}
    new = [row for row in map(_row, ratings) if tuple(row[c] for c in _ONE) not in known]
    if not new:
        return 0
    earlier = head[len(FIRST) : -len(LAST)]
    more = dict.fromkeys(c for row in new for c in row if c not in (*FIRST, *LAST, *earlier))
    wanted = [*FIRST, *earlier, *more, *LAST]
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, wanted, restval="")
    if wanted != head:
        writer.writeheader()
        writer.writerows(before)
    writer.writerows(new)
    kept = path.read_bytes() if wanted == head else b""
    gap = b"" if not kept or kept.endswith(b"\n") else b"\r\n"
    write_atomic(path, kept + gap + buffer.getvalue().encode("utf-8"))
    return len(new)


def _row(rating: Mapping[str, Any]) -> Row:
    columns(list(rating[Rating.criteria]))
    plain = {c: safe_cell("" if rating.get(c) is None else rating[c]) for c in (*FIRST, *LAST)}
    return plain | {_column(c): f"{score:g}" for c, score in rating[Rating.criteria].items()}
