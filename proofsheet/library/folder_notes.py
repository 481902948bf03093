"""Notes on folders follow a folder that is renamed or moved.

Holds `moved_folders`, `CarriedNotes` and `carried_notes`.
Add here: another fact of people about a folder.
Keep out: which file is which photo (identities.py); folders of whole projects (renamed_folders.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from proofsheet.library.identity_signs import Recognition
from proofsheet.storage.ledger import Ledger
from schemas.sets import SetContext, SubjectProposal


def moved_folders(seen: Recognition) -> dict[str, str]:
    """Former folder to present one: all known pictures of the one went to the other, which has no others."""
    sources, targets = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for path, (photo, _how) in seen.matches.items():
        before, now = _folder(photo.path), _folder(path)
        sources[now].add(before)
        targets[before].add(now)
    return {
        before: next(iter(now))
        for before, now in targets.items()
        if len(now) == 1
        and before not in now
        and len(sources[next(iter(now))]) == 1
        and (before not in sources or (len(sources[before]) == 1 and before not in sources[before]))
    }


@dataclass(frozen=True)
class CarriedNotes:
    """Rows of `set_contexts` to put, and of `subject_proposals` to add."""

    contexts: Sequence[Mapping[str, object]] = ()
    proposals: Sequence[Mapping[str, object]] = ()


def carried_notes(ledger: Ledger, moved: Mapping[str, str], now: datetime) -> CarriedNotes:
    """Subject, hints and place of a folder, and what a model proposed, for the folder of its pictures now.

    Notes of the present folder stay, unless they go on with its own former pictures, as when two folders swap
    their names. No note is written over that is not written elsewhere.

    Args:
        ledger: of the project.
        moved: former folder to present one.
        now: present time (UTC, no zone).
    """
    if not moved:
        return CarriedNotes()
    notes = {row[SetContext.folder]: row for row in ledger.rows(SetContext).to_dicts()}
    free = dict(moved)
    while taken := {b for b, after in free.items() if after in notes and after not in free}:
        free = {before: after for before, after in free.items() if before not in taken}
    proposals = ledger.rows(SubjectProposal).to_dicts()
    proposed = {row[SubjectProposal.folder] for row in proposals}
    return CarriedNotes(
        [
            {**notes.get(before, {}), SetContext.folder: after, SetContext.noted_at: now}
            for before, after in free.items()
            if before in notes or after in notes
        ],
        [
            row | {SubjectProposal.folder: free[row[SubjectProposal.folder]]}
            for row in proposals
            if row[SubjectProposal.folder] in free and free[row[SubjectProposal.folder]] not in proposed
        ],
    )


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent
