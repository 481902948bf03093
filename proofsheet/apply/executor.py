"""Carry a plan out, and continue it after an interruption.

Holds `Applier`.
Add here: another kind of operation.
Keep out: what is to be done (plan.py), the way back (undo.py), the journal (moves.py).

The journal holds every operation, with full fsync, before the first file is touched.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from proofsheet.apply.crop_files import cut_bytes
from proofsheet.apply.disk import Disk
from proofsheet.apply.embedding import EmbedOperations
from proofsheet.apply.moves import (
    LEFT,
    NEVER,
    Moves,
    Report,
    Row,
    by_unit,
    content_of,
    is_planned,
    known_plan,
    sets_of,
    unfinished,
    verb_of,
    why_left,
)
from proofsheet.apply.plan import Plan
from proofsheet.apply.undo import bring_back
from proofsheet.core.errors import UsageError
from proofsheet.storage.workspace import Project
from schemas.apply import EMBED, ApplyPlan, FileOperation
from schemas.metadata_changes import MetadataChange
from schemas.settings.apply import ApplySettings
from schemas.settings.photos import PhotoSettings


class Applier:
    """Applies plans of one project; the caller holds its run lock.

    Args:
        project: the project of the plan.
        settings: quality of crops.
        now: when (UTC, no zone).
        disk: what touches files.
        max_pixels: larger pictures are not cropped.
    """

    def __init__(
        self,
        project: Project,
        settings: ApplySettings,
        now: datetime,
        disk: Disk | None = None,
        max_pixels: int = PhotoSettings().max_full_pixels,
    ) -> None:
        self.project, self._settings, self._now = project, settings, now
        self._max_pixels = max_pixels
        self._disk, self._ledger = disk or Disk(), project.ledger
        self._moves = Moves(project, now, self._disk)
        self._embedding = EmbedOperations(project, self._moves)

    def execute(self, plan: Plan, mode: str) -> Report:
        """Journal a plan, then do it.

        Raises:
            UsageError: if an earlier plan is unfinished.
        """
        if left := unfinished(self._ledger):
            raise UsageError(f"Plan {left[0]} is not finished.", "It is resumed first.")
        if not plan.operations:
            return Report()
        number = self._ledger.rows(ApplyPlan).height + 1
        own = f"{plan.plan_id}-{number}"
        rows = [self._planned(own, k, asdict(o)) for k, o in enumerate(plan.operations, start=1)]
        missing = {
            str(f)
            for o in plan.operations
            for f in PurePosixPath(o.target).parents
            if not (self.project.folder / f).is_dir()
        }
        head = {
            ApplyPlan.plan_id: own,
            ApplyPlan.number: number,
            ApplyPlan.mode: mode,
            ApplyPlan.verb: plan.verb,
            ApplyPlan.started_at: self._now,
        }
        counts = {
            ApplyPlan.sets: len(plan.by_set()),
            ApplyPlan.operations: len(rows),
            ApplyPlan.folders: sorted(missing),
        }
        with self._ledger.exclusive() as journal:
            journal.add(ApplyPlan, [{**head, **counts}])
            journal.add(FileOperation, rows)
            journal.add(MetadataChange, plan.changes(own))
        return self.resume(own)

    def resume(self, plan_id: str) -> Report:
        """Do the planned operations that are left.

        A set is moved whole or not at all; sets that share a file are moved together.
        """
        report = Report(plan_id, verb_of(self._ledger, plan_id))
        for rows in by_unit(self._moves.rows(plan_id)):
            groups = sets_of(rows)
            if any(r[FileOperation.state] == "planned" for r in rows) and not report.hopeless:
                with report.noting(groups):
                    done = self._do_unit(rows)
                    report.files += sum(r[FileOperation.state] == "done" for r in done)
                    report.sets += len(groups)
                    uncut = (r for r in done if r[FileOperation.state] == "refused")
                    report.uncut |= {
                        str(r[FileOperation.group_id]): str(r[FileOperation.note]) for r in uncut
                    }
        return report

    def undo(self, plan_id: str) -> Report:
        """Bring everything back that a plan did, the last first; what cannot come back now can later.

        Args:
            plan_id: its id, or how it begins: the hash that was shown will do.

        Raises:
            UsageError: if no plan, or several, are named so.
        """
        own = known_plan(self._ledger, plan_id)
        rows = self._moves.rows(own)
        if any(r[FileOperation.kind] == EMBED for r in rows):
            return self._embedding.bring_back(own, reversed(rows))
        return bring_back(self.project, self._moves, plan_id)

    def _do_unit(self, rows: Sequence[Row]) -> list[Row]:
        """Do what is planned of a unit, or take back what was done of it; gives what was done now."""
        done = [r for r in rows if r[FileOperation.state] == "done"]  # by an interrupted process
        before, row = len(done), rows[0]
        try:
            for row in rows:
                if row[FileOperation.state] == "planned":
                    done.append(self._do(row))
        except LEFT as error:
            self._take_back(done)
            self._moves.note(rows, "refused", why_left(error))
            raise
        except OSError as error:
            self._half(row)
            self._take_back(done)
            if error.errno not in NEVER:
                raise
            never = UsageError(f"{error.filename}: {error.strerror}.", "Give the picture a shorter name.")
            self._moves.note(rows, "refused", str(never))
            raise never from error
        return done[before:]

    def _do(self, row: Row) -> Row:
        """One operation, and its line in the journal."""
        if row[FileOperation.kind] == EMBED:
            return self._moves.set(self._embedding.perform(row), "done")
        crop = row[FileOperation.kind] == "crop"
        made = self._cut(row) if crop else self._moves.move(row, FileOperation.source, FileOperation.target)
        return self._moves.set(made, "done")

    def _cut(self, row: Row) -> Row:
        source, target = (self._moves.at(row, n) for n in (FileOperation.source, FileOperation.target))
        try:
            crop = cut_bytes(source, row[FileOperation.box], self._settings.crop_quality, self._max_pixels)
        except UsageError as error:
            return {**row, FileOperation.state: "refused", FileOperation.note: str(error)}
        content, note = crop.content, f"the crop lacks: {crop.lost}" if crop.lost else ""
        digest = hashlib.sha256(content).hexdigest()
        if not target.exists() or content_of(target) != digest:
            self._disk.make_folder(target.parent)
            self._disk.write_new(target, content)
        sizes = {FileOperation.size_bytes: len(content), FileOperation.modified_ns: target.stat().st_mtime_ns}
        return {**row, **sizes, FileOperation.content_hash: digest, FileOperation.note: note}

    def _half(self, row: Row) -> None:
        """Remove the new name from a file that has both, after an interrupted move."""
        source, target = (
            self.project.folder / str(row[n]) for n in (FileOperation.source, FileOperation.target)
        )
        if (
            row[FileOperation.kind] == "move"
            and is_planned(source, row)
            and os.path.lexists(target)
            and source.samefile(target)
        ):
            self._disk.remove(target)

    def _take_back(self, done: Sequence[Row]) -> None:
        """Return what was moved of a unit that cannot be moved whole; what fails here is left to resume."""
        for row in reversed(done):
            if row[FileOperation.state] != "done":
                continue
            if row[FileOperation.kind] == "crop":
                self._disk.remove(self.project.folder / str(row[FileOperation.target]))
            else:
                self._moves.move(row, FileOperation.target, FileOperation.source)
            self._moves.set(row, "planned")

    def _planned(self, plan_id: str, number: int, told: Mapping[str, Any]) -> Row:
        state = {FileOperation.state: "planned", FileOperation.note: "", FileOperation.changed_at: self._now}
        return {**told, **state, FileOperation.plan_id: plan_id, FileOperation.number: number}
