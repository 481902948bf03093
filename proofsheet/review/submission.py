"""After submit: history files and `approved_decisions.jsonl`, as a projection of the submitted decisions.

Holds `submitted`, `write_submitted` and `approved_lines`.
Add here: another file that grows by a batch.
Keep out: giving verdicts (session.py) and moving files (publish/).

The files are made from the facts each time, batch by batch, so that they are the same whoever writes them and
a run that was killed between verdict and file loses nothing. A verdict that was taken back after its batch is
superseded by a row of the next one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proofsheet.core.files import csv_bytes, write_atomic
from proofsheet.selection.timeline import Timeline, decides, handed_over
from proofsheet.storage.workspace import Project
from schemas.history import CROP_FILE, OWN_SESSION, PLAIN_COLUMNS, SELECTION_COLUMNS, SELECTION_FILE
from schemas.library import Photo
from schemas.review import ReviewBatch, ReviewDecision, ReviewStep

Row = dict[str, Any]
APPROVED = "approved_decisions.jsonl"


def history_folder(project: Project) -> Path:
    """The folder of history files of a project's reviews."""
    return project.home / "history" / project.key


def approved_file(project: Project) -> Path:
    """The verdicts for other tools, and for apply."""
    return project.home / "exports" / project.key / APPROVED


def submitted(project: Project) -> Timeline:
    """The current decisions at the time of the last submit."""
    return handed_over(project.ledger)


def approved_lines(project: Project) -> Iterator[str]:
    """One JSON object for each decided set of the submitted batches.

    Its keys are group_id, action, final_choice, crop_coords, timestamp.
    """
    paths = _paths(project)
    for row in submitted(project).standing():
        if decides(row):
            told = {
                "group_id": row[ReviewDecision.group_id],
                "action": row[ReviewDecision.action],
                "final_choice": paths.get(str(row[ReviewDecision.chosen_photo_id])),
                "crop_coords": row[ReviewDecision.crop],
                "timestamp": row[ReviewDecision.decided_at].isoformat(),
                "verdict_id": row[ReviewDecision.verdict_id],
            }
            yield json.dumps(told, ensure_ascii=False)


def write_submitted(project: Project) -> dict[str, int]:
    """Write the three files; those that read so already are left. Gives file name to number of rows."""
    selections, crops = list[Row](), list[Row]()
    for chosen, cut in _history(project):
        selections += [chosen] if chosen else []
        crops += [cut] if cut else []
    approved = list(approved_lines(project))
    folder = history_folder(project)
    _write(folder / SELECTION_FILE, csv_bytes(SELECTION_COLUMNS, selections))
    _write(folder / CROP_FILE, csv_bytes(PLAIN_COLUMNS, crops))
    _write(approved_file(project), "".join(f"{line}\n" for line in approved).encode("utf-8"))
    return {SELECTION_FILE: len(selections), CROP_FILE: len(crops), APPROVED: len(approved)}


def _history(project: Project) -> Iterator[tuple[Row | None, Row | None]]:
    """A row of selections and one of crops for every decision that a batch added or undid."""
    batches = project.ledger.rows_after(
        ReviewBatch, ReviewBatch.number, 0
    )  # first: their output is there then
    decisions = project.ledger.rows_after(ReviewDecision, ReviewDecision.number, 0)
    steps = project.ledger.rows_after(ReviewStep, ReviewStep.number, 0)
    paths, filed = _paths(project), dict[str, Row]()
    for batch in batches:
        line = Timeline()
        line.take(decisions, steps, up_to=batch[ReviewBatch.up_to])
        now = {
            str(r[ReviewDecision.group_id]): r for r in line.standing() if r[ReviewDecision.chosen_photo_id]
        }
        for group, row in now.items():
            if filed.get(group) is not row:
                yield _selection(project, row, paths), _crop(project, row, paths)
        for group in [g for g in filed if g not in now]:
            yield _selection(project, filed[group], paths, batch[ReviewBatch.submitted_at].isoformat()), None
        filed = now


def _selection(project: Project, row: Row, paths: dict[str, str], taken_back: str = "") -> Row | None:
    """A row in the format of the import.

    A row without losers supersedes the former row of its set and is not used for training. A single picture
    has no row.
    """
    if len(row[ReviewDecision.photo_ids]) < 2:
        return None
    chosen = paths.get(str(row[ReviewDecision.chosen_photo_id]))
    losers = (
        []
        if taken_back
        else [
            paths[i]
            for i in row[ReviewDecision.photo_ids]
            if i != row[ReviewDecision.chosen_photo_id] and i in paths
        ]
    )
    if chosen is None or (not taken_back and not losers) or row[ReviewDecision.bulk]:
        return None
    return {
        "session_id": f"{OWN_SESSION}{row[ReviewDecision.verdict_id]}",
        "set_id": row[ReviewDecision.group_id],
        "chosen_path": f"{project.name}/{chosen}",
        "neg_paths": json.dumps([f"{project.name}/{p}" for p in losers], ensure_ascii=False),
        "timestamp": taken_back or row[ReviewDecision.decided_at].isoformat(),
    }


def _crop(project: Project, row: Row, paths: dict[str, str]) -> Row | None:
    chosen = paths.get(str(row[ReviewDecision.chosen_photo_id]))
    if chosen is None or row[ReviewDecision.crop] is None or row[ReviewDecision.bulk]:
        return None
    return {
        "session_id": f"{OWN_SESSION}{row[ReviewDecision.verdict_id]}",
        "directory": project.name,
        "chosen_path": f"{project.name}/{chosen}",
        **{
            f"crop_{s}": f"{v:.6f}"
            for s, v in zip(("x1", "y1", "x2", "y2"), row[ReviewDecision.crop], strict=True)
        },
        "timestamp": row[ReviewDecision.decided_at].isoformat(),
    }


def _paths(project: Project) -> dict[str, str]:
    """Photo to its path before Proofsheet moved it, so that a row reads the same before and after apply."""
    rows = project.store.read(Photo).select(Photo.photo_id, Photo.folder, Photo.file_name).iter_rows()
    return {photo: f"{folder}/{name}" if folder else name for photo, folder, name in rows}


def _write(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_atomic(path, content)
