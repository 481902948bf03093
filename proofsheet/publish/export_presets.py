"""Accepted texts in the forms that other tools take: stock agencies, WordPress, Parquet, JSONL for datasets.

Holds `PRESETS` and `write_preset`.
Add here: another form, a function from rows to bytes and its line in `PRESETS`.
Keep out: which texts are accepted (csv_export.py).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.core.files import write_atomic
from proofsheet.publish.csv_export import safe_cell
from schemas.publish import Export

Row = dict[str, Any]


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerows([header, *([safe_cell(v) for v in row] for row in rows)])
    return stream.getvalue().encode("utf-8")


def _stock(rows: Sequence[Row]) -> bytes:
    """Filename, Title, Description, Keywords: what agencies read; keywords by commas."""
    header = ("Filename", "Title", "Description", "Keywords")
    told = [(_name(r), r[Export.title], r[Export.caption], ", ".join(r[Export.keywords])) for r in rows]
    return _csv(header, told)


def _wordpress(rows: Sequence[Row]) -> bytes:
    """Columns of the media library.

    These are file, post_title, post_excerpt (caption), post_content, alt text, and tags by |.
    """
    header = ("file", "post_title", "post_excerpt", "post_content", "_wp_attachment_image_alt", "tags")
    told = [
        (
            r[Export.path],
            r[Export.title],
            r[Export.caption],
            r[Export.caption],
            r[Export.alt_text],
            "|".join(r[Export.keywords]),
        )
        for r in rows
    ]
    return _csv(header, told)


def _huggingface(rows: Sequence[Row]) -> bytes:
    """`metadata.jsonl` of an image folder: file_name and the texts beside it."""
    told = [
        {
            "file_name": r[Export.path],
            "text": r[Export.caption],
            "title": r[Export.title],
            "alt_text": r[Export.alt_text],
            "keywords": r[Export.keywords],
            "written_by": r[Export.written_by],
        }
        for r in rows
    ]
    return _lines(told)


def _fiftyone(rows: Sequence[Row]) -> bytes:
    """Samples as JSON lines: filepath, tags, and the texts as fields."""
    told = [
        {
            "filepath": r[Export.path],
            "tags": r[Export.keywords],
            "caption": r[Export.caption],
            "title": r[Export.title],
        }
        for r in rows
    ]
    return _lines(told)


def _parquet(rows: Sequence[Row]) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(rows, schema=Export.polars_schema()).write_parquet(buffer)
    return buffer.getvalue()


def _lines(told: Sequence[Row]) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in told).encode("utf-8")


def _name(row: Row) -> str:
    return str(row[Export.path]).rpartition("/")[2]


PRESETS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    "stock": _stock,
    "wordpress": _wordpress,
    "huggingface": _huggingface,
    "fiftyone": _fiftyone,
    "parquet": _parquet,
}


def write_preset(name: str, rows: pl.DataFrame, path: Path) -> int:
    """Write accepted rows in a form; gives their number.

    Raises:
        UsageError: if the file is there already, or a form needs names that are not unique.
    """
    if path.exists():
        raise UsageError(f"{path} is there already.", "Choose another name; nothing is overwritten.")
    found = rows.to_dicts()
    names = [_name(r) for r in found]
    if name == "stock" and len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise UsageError(
            f"Two pictures are named {twice}, and this format has only names.",
            "Rename one, or choose another format.",
        )
    write_atomic(path, PRESETS[name](found))
    return len(found)
