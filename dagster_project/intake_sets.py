"""The intake sets of a project: descriptions and proposals, including folders that no run has read yet.

Holds `IntakeSet` and `intake_sets`.
Add here: another field that is shown before a set is confirmed.
Keep out: storing descriptions (proofsheet/texts/set_intake.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import polars as pl

from proofsheet.library.scan import picture_folders
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.sets import SetContext, SubjectProposal, SubjectSuggestion


@dataclass(frozen=True)
class IntakeSet:
    """A folder with pictures.

    Attributes:
        folder: inside the project; empty for the project folder itself.
        photos: photos of the last run; before the first run, files that are named like pictures.
        has_run: whether a run has read the folder.
        subject: the confirmed one; empty without one.
        hints: as entered; empty without any.
        location: as entered; empty without one.
        suggested: the latest proposal of a model; empty without one.
        status: state of the subject; empty before the first run.
    """

    folder: str
    photos: int
    has_run: bool
    subject: str
    hints: str
    location: str
    suggested: str
    status: str


def intake_sets(project: Project) -> list[IntakeSet]:
    """Every folder of a project with pictures, of the last run and on disk, in the order of their names."""
    seen = Counter(project.store.read(Photo)[Photo.folder].to_list())
    waiting = {f: n for f, n in picture_folders(project.folder).items() if f not in seen}
    said = {r[SetContext.folder]: r for r in project.ledger.rows(SetContext).to_dicts()}
    good = (
        project.ledger.rows(SubjectProposal)
        .filter(pl.col(SubjectProposal.refused).is_null())
        .sort(SubjectProposal.number)
    )
    proposed = dict(good.select(SubjectProposal.folder, SubjectProposal.subject).iter_rows())
    columns = (SubjectSuggestion.folder, SubjectSuggestion.status)
    states = dict(project.store.read(SubjectSuggestion).select(columns).iter_rows())
    return [
        IntakeSet(
            folder,
            seen[folder] or waiting[folder],
            folder in seen,
            said.get(folder, {}).get(SetContext.subject) or "",
            said.get(folder, {}).get(SetContext.hints) or "",
            said.get(folder, {}).get(SetContext.location) or "",
            proposed.get(folder, ""),
            states.get(folder, ""),
        )
        for folder in sorted({*seen, *waiting})
    ]
