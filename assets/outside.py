"""What is news outside of the tables: on the disk, and at model servers.

Holds `OUTSIDE`: table to the question whether a run would find anything else than the last one.
Add here: the question of another asset that looks outside.
Keep out: looking itself (the assets do), and what follows (staleness.py).
"""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.core.files import holds_something
from proofsheet.library.disk_diff import disk_news
from proofsheet.library.sidecars import sidecar_news
from proofsheet.publish.conversion.conversion_table import conversion_news
from proofsheet.publish.csv_export import csv_differs
from proofsheet.review.proposal_export import proposals_differ
from proofsheet.storage.workspace import Project
from proofsheet.texts.cost_estimate import pending_count
from proofsheet.texts.coverage import coverage_of
from proofsheet.texts.jobs import JOBS, Job
from schemas.apply import FileOperation
from schemas.choices import Proposal
from schemas.identity import GonePhoto, IdentityQuestion
from schemas.library import OtherFile, Photo, Quarantine
from schemas.models import CropModel, RankerModel
from schemas.publish import Conversion, Export
from schemas.sets import SubjectSuggestion
from schemas.table import Table
from schemas.vision import Preview
from schemas.words import Identification
from schemas.written import SidecarMetadata

Look = Callable[..., str | None]


def _disk(project: Project, resources: Mapping[str, Any]) -> str | None:
    store = project.store
    moves = project.ledger.rows(FileOperation)
    news = disk_news(
        project.folder, store.read(Photo), store.read(Quarantine), store.read(OtherFile), moves
    ).in_words()
    return f"files on disk: {news}" if news else None


def _sidecars(project: Project, resources: Mapping[str, Any]) -> str | None:
    changed = sidecar_news(project.store.read(SidecarMetadata), project.folder)
    return f"{changed} sidecars changed" if changed else None


def _lost_previews(project: Project, resources: Mapping[str, Any]) -> str | None:
    rows = project.store.read(Preview).select(Preview.thumb_path, Preview.preview_path).iter_rows()
    lost = sum(not holds_something(project.cache / name) for row in rows for name in row if name)
    return f"{lost} previews are gone from the cache" if lost else None


def _exports(project: Project, resources: Mapping[str, Any]) -> str | None:
    store = project.store
    if csv_differs(store.read(Export), project.export_file):
        return f"{project.export_file.name} is not as it was written"
    if proposals_differ(store.read(Proposal), store.read(Photo), project.decisions_file):
        return f"{project.decisions_file.name} is not as it was written"
    return None


def _conversions(project: Project, resources: Mapping[str, Any]) -> str | None:
    return conversion_news(project, resources["convert"])


def _unanswered(project: Project, table: type[Table]) -> str | None:
    told = coverage_of(project.store.read(table))
    return f"{told.wanted - told.answered} pictures have no answer: {told.why}" if told.why else None


def _identifications(project: Project, resources: Mapping[str, Any]) -> str | None:
    return _unanswered(project, Identification)


def _subjects(project: Project, resources: Mapping[str, Any]) -> str | None:
    failed = project.store.read(SubjectSuggestion).filter(pl.col(SubjectSuggestion.status) == "failed").height
    return f"{failed} sets got no subject, as the model failed" if failed else None


def _models(project: Project, resources: Mapping[str, Any]) -> str | None:
    """A model that serves and is gone."""
    store = project.store
    serving = [*store.read(RankerModel)[RankerModel.fit_id], *store.read(CropModel)[CropModel.fit_id]]
    if not any(serving):
        return None
    from proofsheet.models.artifacts import model_path

    files = [model_path(project.models, str(fit)) for fit in serving if fit]
    gone = [f.name for f in files if not f.exists()]
    return f"{', '.join(gone)} is gone" if gone else None


def _to_ask(job: Job) -> Look:
    def look(project: Project, resources: Mapping[str, Any]) -> str | None:
        if news := _unanswered(project, job.table):
            return news
        try:
            count = pending_count(job, project, resources["model"].describing(project), resources)
        except UsageError as error:  # its prompt is none: the run says so too
            return error.what
        return f"{count} pictures to ask about" if count else None

    return look


OUTSIDE: Mapping[str, Look] = {
    **{table.name: _disk for table in (Photo, Quarantine, OtherFile, IdentityQuestion, GonePhoto)},
    SidecarMetadata.name: _sidecars,
    Preview.name: _lost_previews,
    Export.name: _exports,
    Conversion.name: _conversions,
    Identification.name: _identifications,
    SubjectSuggestion.name: _subjects,
    **{table.name: _models for table in (RankerModel, CropModel)},
    **{job.table.name: _to_ask(job) for job in JOBS.values()},
}
