"""Captions: ask the describer once for each picture and content, keep the answer, make the rows.

Holds `wanted` and `caption_rows`.
Add here: what is done with answers.
Keep out: how a describer works.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.files import short_hash
from proofsheet.ledger import Ledger
from proofsheet.progress import Progress
from proofsheet.words.describe import Describer, Words
from schemas.facts import ModelAnswer
from schemas.library import ExifFact, Photo
from schemas.review import Decision
from schemas.settings import CaptionSettings
from schemas.vision import ImageQuality
from schemas.words import Caption

JOB = "caption"
_NOT_SEEN = {Photo.project, Photo.photo_id, ImageQuality.measured_by}  # they are not put into the question
_FACTS = [n for t in (ImageQuality, ExifFact) for n in t.columns() if n not in _NOT_SEEN]


def described_facts(photos: pl.DataFrame, quality: pl.DataFrame, exif: pl.DataFrame) -> pl.DataFrame:
    """Photos with everything that was measured about them."""
    ids = [Photo.project, Photo.photo_id]
    return photos.join(quality, on=ids, how="inner").join(exif, on=ids, how="inner")


def wanted(facts: pl.DataFrame, decisions: pl.DataFrame, settings: CaptionSettings) -> pl.DataFrame:
    """The photos that get texts: picks and single pictures, or all if the settings say so."""
    if settings.all_images:
        return facts
    return facts.filter(pl.col(Photo.photo_id).is_in(decisions[Decision.chosen_photo_id].implode()))


def caption_rows(
    project: str, facts: pl.DataFrame, describer: Describer, ledger: Ledger, now: datetime, progress: Progress
) -> pl.DataFrame:
    """The rows of `captions`; a picture that was answered before is not asked about again.

    Args:
        project: partition key.
        facts: rows of `described_facts` that are wanted.
        describer: writes the words.
        ledger: keeps every answer, committed one by one.
        now: time of the answers (UTC, no zone).
        progress: told after every row.
    """
    known = {
        (row[ModelAnswer.image_hash], row[ModelAnswer.prompt_hash]): row[ModelAnswer.reply]
        for row in ledger.rows(ModelAnswer, job=JOB, model_digest=describer.digest).to_dicts()
    }
    rows = []
    for done, row in enumerate(facts.to_dicts(), start=1):
        asked = _prompt_hash(row, describer)
        reply = known.get((row[Photo.content_hash], asked)) or _ask(row, asked, describer, ledger, now)
        rows.append(_row(project, row, Words(**json.loads(reply)), describer))
        progress.step("captions", done, facts.height)
    return Caption.frame(rows)


def _prompt_hash(row: Mapping[str, Any], describer: Describer) -> str:
    seen = json.dumps({n: row[n] for n in _FACTS}, default=str, sort_keys=True)
    return short_hash(describer.name, describer.prompt_version, seen, length=32)


def _ask(row: Mapping[str, Any], asked: str, describer: Describer, ledger: Ledger, now: datetime) -> str:
    reply = json.dumps(asdict(describer.describe(row)), ensure_ascii=False)
    answer = {
        ModelAnswer.image_hash: row[Photo.content_hash],
        ModelAnswer.prompt_hash: asked,
        ModelAnswer.model_digest: describer.digest,
        ModelAnswer.options_hash: "none",
        ModelAnswer.job: JOB,
        ModelAnswer.model: describer.name,
        ModelAnswer.prompt_version: describer.prompt_version,
        ModelAnswer.reply: reply,
        ModelAnswer.answered_at: now,
    }
    ledger.add(ModelAnswer, [answer])
    return reply


def _row(project: str, row: Mapping[str, Any], words: Words, describer: Describer) -> dict[str, object]:
    return {
        Caption.project: project,
        Caption.photo_id: row[Photo.photo_id],
        Caption.title: words.title,
        Caption.caption: words.caption,
        Caption.alt_text: words.alt_text,
        Caption.keywords: words.keywords,
        Caption.source: "model",
        Caption.model: describer.name,
        Caption.model_digest: describer.digest,
        Caption.prompt_version: describer.prompt_version,
    }
