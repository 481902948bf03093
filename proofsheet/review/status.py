"""The state of a project for its user: counts from its tables.

Holds `project_status`.
Add here: another number that people ask for.
Keep out: rendering.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.library.disk_diff import disk_news
from proofsheet.library.identity_answers import gone_with_facts, open_questions
from proofsheet.publish.upload_history import takedown_rows
from proofsheet.selection.choices import present_choices, progress, redecided
from proofsheet.storage.workspace import Project
from proofsheet.texts.coverage import coverage_of
from schemas.apply import FileOperation
from schemas.choices import Proposal
from schemas.identity import GonePhoto, IdentityQuestion
from schemas.library import OtherFile, Photo, Quarantine
from schemas.metrics import RunRecord
from schemas.proof import PASSED, MetadataQuality
from schemas.storage import StoredTable
from schemas.words import Caption


@dataclass(frozen=True)
class ProjectStatus:
    """Counts of one project; all 0 before its first run.

    Attributes:
        key: partition key.
        files: every file of the folder = photos + quarantined + other_files.
        photos: pictures that could be opened.
        sets: sets of pictures, single ones among them.
        reviewed: sets of two photos or more with a decision.
        by_history: those that imported history decided.
        open: those without a decision; skipped sets are open.
        redecided: sets with another choice than in the last run.
        take_back: published pictures that should be removed from their target.
        doubtful: choices with a measured value against them.
        accepted: texts that passed the gate.
        drafts: texts that name no subject yet; they wait for a person or a model.
        blocked: texts that did not pass for another reason.
        to_describe: pictures that need texts.
        described: those of them that a describer answered for.
        undescribed: why the others have none; empty if all have one.
        quarantined: refused files.
        other_files: companions, hidden and other files.
        generation: number of the store's generation.
        published_at: when the newest table was written (UTC), or None.
        whole_at: time of the last full run (UTC), or None.
        new: files on disk that no run has seen.
        changed: photos with another size or time than in the last run.
        gone: files that the last run saw and that are no longer there.
        moved: files that `apply` moved since; they are neither new nor gone.
        moved_back: files that its undo moved back since.
        written_of_gone: gone photos on which people wrote or decided something.
        photo_questions: open questions whether a file is a photo that is gone.
        companions: files that go with photos by their names, refused RAW too.
        left_out: reason to number of the files and folders of systems and other programs that the last run
            left out.
    """

    key: str
    files: int
    photos: int
    sets: int
    reviewed: int
    by_history: int
    open: int
    redecided: int
    take_back: int
    doubtful: int
    accepted: int
    drafts: int
    blocked: int
    to_describe: int
    described: int
    undescribed: str
    quarantined: int
    other_files: int
    generation: int
    published_at: str | None
    whole_at: str | None
    new: int
    changed: int
    gone: int
    moved: int
    moved_back: int
    written_of_gone: int
    photo_questions: int
    companions: int
    left_out: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def project_status(project: Project) -> ProjectStatus:
    """The present counts of a project."""
    with project.at_one_moment():
        return _status(project)


def _status(project: Project) -> ProjectStatus:
    store = project.store
    books = store.tables()
    counts = {name: int(str(row[StoredTable.row_count])) for name, row in books.items()}
    quality, choices = store.read(MetadataQuality), present_choices(project)
    proofs, far = quality.filter(pl.col(MetadataQuality.is_current)), progress(choices)
    by_status = dict(proofs[MetadataQuality.status].value_counts().iter_rows())
    texts = coverage_of(store.read(Caption))
    flagged = store.read(Proposal).filter(pl.col(Proposal.flags).list.len() > 0)
    photos, quarantined = counts.get(Photo.name, 0), counts.get(Quarantine.name, 0)
    others = counts.get(OtherFile.name, 0)
    moves = project.ledger.rows(FileOperation)
    news = disk_news(project.folder, store.read(Photo), store.read(Quarantine), store.read(OtherFile), moves)
    left = store.read(OtherFile)[OtherFile.reason].drop_nulls().value_counts()
    times = [str(row[StoredTable.published_at]) for row in books.values()]
    return ProjectStatus(
        key=project.key,
        files=photos + quarantined + others,
        photos=photos,
        sets=counts.get(Proposal.name, 0),
        reviewed=far.reviewed,
        by_history=far.history,
        open=far.total - far.decided,
        redecided=len(redecided(project, choices)),
        take_back=takedown_rows(project.key, choices, quality, project.ledger).height,
        doubtful=flagged.height,
        accepted=sum(by_status.get(s, 0) for s in PASSED),
        drafts=by_status.get("draft", 0),
        blocked=by_status.get("blocked", 0),
        to_describe=texts.wanted,
        described=texts.answered,
        undescribed=texts.why,
        quarantined=quarantined,
        other_files=others,
        generation=store.generation(),
        published_at=max(times, default=None),
        whole_at=_whole_at(project),
        **news.as_dict(),
        written_of_gone=gone_with_facts(project).height if counts.get(GonePhoto.name) else 0,
        photo_questions=len(open_questions(project)) if counts.get(IdentityQuestion.name) else 0,
        companions=len(set(store.read(Photo)[Photo.companions].explode().drop_nulls())),
        left_out=dict(left.sort(OtherFile.reason).iter_rows()),
    )


def record_whole_run(project: Project, run_id: str, now: datetime) -> None:
    """Note in the ledger that a full run ended.

    Args:
        project: of the run.
        run_id: id in Dagster.
        now: when (UTC, no zone).
    """
    state = project_status(project)
    row = {
        RunRecord.run_id: run_id,
        RunRecord.ended_at: now,
        RunRecord.photos: state.photos,
        RunRecord.quarantined: state.quarantined,
        RunRecord.sets: state.sets,
        RunRecord.accepted: state.accepted,
        RunRecord.blocked: state.blocked,
        RunRecord.drafts: state.drafts,
    }
    project.ledger.add(RunRecord, [row])


def whole_before(project: Project) -> bool:
    """Whether a full run ever ended."""
    return _whole_at(project) is not None


def _whole_at(project: Project) -> str | None:
    ended = project.ledger.rows(RunRecord)[RunRecord.ended_at]
    return str(ended.max()) if len(ended) else None
