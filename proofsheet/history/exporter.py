"""History out: the same formats that come in.

Holds `export_history`.
Add here: another format.
Keep out: reading (formats.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.core.files import csv_bytes, write_atomic
from proofsheet.storage.workspace import Project
from schemas.history import CROP_FILE, PLAIN_COLUMNS, SELECTION_COLUMNS, SELECTION_FILE, ImportedVector
from schemas.library import Photo
from schemas.selections import CropExample, Selection, VectorSelection
from schemas.training import Anomaly, ProjectStatistic

ANOMALIES, SUMMARY = "anomaly_cases.csv", "anomaly_summary.json"
_ANOMALY_COLUMNS = (
    *(
        "session_id",
        "set_id",
        "project",
        "chosen_stage",
        "max_rejected_stage",
        "chosen_path",
        "rejected_paths",
        "timestamp",
    ),
)
Row = dict[str, Any]


def export_history(projects: Sequence[Project], folder: Path) -> dict[str, int]:
    """Write selections, crops, anomalies and a summary.

    Paths are those inside the library, crops are in 0..1.

    Returns:
        File name to number of rows.

    Raises:
        UsageError: if one of the files is there already.
    """
    there = [name for name in (SELECTION_FILE, CROP_FILE, ANOMALIES, SUMMARY) if (folder / name).exists()]
    if there:
        raise UsageError(
            f"{folder} holds {', '.join(there)} already.", "Choose an empty folder; nothing is overwritten."
        )
    selections = list[Row]()
    crops = list[Row]()
    anomalies = list[Row]()
    summary = {}
    for project in projects:
        paths = {
            i: f"{project.name}/{p}"
            for i, p in project.store.read(Photo).select(Photo.photo_id, Photo.path).iter_rows()
        }
        selections += [_selection(r, paths) for r in project.store.read(Selection).to_dicts()]
        selections += _of_vectors(project)
        boxed = project.store.read(CropExample).filter(pl.col(CropExample.x1).is_not_null())
        crops += [_crop(r, paths, project) for r in boxed.to_dicts()]
        anomalies += [_anomaly(r, project) for r in project.store.read(Anomaly).to_dicts()]
        for row in project.store.read(ProjectStatistic).to_dicts():
            summary[project.name] = {k: v for k, v in row.items() if k != ProjectStatistic.project}
    write_atomic(folder / SELECTION_FILE, csv_bytes(SELECTION_COLUMNS, selections))
    write_atomic(folder / CROP_FILE, csv_bytes(PLAIN_COLUMNS, crops))
    write_atomic(folder / ANOMALIES, csv_bytes(_ANOMALY_COLUMNS, anomalies))
    write_atomic(
        folder / SUMMARY, json.dumps({"projects": summary}, indent=2, ensure_ascii=False).encode("utf-8")
    )
    return {
        SELECTION_FILE: len(selections),
        CROP_FILE: len(crops),
        ANOMALIES: len(anomalies),
        SUMMARY: len(summary),
    }


def _time(value: Any) -> str:  # noqa: ANN401
    return value.isoformat() if value else ""


def _selection(row: Row, paths: Mapping[str, str]) -> Row:
    told = row[Selection.session_id], row[Selection.set_id], row[Selection.decided_at]
    return _choice(row[Selection.chosen_photo_id], row[Selection.photo_ids], paths, *told)


def _of_vectors(project: Project) -> list[Row]:
    """Choices in sets with missing pictures, by the file names of their vectors.

    Each set is there once, whatever its encoders.
    """
    names = project.ledger.rows(ImportedVector).select(ImportedVector.vector_id, ImportedVector.file_name)
    paths = {own: f"{project.name}/{name}" for own, name in names.iter_rows()}
    found: dict[tuple[str, ...], Row] = {}
    for row in project.store.read(VectorSelection).to_dicts():
        told = row[VectorSelection.session_id], row[VectorSelection.set_id], row[VectorSelection.decided_at]
        if not all(own in paths for own in row[VectorSelection.vector_ids]):
            continue  # the ledger is of another time than the table: the next run makes it again
        members = tuple(sorted(paths[own] for own in row[VectorSelection.vector_ids]))
        found[members] = _choice(
            row[VectorSelection.chosen_vector_id], row[VectorSelection.vector_ids], paths, *told
        )
    return list(found.values())


def _choice(
    chosen: str, members: Sequence[str], paths: Mapping[str, str], session: str, name: str, when: object
) -> Row:
    losers = [paths[i] for i in members if i != chosen]
    columns = (session, name, paths[chosen], json.dumps(losers, ensure_ascii=False), _time(when))
    return dict(zip(SELECTION_COLUMNS, columns, strict=True))


def _crop(row: Row, paths: dict[str, str], project: Project) -> Row:
    sides = (CropExample.x1, CropExample.y1, CropExample.x2, CropExample.y2)
    return {
        "session_id": row[CropExample.source],
        "directory": project.name,
        "chosen_path": paths[row[CropExample.photo_id]],
        **{f"crop_{s}": f"{row[s]:.6f}" for s in sides},
        "timestamp": _time(row[CropExample.decided_at]),
    }


def _anomaly(row: Row, project: Project) -> Row:
    return {
        "session_id": row[Anomaly.session_id],
        "set_id": row[Anomaly.set_id],
        "project": project.name,
        "chosen_stage": f"{row[Anomaly.chosen_stage]:g}",
        "max_rejected_stage": f"{row[Anomaly.max_rejected_stage]:g}",
        "chosen_path": f"{project.name}/{row[Anomaly.chosen_path]}",
        "rejected_paths": json.dumps(
            [f"{project.name}/{p}" for p in row[Anomaly.rejected_paths]], ensure_ascii=False
        ),
        "timestamp": _time(row[Anomaly.decided_at]),
    }
