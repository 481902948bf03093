"""Words: what describers say about the chosen pictures, job by job.

Holds the assets of the group "caption": one a job, and what is put together from them.
Add here: the asset of a new job.
Keep out: prompts, conditions and describers (proofsheet/texts/), and the gate (assets/proof.py).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import dagster as dg
import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from proofsheet.core.progress import Progress
from proofsheet.proof.media_meta import meta_rows, prompt_rows
from proofsheet.storage.injection import Inputs
from proofsheet.storage.workspace import Project
from proofsheet.texts import job_requests as ask
from proofsheet.texts.coverage import coverage_of
from proofsheet.texts.identification import identification_rows
from proofsheet.texts.jobs import (
    CAPTION,
    DUPLICATES,
    POLICY,
    PROMPT,
    QUALITY,
    RATING,
    SCORES,
    TAGS,
    TITLE,
    Job,
    JobRequest,
)
from resources.words import VisionModelResource
from schemas.answers import ModelAnswer
from schemas.edits import WordEdit
from schemas.labels import ImportedFlag, Scene, SeenObject
from schemas.library import GenerationFact, Photo
from schemas.media_meta import MediaMeta, PromptHistory
from schemas.settings.captions import CaptionSettings
from schemas.table import Rows, Table
from schemas.vision import PictureHash
from schemas.words import (
    Answered,
    Caption,
    DuplicateHint,
    Identification,
    ModelScore,
    PolicyFlag,
    PromptReconstruction,
    QualityVerdict,
    TagSet,
    Title,
)

_OPEN = ["failed", "quarantined", "not_asked"]


def _needs_review(rows: pl.DataFrame) -> pl.DataFrame:
    if PolicyFlag.needs_review in rows.columns:
        return rows.filter(pl.col(PolicyFlag.needs_review))
    return rows.filter(pl.col(QualityVerdict.quality_status) == "review")


ANSWERED = RowCheck(
    "answered",
    "Every question has an answer; the rows say what failed.",
    lambda r: r.filter(_is_open()),
    lambda r: coverage_of(r).line("described" if r.columns == list(Caption.columns()) else "answered"),
)
AS_WANTED = RowCheck(
    "model_as_wanted", "The model that the settings ask for first answered.", lambda r: r.filter(_fell_back())
)
NEEDS_REVIEW = RowCheck("needs_review", "No photo needs your review.", _needs_review)


def _is_open() -> pl.Expr:
    return pl.col(Answered.status).is_in(_OPEN)


def _fell_back() -> pl.Expr:
    return pl.col(Answered.model).is_not_null() & (pl.col(Answered.model) != pl.col(Answered.wanted_model))


def job_asset(
    job: Job, *more: RowCheck, reads: Sequence[type[Table]] = ()
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """The asset of a job; its parameter `answers` has the answers to the questions of the job."""

    def answers(
        questions: Sequence[JobRequest],
        project: Project,
        vision_model: VisionModelResource,
        progress: Progress,
        now: datetime,
    ) -> TableRows:
        said = vision_model.answer(job, questions, project, now, progress)
        return TableRows([said.rows], said.facts)

    steps: Inputs = {**ask.STEPS[job.name], "answers": answers}
    checks = {job.table: [ANSWERED, *more]}
    return table_asset(
        job.table, group="caption", reads=reads, always_run=True, inputs=steps, row_checks=checks
    )


@job_asset(CAPTION, AS_WANTED, reads=(WordEdit,))
def captions(answers: TableRows) -> TableRows:
    """Asks for caption, alternative text and description of every wanted picture, once."""
    return answers


@job_asset(TITLE, reads=(WordEdit,))
def titles(answers: TableRows) -> TableRows:
    """Asks for a title, once."""
    return answers


@job_asset(TAGS, reads=(ImportedFlag, WordEdit))
def tag_sets(answers: TableRows) -> TableRows:
    """Asks for keywords where there are too few, and maps those that are there."""
    return answers


@job_asset(QUALITY, NEEDS_REVIEW, reads=(ImportedFlag,))
def quality_verdicts(answers: TableRows) -> TableRows:
    """Asks for quality and defects."""
    return answers


@job_asset(DUPLICATES)
def duplicate_hints(answers: TableRows) -> TableRows:
    """Asks how near-duplicates differ; without candidates nothing is asked."""
    return answers


@job_asset(PROMPT)
def prompt_reconstructions(answers: TableRows) -> TableRows:
    """Asks for the prompt of generated pictures that lack one."""
    return answers


@job_asset(SCORES)
def model_scores(answers: TableRows) -> TableRows:
    """Asks for five scores where there is a verdict on quality."""
    return answers


@job_asset(POLICY, NEEDS_REVIEW, reads=(ImportedFlag,))
def policy_flags(answers: TableRows) -> TableRows:
    """Decides what may be published; a conflict or anything unknown needs your review."""
    return answers


@job_asset(RATING)
def ratings(answers: TableRows) -> TableRows:
    """Asks for ratings by criterion; off unless the settings ask for it."""
    return answers


@table_asset(
    Identification,
    group="caption",
    always_run=True,
    inputs=ask.ASKED,
    row_checks={Identification: [ANSWERED]},
)
def identifications(
    asked: Sequence[JobRequest],
    scenes: Rows[Scene],
    objects: Rows[SeenObject],
    quality_verdicts: Rows[QualityVerdict],
    project: Project,
    vision_model: VisionModelResource,
    captioning: CaptionSettings,
    now: datetime,
    progress: Progress,
) -> TableRows:
    """Asks identifiers, and believes what two of them agree on or one is sure of."""
    describing = vision_model.describing(project)
    rows, facts = identification_rows(
        asked, scenes, objects, quality_verdicts, describing, project, captioning, now, progress
    )
    return TableRows([rows], facts)


def answered_tables(
    captions: Rows[Caption],
    titles: Rows[Title],
    tag_sets: Rows[TagSet],
    quality_verdicts: Rows[QualityVerdict],
    duplicate_hints: Rows[DuplicateHint],
    prompt_reconstructions: Rows[PromptReconstruction],
    model_scores: Rows[ModelScore],
    policy_flags: Rows[PolicyFlag],
) -> dict[type[Table], pl.DataFrame]:
    """The answers of all jobs by their tables."""
    return {
        Caption: captions,
        Title: titles,
        TagSet: tag_sets,
        QualityVerdict: quality_verdicts,
        DuplicateHint: duplicate_hints,
        PromptReconstruction: prompt_reconstructions,
        ModelScore: model_scores,
        PolicyFlag: policy_flags,
    }


@table_asset(MediaMeta, group="caption", reads=(ModelAnswer,), inputs={"answered": answered_tables})
def media_meta(
    answered: dict[type[Table], pl.DataFrame],
    photos: Rows[Photo],
    picture_hashes: Rows[PictureHash],
    project: Project,
) -> pl.DataFrame:
    """Puts everything that was answered under the keys that other tools know."""
    return meta_rows(project.key, answered, photos, picture_hashes, project.ledger)


@table_asset(PromptHistory, group="caption")
def prompt_history(
    generation_facts: Rows[GenerationFact],
    prompt_reconstructions: Rows[PromptReconstruction],
    project: Project,
    now: datetime,
) -> pl.DataFrame:
    """Keeps the prompts of files, and those that the model is sure of."""
    return prompt_rows(generation_facts, prompt_reconstructions, project.ledger, now)
