"""Notes on folders follow a folder that is renamed or moved.

Holds `moved_folders` and `carry_notes`.
Add here: another fact of people about a folder.
Keep out: which file is which photo (identities.py); folders of whole projects (renamed_folders.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath

from proofsheet.library.identities import Recognition
from proofsheet.storage.ledger import Ledger
from schemas.sets import SetContext, SubjectProposal


def moved_folders(seen: Recognition) -> dict[str, str]:
    """Former folder to present one: all pictures of the one went to the other, which holds nothing else."""
    sources, targets = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for path, (photo, _how) in seen.matches.items():
        before, now = _folder(photo.path), _folder(path)
        sources[now].add(before)
        targets[before].add(now)
    for path in seen.new:
        sources[_folder(path)].add(f"{path} is new")
    return {
        before: next(iter(now))
        for before, now in targets.items()
        if len(now) == 1
        and before not in now
        and len(sources[next(iter(now))]) == 1
        and (before not in sources or (len(sources[before]) == 1 and before not in sources[before]))
    }


def carry_notes(ledger: Ledger, moved: Mapping[str, str], now: datetime) -> None:
    """Copy subject, hints and place of a folder, and what a model proposed, to where its pictures are now.

    Notes of the present folder stay, unless its former pictures moved on as well, as when two folders swap
    their names.

    Args:
        ledger: of the project.
        moved: former folder to present one.
        now: present time (UTC, no zone).
    """
    if not moved:
        return
    notes = {row[SetContext.folder]: row for row in ledger.rows(SetContext).to_dicts()}
    proposals = ledger.rows(SubjectProposal).to_dicts()
    proposed = {row[SubjectProposal.folder] for row in proposals}
    ledger.put(
        SetContext,
        [
            {**notes.get(before, {}), SetContext.folder: after, SetContext.noted_at: now}
            for before, after in moved.items()
            if (before in notes and after not in notes) or (after in notes and after in moved)
        ],
    )
    ledger.add(
        SubjectProposal,
        [
            row | {SubjectProposal.folder: moved[row[SubjectProposal.folder]]}
            for row in proposals
            if row[SubjectProposal.folder] in moved and moved[row[SubjectProposal.folder]] not in proposed
        ],
    )


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent
