"""Rows of the ledger for an imported history file.

Holds `history_row`, `refusal_row` and `file_row`.
Add here: another column of an imported row.
Keep out: which rows are accepted (importer.py).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from proofsheet.core.files import short_hash
from proofsheet.core.foreign_paths import normalised
from proofsheet.core.row_errors import RowRefused
from proofsheet.history.cells import time_of
from proofsheet.history.formats import Logged
from proofsheet.history.report import FileReport
from proofsheet.storage.workspace import Project
from schemas.history import HistoryFile, HistoryRefusal, HistoryRow


def history_row(project: Project, logged: Logged, file: Path, now: datetime) -> dict[str, Any]:
    """A row of `history_rows`."""
    when = time_of(logged.timestamp)
    box = None if logged.box is None else dict(zip(("x1", "y1", "x2", "y2"), logged.box, strict=True))
    names = [normalised(p).rpartition("/")[2] for p in (logged.chosen, *sorted(logged.others))]
    sides = "" if box is None else " ".join(f"{v:.6f}" for v in box.values())
    moment = when.isoformat() if when else logged.timestamp
    mark = short_hash(logged.kind, *names, logged.session, logged.set_id, sides, moment, length=32)
    return {
        HistoryRow.project: project.key,
        HistoryRow.row_hash: mark,
        HistoryRow.number: 1,
        HistoryRow.kind: logged.kind,
        HistoryRow.file: file.name,
        HistoryRow.line: logged.line,
        HistoryRow.session_id: logged.session,
        HistoryRow.set_id: logged.set_id,
        HistoryRow.directory: logged.directory,
        HistoryRow.chosen_path: logged.chosen,
        HistoryRow.other_paths: list(logged.others),
        HistoryRow.box: box,
        HistoryRow.width_px: logged.size[0] if logged.size else None,
        HistoryRow.height_px: logged.size[1] if logged.size else None,
        HistoryRow.timestamp: logged.timestamp,
        HistoryRow.happened_at: when,
        HistoryRow.imported_at: now,
    }


def refusal_row(file: Path, line: int, refusal: RowRefused, now: datetime) -> dict[str, Any]:
    """A row of `history_refusals`."""
    return {
        HistoryRefusal.line: line,
        HistoryRefusal.file: file.name,
        HistoryRefusal.reason: refusal.reason,
        HistoryRefusal.detail: refusal.detail,
        HistoryRefusal.next_step: refusal.next_step,
        HistoryRefusal.imported_at: now,
    }


def file_row(file: Path, digest: str, report: FileReport, now: datetime) -> dict[str, Any]:
    """A row of `history_files`."""
    return {
        HistoryFile.file_hash: digest,
        HistoryFile.file: file.name,
        HistoryFile.format: report.format,
        HistoryFile.rows: report.rows,
        HistoryFile.accepted: report.accepted,
        HistoryFile.refused: sum(report.refused.values()),
        HistoryFile.imported_at: now,
    }
