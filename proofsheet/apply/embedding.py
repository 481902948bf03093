"""Metadata of originals: replaced after it is proved, and brought back byte by byte.

Holds `EmbedOperations`.
Add here: what else may have happened to a file between a plan and its undo.
Keep out: writing metadata (metadata_writing.py), other operations (executor.py, undo.py).

The ledger has the difference to the former file before the new file gets the name. The disk shows what a
process was doing when it died: a file has the former content or the new one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from proofsheet.apply.block_difference import difference, restored
from proofsheet.apply.metadata_writing import with_metadata
from proofsheet.apply.moves import OPEN, Moves, Report, Row, content_of, moved_on, moved_since, sets_of
from proofsheet.core.errors import UsageError
from proofsheet.storage.workspace import Project
from schemas.apply import EMBED, FileOperation
from schemas.metadata_changes import MetadataChange

_MOST_BYTES = 16 << 20


class EmbedOperations:
    """Operations of the kind `embed` of one project.

    Args:
        project: the project; the caller holds its run lock.
        moves: its journal.
    """

    def __init__(self, project: Project, moves: Moves) -> None:
        self._moves, self._ledger, self._place = moves, project.ledger, project.outgoing

    def perform(self, row: Row) -> Row:
        """Write the values of an operation into its file, unless they are in it already.

        Raises:
            UsageError: if the file has changed since the plan, or more than metadata would differ.
        """
        target, change = self._moves.at(row, FileOperation.target), self._change(row)
        self._moves.disk.clear(target)
        content = content_of(target)
        if content == change[MetadataChange.new_hash]:
            return row
        if content != row[FileOperation.content_hash]:
            raise UsageError(
                f"{target} has changed since the plan was made.", "It is not touched; plan again."
            )
        shutil.rmtree(self._place, ignore_errors=True)  # of an interrupted process
        self._place.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=self._place) as folder:
            made = with_metadata(target, json.loads(change[MetadataChange.values]), Path(folder))
            old, new = target.read_bytes(), made.read_bytes()
        block = difference(old, new)
        if len(block) > _MOST_BYTES or restored(new, block) != old:
            raise UsageError(
                f"What brings {target} back would have {len(block):,} bytes.",
                "It is not touched; write a sidecar instead.",
            )
        told = {MetadataChange.new_hash: _digest(new), MetadataChange.block: block}
        self._ledger.put(MetadataChange, [{**change, **told}])
        self._moves.disk.replace(target, new, str(row[FileOperation.content_hash]))
        return row

    def bring_back(self, plan_id: str, rows: Iterable[Row]) -> Report:
        """Give every file of a plan its former content; a file that has changed since stays as it is.

        Args:
            plan_id: the plan.
            rows: its operations.
        """
        report, done = Report(plan_id, EMBED), set[str]()
        later = moved_since(self._ledger, plan_id)
        for row in rows:
            if row[FileOperation.state] in OPEN and not report.hopeless:
                with report.noting([str(row[FileOperation.target])]):
                    if (why := next(iter(moved_on(self._moves, [row], later)), None)) is not None:
                        raise why
                    report.files += self._bring_back(row)
                    done |= set(sets_of([row]))
        report.sets = len(done)
        return report

    def _bring_back(self, row: Row) -> bool:
        """Bring one file back; False if it has its former content."""
        target, change = self._moves.at(row, FileOperation.target), self._change(row)
        self._moves.disk.clear(target)
        content, former = content_of(target), str(row[FileOperation.content_hash])
        never = row[FileOperation.state] == "planned" and change[MetadataChange.new_hash] is None
        if content != former and not never:
            if content != change[MetadataChange.new_hash]:
                raise UsageError(
                    f"{target} was changed since texts were written into it.",
                    "It is not touched; take the later changes back first.",
                )
            old = restored(target.read_bytes(), change[MetadataChange.block])
            if _digest(old) != former:
                raise UsageError(
                    f"What would come back for {target} is not the former file.", "It is not touched."
                )
            self._moves.disk.replace(target, old, content, int(row[FileOperation.modified_ns]))
        self._moves.set(row, "undone")
        return content != former and not never

    def _change(self, row: Row) -> Row:
        keys = {n: row[n] for n in (FileOperation.plan_id, FileOperation.number)}
        (found,) = self._ledger.rows(MetadataChange, **keys).to_dicts()
        return dict(found)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
