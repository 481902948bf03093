"""History in: rows of files become facts of their projects, and every refusal is counted with its reason.

Holds `import_history`.
Add here: another reason to refuse a row of a known project.
Keep out: counting (report.py), formats (formats.py), projects (project_resolver.py), pictures (matching.py).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.core.row_errors import RowRefused
from proofsheet.history.file_name_lookup import FileNames
from proofsheet.history.formats import HistoryText, Logged, read_history
from proofsheet.history.import_rows import file_row, history_row, refusal_row
from proofsheet.history.matching import match_history
from proofsheet.history.project_resolver import ProjectRegistry
from proofsheet.history.report import FileReport
from proofsheet.library.identity_records import paths_of_photos
from proofsheet.selection.timeline import standing
from proofsheet.storage.health import readable
from proofsheet.storage.workspace import Project, Workspace
from schemas.history import OWN_SESSION, HistoryFile, HistoryRefusal, HistoryRow, ImportedVector
from schemas.library import Photo
from schemas.review import ReviewDecision
from schemas.selections import HistoryMatch
from schemas.settings.history import HistorySettings
from schemas.vision import ImageQuality

NOWHERE = ""


@dataclass(frozen=True)
class _Placed:
    project: Project
    logged: Logged
    row: dict[str, Any]


def import_history(
    files: Sequence[Path],
    workspace: Workspace,
    settings: HistorySettings,
    now: datetime,
    *,
    dry_run: bool,
    project: str | None = None,
) -> list[FileReport]:
    """Read files, refuse rows that cannot be right, and save the others in the ledgers of their projects.

    A known row does not change.

    Args:
        files: history files.
        workspace: the projects of the rows.
        settings: roots, aliases, patterns.
        now: time of the import (UTC, no zone).
        dry_run: reports the result and writes nothing.
        project: name or key of the project of rows that name none; None to find them by their file names.

    Raises:
        NotFound: if there is no such project.
        UsageError: if it is damaged, or a sandbox.
    """
    left = dict[str, str]()
    every = {p.name: p for p in workspace.projects() if not p.sandbox}
    projects = {p.name: p for p in readable(every.values(), left)}
    registry = ProjectRegistry(list(every), settings, FileNames(every.values()).holders)
    given = _given(workspace, project, left) if project else None
    known: dict[str, pl.DataFrame] = {}
    reports = []
    for file in files:
        report = FileReport(str(file))
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        placed, refusals = _read(content, file, _Places(every, left, registry, given), report, now)
        for one in {p.project.key: p.project for p in placed}.values():
            known.setdefault(one.key, one.ledger.rows(HistoryRow))
        added = _new_rows(placed, known)
        report.new = sum(len(rows) for rows in added.values())
        for key, rows in added.items():
            known[key] = pl.concat([known[key], HistoryRow.frame(rows)])
        _judge(placed, known, report)
        if not dry_run:
            _write(workspace, projects, added, refusals, digest)
            workspace.shared.ledger.put(HistoryFile, [file_row(file, digest, report, now)])
        reports.append(report)
    return reports


def _given(workspace: Workspace, wanted: str, left: Mapping[str, str]) -> str:
    """Name of the project that is asked for, if it can take rows."""
    project = workspace.project(wanted)
    if project.sandbox:
        raise UsageError(
            f"{project.name} is a sandbox; history belongs to the projects of the library.",
            "Name the project itself.",
        )
    if project.name in left:
        raise UsageError(
            f"{project.name} accepts no history: {left[project.name]}",
            "Then import again; nothing was imported.",
        )
    return project.name


@dataclass(frozen=True)
class _Places:
    """Where rows belong.

    Attributes:
        projects: by name, damaged ones too: their rows are of no other project.
        left: name of a damaged project to what is wrong with it.
        registry: how paths lead to them.
        given: project of rows that name none.
    """

    projects: Mapping[str, Project]
    left: Mapping[str, str]
    registry: ProjectRegistry
    given: str | None

    def of(self, logged: Logged) -> Project:
        """The project of a row; raises `RowRefused`."""
        named = self.registry.of_row(
            logged.chosen, logged.others, logged.directory, logged.project, self.given
        )
        return self.projects[named]

    def refuse_damaged(self, project: Project) -> None:
        """Raise `RowRefused` if nothing can be written into a project."""
        if project.name in self.left:
            raise RowRefused(
                "damaged project", f"{project.name}: {self.left[project.name]}", "then import the file again"
            )


def _read(
    content: bytes, file: Path, places: _Places, report: FileReport, now: datetime
) -> tuple[list[_Placed], list[tuple[str, dict[str, Any]]]]:
    """Rows with their project, and refusals with theirs."""
    refusals: list[tuple[str, dict[str, Any]]] = []

    def refuse(line: int, refusal: RowRefused, project: str) -> None:
        report.refuse(line, refusal, project)
        refusals.append((project, refusal_row(file, line, refusal, now)))

    try:
        text = read_history(content)
    except RowRefused as refusal:
        report.rows = 1
        refuse(0, refusal, NOWHERE)
        return [], refusals
    report.format, report.rows = text.format, len(text.rows) + len(text.refused)
    for line, found in text.refused:
        refuse(line, found, NOWHERE)
    return _place(text, file, places, refuse, now), refusals


def _place(
    text: HistoryText,
    file: Path,
    places: _Places,
    refuse: Callable[[int, RowRefused, str], None],
    now: datetime,
) -> list[_Placed]:
    placed: list[_Placed] = []
    seen: dict[tuple[str, str], int] = {}
    own = _OwnRows()
    for logged in text.rows:
        try:
            project = places.of(logged)
        except RowRefused as refusal:
            refuse(logged.line, refusal, NOWHERE)
            continue
        try:
            places.refuse_damaged(project)
            row = history_row(project, logged, file, now)
            own.refuse(project, logged.session)
            mark = (project.key, str(row[HistoryRow.row_hash]))
            if mark in seen:
                raise RowRefused(
                    "twice in the file",
                    f"the row repeats line {seen[mark]}",
                    "nothing; one of them counts",
                )
            seen[mark] = logged.line
            placed.append(_Placed(project, logged, row))
        except RowRefused as refusal:
            refuse(logged.line, refusal, project.name)
    return placed


class _OwnRows:
    """Rows that the review of the same project wrote: their verdicts are in its ledger, and count there."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}

    def refuse(self, project: Project, session: str) -> None:
        """Raise if the row is one of them."""
        if not session.startswith(OWN_SESSION):
            return
        if project.key not in self._known:
            self._known[project.key] = set(project.ledger.rows(ReviewDecision)[ReviewDecision.verdict_id])
        if session.removeprefix(OWN_SESSION) in self._known[project.key]:
            raise RowRefused(
                "own row",
                "the review of this project wrote it; its decision is known",
                "nothing; the verdict counts",
            )


