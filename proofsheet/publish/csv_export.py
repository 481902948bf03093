"""Accepted rows as files in the home.

Holds the CSV export.
Add here: another file format for accepted rows.
Keep out: anything written into the library.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl

from proofsheet.core.files import write_atomic
from proofsheet.selection.choices import decided_against
from proofsheet.storage.table_gate import violations
from schemas.library import Photo
from schemas.proof import PASSED, MetadataQuality
from schemas.publish import Export

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def export_rows(
    project: str, proofs: pl.DataFrame, photos: pl.DataFrame, choices: pl.DataFrame, export_file: str
) -> pl.DataFrame:
    """The rows of `exports`: the current accepted attempts, of pictures that were not rejected.

    Args:
        project: partition key.
        proofs: rows of `metadata_quality`.
        photos: rows of `photos`.
        choices: rows of `choices`.
        export_file: path of the CSV inside the home.
    """
    proof = MetadataQuality
    wanted = ~pl.col(proof.photo_id).is_in(list(decided_against(choices)))
    accepted = proofs.filter(pl.col(proof.is_current) & pl.col(proof.status).is_in(list(PASSED)) & wanted)
    known = accepted.join(photos, on=[Photo.project, Photo.photo_id], how="inner").sort(Photo.path)
    rows = [
        {
            Export.project: project,
            Export.photo_id: row[Photo.photo_id],
            Export.path: row[Photo.path],
            Export.content_hash: row[Photo.content_hash],
            Export.title: row[proof.accepted_title],
            Export.caption: row[proof.accepted_caption],
            Export.alt_text: row[proof.accepted_alt_text],
            Export.keywords: row[proof.accepted_keywords],
            Export.written_by: (
                f"{row[proof.model]}; {row[proof.prompt_version]}; rules {row[proof.rules_version]}"
            ),
            Export.export_file: export_file,
        }
        for row in known.iter_rows(named=True)
    ]
    return Export.frame(rows)


def write_csv(rows: pl.DataFrame, path: Path) -> bool:
    """Write the rows as UTF-8 CSV, whole or not at all; a file that already reads so is left as it is.

    Args:
        rows: of `exports`, of one project; rows that their table refuses are not written.
        path: of the CSV.

    Returns:
        True if the file was written.
    """
    if not csv_differs(rows, path):
        return False
    write_atomic(path, _content(rows))
    return True


def csv_differs(rows: pl.DataFrame, path: Path) -> bool:
    """Whether the file is another than that of these rows; rows that their table refuses have none."""
    if path.exists() and path.read_bytes() == _content(rows):
        return False
    return not (rows.height and violations(Export, rows, str(rows[Export.project][0])))


def _content(rows: pl.DataFrame) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    names = [n for n in rows.columns if n not in {Export.project, Export.export_file}]
    writer.writerow(names)
    for row in rows.sort(Export.path).select(names).iter_rows():
        writer.writerow([safe_cell(value) for value in row])
    return buffer.getvalue().encode("utf-8")


def safe_cell(value: object) -> str:
    """Text that no spreadsheet reads as a formula.

    A leading quote is put before =, +, -, @, tab and line ends.
    """
    text = "; ".join(str(v) for v in value) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
