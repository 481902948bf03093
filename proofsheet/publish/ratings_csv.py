"""The CSV of ratings: old rows stay as they are, new ones are appended, and the file is whole at any time.

Holds `csv_name`, `rated_paths` and `append_ratings`.
Add here: another column, at the end of `COLUMNS`.
Keep out: rating.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proofsheet.errors import UsageError
from proofsheet.files import write_atomic
from proofsheet.publish.exports import safe_cell

COLUMNS = (
    *("path", "overall", "criteria", "keywords", "rated_at", "model", "model_digest", "backend", "seconds"),
    *("prompt_tokens", "reply_tokens", "prompt_version", "system_prompt", "user_prompt"),
)


def csv_name(model: str) -> str:
    """Name of the file for a model; marks that no file name should hold become underscores."""
    return f"ai_rating_results_{re.sub(r'[^A-Za-z0-9._-]+', '_', model).strip('._') or 'model'}.csv"


def rated_paths(path: Path) -> set[str]:
    """Pictures that stand in the file.

    Raises:
        UsageError: if the file is none of ours.
    """
    return {row[0].removeprefix("'") for row in _rows(path)[1:]} if path.exists() else set()


def _rows(path: Path) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is no table: {error}.", "Move it away; it was not touched.") from error
    if not rows or tuple(rows[0]) != COLUMNS or any(len(r) != len(COLUMNS) for r in rows):
        raise UsageError(f"{path} has other columns than the ratings.", "Move it away; it was not touched.")
    return rows


def append_ratings(path: Path, ratings: Sequence[Mapping[str, Any]]) -> int:
    """Append rows; what stood there stays byte for byte, and pictures that stand there are left out.

    Returns:
        How many were added.

    Raises:
        UsageError: if the file is none of ours.
    """
    known = rated_paths(path)
    new = [r for r in ratings if r["path"] not in known]
    if not new:
        return 0
    before = path.read_bytes() if path.exists() else b""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    if not before:
        writer.writerow(COLUMNS)
    for rating in new:
        writer.writerow([safe_cell("" if rating.get(c) is None else rating[c]) for c in COLUMNS])
    gap = b"" if not before or before.endswith(b"\n") else b"\r\n"
    write_atomic(path, before + gap + buffer.getvalue().encode("utf-8"))
    return len(new)