def _new_rows(
    placed: Sequence[_Placed], known: Mapping[str, pl.DataFrame]
) -> dict[str, list[dict[str, Any]]]:
    """By project, the rows that its ledger does not have, numbered on."""
    added: dict[str, list[dict[str, Any]]] = {}
    there = {key: set(rows[HistoryRow.row_hash]) for key, rows in known.items()}
    last = {key: int(rows[HistoryRow.number].max() or 0) for key, rows in known.items()}  # type: ignore[arg-type]
    for one in placed:
        key = one.project.key
        if one.row[HistoryRow.row_hash] not in there[key]:
            last[key] += 1
            added.setdefault(key, []).append({**one.row, HistoryRow.number: last[key]})
    return added


def _judge(placed: Sequence[_Placed], known: Mapping[str, pl.DataFrame], report: FileReport) -> None:
    """Count usable rows, by matching them with the pictures of the last run and with imported vectors."""
    fates: dict[str, dict[str, dict[str, Any]]] = {}
    for project in {p.project.key: p.project for p in placed}.values():
        photos, quality = project.store.read(Photo), project.store.read(ImageQuality)
        imported = project.ledger.rows(ImportedVector)
        if photos.height or imported.height:
            said = known[project.key], standing(project.ledger)
            paths = paths_of_photos(project.ledger)
            found = match_history(project.key, *said, photos, quality, imported, paths)
            told = (
                found.matches
                if photos.height
                else found.matches.filter(pl.col(HistoryMatch.status) != "quarantined")
            )
            fates[project.key] = {str(r[HistoryMatch.row_hash]): r for r in told.to_dicts()}
    waiting = Counter[str]()
    for one in placed:
        fate = fates.get(one.project.key, {}).get(str(one.row[HistoryRow.row_hash]))
        if fate is not None and fate[HistoryMatch.status] == "quarantined":
            reason, _, detail = str(fate[HistoryMatch.reason]).partition(": ")
            report.quarantine(
                one.logged.line,
                RowRefused(reason, detail, str(fate[HistoryMatch.next_step])),
                one.project.name,
            )
            continue
        report.count(one.project.name, "accepted")
        waiting[one.project.name] += fate is None
    for name, rows in waiting.items():
        if rows:
            report.wait(name, rows)


def _write(
    workspace: Workspace,
    projects: Mapping[str, Project],
    added: Mapping[str, list[dict[str, Any]]],
    refusals: Sequence[tuple[str, dict[str, Any]]],
    digest: str,
) -> None:
    for project in (p for p in projects.values() if p.key in added):
        project.ledger.add(HistoryRow, added[project.key])
    for name in {name for name, _row in refusals}:
        rows = [{**row, HistoryRefusal.file_hash: digest} for owner, row in refusals if owner == name]
        projects.get(name, workspace.shared).ledger.add(HistoryRefusal, rows)
