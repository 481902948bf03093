"""Words: what describers say about the chosen pictures, job by job.

Holds the stages of the group "caption": one a job, and what is put together from them.
Add here: the stage of a new job.
Keep out: prompts, conditions and describers (proofsheet/texts/), and the gate (assets/proof.py).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import dagster as dg
import polars as pl

from assets.checks import RowCheck
from assets.stage import Rows, stage
from proofsheet.core.progress import Progress
from proofsheet.proof.media_meta import meta_rows, prompt_rows
from proofsheet.storage.workspace import Project
from proofsheet.texts import job_requests as ask
from proofsheet.texts.coverage import described
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
from resources.words import CaptioningResource, VisionModelResource
from schemas.facts import ImportedFlag, ModelAnswer, WordEdit
from schemas.sets import Identification
from schemas.table import Table
from schemas.tags import MediaMeta, PromptHistory
from schemas.words import (
    Answered,
    Caption,
    DuplicateHint,
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
    lambda r: described(r).line("described" if r.columns == list(Caption.columns()) else "answered"),
)
AS_WANTED = RowCheck(
    "model_as_wanted", "The model that the settings ask for first answered.", lambda r: r.filter(_fell_back())
)
NEEDS_REVIEW = RowCheck("needs_review", "No photo needs a person to look.", _needs_review)


def _is_open() -> pl.Expr:
    return pl.col(Answered.status).is_in(_OPEN)


def _fell_back() -> pl.Expr:
    return pl.col(Answered.model).is_not_null() & (pl.col(Answered.model) != pl.col(Answered.wanted_model))


def job_stage(
    job: Job, *more: RowCheck, reads: Sequence[type[Table]] = ()
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """The stage of a job: its parameter `answers` has what the describer answered to the questions that the tables give."""

    def answers(
        questions: Sequence[JobRequest],
        project: Project,
        vision_model: VisionModelResource,
        progress: Progress,
        now: datetime,
    ) -> Rows:
        said = vision_model.answer(job, questions, project, now, progress)
        return Rows([said.rows], said.facts)

    steps = {**ask.joined(ask.STEPS[job.name]), "answers": answers}
    checks = {job.table: [ANSWERED, *more]}
    return stage(job.table, group="caption", reads=reads, looks_outside=True, joined=steps, row_checks=checks)


@job_stage(CAPTION, AS_WANTED, reads=(WordEdit,))
def captions(answers: Rows) -> Rows:
    """Asks for caption, alternative text and description of every wanted picture, once."""
    return answers


@job_stage(TITLE, reads=(WordEdit,))
def titles(answers: Rows) -> Rows:
    """Asks for a title, once."""
    return answers


@job_stage(TAGS, reads=(WordEdit,))
def tag_sets(answers: Rows) -> Rows:
    """Asks for keywords where there are too few, and maps those that are there."""
    return answers


@job_stage(QUALITY, NEEDS_REVIEW)
def quality_verdicts(answers: Rows) -> Rows:
    """Asks for quality and defects."""
    return answers


@job_stage(DUPLICATES)
def duplicate_hints(answers: Rows) -> Rows:
    """Asks what tells near-duplicates apart; without candidates nothing is asked."""
    return answers


@job_stage(PROMPT)
def prompt_reconstructions(answers: Rows) -> Rows:
    """Asks for the prompt of generated pictures that lack one."""
    return answers


@job_stage(SCORES)
def model_scores(answers: Rows) -> Rows:
    """Asks for five scores where there is a verdict on quality."""
    return answers


@job_stage(POLICY, NEEDS_REVIEW, reads=(ImportedFlag,))
def policy_flags(answers: Rows) -> Rows:
    """Decides what may be published; a conflict or anything unknown needs a person."""
    return answers


@job_stage(RATING)
def ratings(answers: Rows) -> Rows:
    """Asks for ratings by criterion; off unless the settings ask for it."""
    return answers


@stage(
    Identification,
    group="caption",
    looks_outside=True,
    joined={"asked": ask.described},
    row_checks={Identification: [ANSWERED]},
)
def identifications(
    asked: Sequence[JobRequest],
    scenes: pl.DataFrame,
    objects: pl.DataFrame,
    quality_verdicts: pl.DataFrame,
    project: Project,
    vision_model: VisionModelResource,
    captioning: CaptioningResource,
    now: datetime,
    progress: Progress,
) -> Rows:
    """Asks identifiers, and believes what two of them agree on or one is sure of."""
    describing = vision_model.describing(project)
    rows, facts = identification_rows(
        asked, scenes, objects, quality_verdicts, describing, project, captioning, now, progress
    )
    return Rows([rows], facts)


@stage(MediaMeta, group="caption", reads=(ModelAnswer,))
def media_meta(
    captions: pl.DataFrame,
    titles: pl.DataFrame,
    tag_sets: pl.DataFrame,
    quality_verdicts: pl.DataFrame,
    duplicate_hints: pl.DataFrame,
    prompt_reconstructions: pl.DataFrame,
    model_scores: pl.DataFrame,
    policy_flags: pl.DataFrame,
    photos: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Puts everything that was answered under the keys that other tools know."""
    answered: dict[type[Table], pl.DataFrame] = {
        Caption: captions,
        Title: titles,
        TagSet: tag_sets,
        QualityVerdict: quality_verdicts,
        DuplicateHint: duplicate_hints,
    }
    answered |= {
        PromptReconstruction: prompt_reconstructions,
        ModelScore: model_scores,
        PolicyFlag: policy_flags,
    }
    return meta_rows(project.key, answered, photos, project.ledger)


@stage(PromptHistory, group="caption")
def prompt_history(
    generation_facts: pl.DataFrame, prompt_reconstructions: pl.DataFrame, project: Project, now: datetime
) -> pl.DataFrame:
    """Keeps the prompts of files, and those that the model is sure of."""
    return prompt_rows(generation_facts, prompt_reconstructions, project.ledger, now)
