"""History in: rows of files become facts of their projects, and every refusal is counted with its reason.

Holds `import_history`.
Add here: another number of the report.
Keep out: formats (history_files.py), projects (registry.py), pictures (matching.py).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.files import short_hash
from proofsheet.learn.history_files import HistoryText, Logged, read_history, time_of
from proofsheet.learn.matching import match_history
from proofsheet.learn.refusing import RowRefused
from proofsheet.learn.registry import ProjectRegistry, normalised
from proofsheet.verdicts import standing
from proofsheet.workspace import Project, Workspace
from schemas.history import OWN_SESSION, HistoryFile, HistoryMatch, HistoryRefusal, HistoryRow, ImportedVector
from schemas.library import Photo
from schemas.review import Verdict
from schemas.settings_learning import HistorySettings
from schemas.vision import ImageQuality

NOWHERE = ""
_OF_A_PROJECT = ("twice in the file", "own row")
_NOT_RUN = "not matched: the project was never run"


@dataclass
class FileReport:
    """What became of the rows of one file.

    Attributes:
        file: its path as given.
        format: which known format it has; empty if none.
        rows: rows in it.
        new: rows that were not there before.
        accepted: rows that were taken and can be used (or wait for the project's first run).
        refused: reason to rows.
        quarantined: reason to rows that were taken and cannot be used now.
        projects: project to accepted, refused and quarantined rows; rows of no known project stand under an empty name.
        lines: one entry a row that is refused or in quarantine.
    """

    file: str
    format: str = ""
    rows: int = 0
    new: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    projects: dict[str, Counter[str]] = field(default_factory=dict)
    lines: list[dict[str, object]] = field(default_factory=list)

    def count(self, project: str, what: str) -> None:
        """One row more."""
        self.projects.setdefault(project, Counter(accepted=0, refused=0, quarantined=0))[what] += 1

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "file": self.file,
            "format": self.format,
            "rows": self.rows,
            "new": self.new,
            "accepted": self.accepted,
            "refused": dict(self.refused),
            "quarantined": dict(self.quarantined),
            "projects": {n or "no known project": dict(c) for n, c in self.projects.items()},
            "lines": self.lines,
        }


@dataclass(frozen=True)
class _Placed:
    project: Project
    logged: Logged
    row: dict[str, Any]


def import_history(
    files: Sequence[Path], workspace: Workspace, settings: HistorySettings, now: datetime, *, dry_run: bool
) -> list[FileReport]:
    """Read files, refuse what cannot be right, keep the rest in the ledgers of its projects; a row that is there stays as it is.

    Args:
        files: history files.
        workspace: whose projects the rows speak of.
        settings: roots, aliases, patterns.
        now: time of the import (UTC, no zone).
        dry_run: tells what would happen and writes nothing.
    """
    projects = {p.name: p for p in workspace.projects() if not p.sandbox}
    registry = ProjectRegistry(list(projects), settings)
    known = {p.key: p.ledger.rows(HistoryRow) for p in projects.values()}
    reports = []
    for file in files:
        report = FileReport(str(file))
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        placed, refusals = _read(content, file, projects, registry, report, now)
        added = _new_rows(placed, known)
        report.new = sum(len(rows) for rows in added.values())
        for key, rows in added.items():
            known[key] = pl.concat([known[key], HistoryRow.frame(rows)])
        _judge(placed, known, report)
        report.accepted = report.rows - sum(report.refused.values()) - sum(report.quarantined.values())
        if not dry_run:
            _write(workspace, projects, added, refusals, digest)
            workspace.shared.ledger.put(HistoryFile, [_book(file, digest, report, now)])
        reports.append(report)
    return reports


def _read(
    content: bytes, file: Path, projects: Mapping[str, Project], registry: ProjectRegistry, report: FileReport, now: datetime
) -> tuple[list[_Placed], list[tuple[str, dict[str, Any]]]]:
    """Rows with their project, and refusals with theirs."""
    refusals: list[tuple[str, dict[str, Any]]] = []

    def refuse(line: int, refusal: RowRefused, project: str) -> None:
        report.refused[refusal.reason] += 1
        report.count(project, "refused")
        told = {"line": line, "reason": refusal.reason, "detail": refusal.detail, "next_step": refusal.next_step}
        report.lines.append({**told, "state": "refused", "project": project})
        refusals.append((project, _refusal_row(file, line, refusal, now)))

    try:
        text = read_history(content)
    except RowRefused as refusal:
        report.rows = 1
        refuse(0, refusal, NOWHERE)
        return [], refusals
    report.format, report.rows = text.format, len(text.rows) + len(text.refused)
    for line, found in text.refused:
        refuse(line, found, NOWHERE)
    return list(_place(text, file, projects, registry, refuse, now)), refusals


def _place(
    text: HistoryText,
    file: Path,
    projects: Mapping[str, Project],
    registry: ProjectRegistry,
    refuse: Callable[[int, RowRefused, str], None],
    now: datetime,
) -> list[_Placed]:
    placed: list[_Placed] = []
    seen: dict[tuple[str, str], int] = {}
    own = _OwnRows()
    for logged in text.rows:
        try:
            project = projects[registry.of_row(logged.chosen, logged.others, logged.directory, logged.project)]
            row = _row(project, logged, file, now)
            own.refuse(project, logged.session)
            mark = (project.key, str(row[HistoryRow.row_hash]))
            if mark in seen:
                raise RowRefused("twice in the file", f"the row says the same as line {seen[mark]}", "nothing; one of them counts")
            seen[mark] = logged.line
            placed.append(_Placed(project, logged, row))
        except RowRefused as refusal:
            refuse(logged.line, refusal, project.name if refusal.reason in _OF_A_PROJECT else NOWHERE)
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
            self._known[project.key] = set(project.ledger.rows(Verdict)[Verdict.verdict_id])
        if session.removeprefix(OWN_SESSION) in self._known[project.key]:
            raise RowRefused("own row", "the review of this project wrote it; its verdict is known", "nothing; the verdict counts")


def _row(project: Project, logged: Logged, file: Path, now: datetime) -> dict[str, Any]:
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


def _refusal_row(file: Path, line: int, refusal: RowRefused, now: datetime) -> dict[str, Any]:
    return {
        HistoryRefusal.line: line,
        HistoryRefusal.file: file.name,
        HistoryRefusal.reason: refusal.reason,
        HistoryRefusal.detail: refusal.detail,
        HistoryRefusal.next_step: refusal.next_step,
        HistoryRefusal.imported_at: now,
    }


def _new_rows(placed: Sequence[_Placed], known: Mapping[str, pl.DataFrame]) -> dict[str, list[dict[str, Any]]]:
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
    """Count which rows can be used, by matching them with the pictures of the last run."""
    fates: dict[str, dict[str, dict[str, Any]]] = {}
    for project in {p.project.key: p.project for p in placed}.values():
        photos, quality = project.store.read(Photo), project.store.read(ImageQuality)
        if photos.height:
            found = match_history(
                project.key, known[project.key], standing(project.ledger), photos, quality, project.ledger.rows(ImportedVector)
            )
            fates[project.key] = {str(r[HistoryMatch.row_hash]): r for r in found.matches.to_dicts()}
    for one in placed:
        fate = fates.get(one.project.key, {}).get(str(one.row[HistoryRow.row_hash]))
        if fate is None or fate[HistoryMatch.status] != "quarantined":
            report.count(one.project.name, "accepted")
            if fate is None and _NOT_RUN not in {
                line.get("detail") for line in report.lines if line["project"] == one.project.name
            }:
                told = {"line": 0, "state": "waiting", "reason": "not run", "detail": _NOT_RUN, "project": one.project.name}
                report.lines.append({**told, "next_step": f"`proofsheet run {one.project.name}`"})
            continue
        reason, _, detail = str(fate[HistoryMatch.reason]).partition(": ")
        report.quarantined[reason] += 1
        report.count(one.project.name, "quarantined")
        told = {"line": one.logged.line, "state": "quarantined", "reason": reason, "detail": detail, "project": one.project.name}
        report.lines.append({**told, "next_step": fate[HistoryMatch.next_step]})


def _write(
    workspace: Workspace,
    projects: Mapping[str, Project],
    added: Mapping[str, list[dict[str, Any]]],
    refusals: Sequence[tuple[str, dict[str, Any]]],
    digest: str,
) -> None:
    for project in projects.values():
        project.ledger.add(HistoryRow, added.get(project.key, []))
    for name, row in refusals:
        owner = projects.get(name, workspace.shared)
        owner.ledger.add(HistoryRefusal, [{**row, HistoryRefusal.file_hash: digest}])


def _book(file: Path, digest: str, report: FileReport, now: datetime) -> dict[str, Any]:
    return {
        HistoryFile.file_hash: digest,
        HistoryFile.file: file.name,
        HistoryFile.format: report.format,
        HistoryFile.rows: report.rows,
        HistoryFile.accepted: report.accepted,
        HistoryFile.refused: sum(report.refused.values()),
        HistoryFile.imported_at: now,
    }
