"""Every answer about a photo as key and value, its events, and the history of its prompts.

Holds `meta_rows`, `noted_events`, `prompt_rows`.
Add here: a key that other tools know.
Keep out: asking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.proof.lifecycle import event
from proofsheet.storage.ledger import Ledger
from schemas.answers import ModelAnswer
from schemas.library import GenerationFact, Photo
from schemas.media_meta import LifecycleEvent, MediaLifecycleEvent, MediaMeta, PromptHistory, PromptRecord
from schemas.table import Table
from schemas.vision import PictureHash
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

Row = Mapping[str, Any]
_SHARED = {Table.project, *(n for n in vars(Answered) if not n.startswith("_"))}


def _whole(row: Row) -> dict[str, Any]:
    return {n: v for n, v in row.items() if n not in _SHARED}


_KEYS: dict[type[Table], dict[str, Callable[[Row], Any]]] = {
    Caption: {
        "ollama.caption": lambda r: r[Caption.caption],
        "ollama.description": lambda r: r[Caption.description],
        "ollama.alt_text": lambda r: r[Caption.alt_text],
        "ollama.model": lambda r: r[Caption.model],
    },
    Title: {"ollama.title": lambda r: r[Title.title]},
    TagSet: {
        "ollama.tags_raw": lambda r: r[TagSet.tags_raw],
        "ollama.tags_normalized": lambda r: r[TagSet.tags_normalized],
    },
    QualityVerdict: {"ollama.quality": _whole},
    DuplicateHint: {"ollama.duplicate_assist": _whole},
    PromptReconstruction: {"ollama.prompt_reconstruction": _whole},
    ModelScore: {"ollama.scores": _whole},
    PolicyFlag: {"ollama.policy_flags": _whole},
}


def meta_rows(
    project: str,
    tables: Mapping[type[Table], pl.DataFrame],
    photos: pl.DataFrame,
    picture_hashes: pl.DataFrame,
    ledger: Ledger,
) -> pl.DataFrame:
    """The rows of `media_meta`: one a photo and key, for jobs that were answered.

    Args:
        project: partition key.
        tables: the tables of the jobs.
        photos: rows of `photos`.
        picture_hashes: rows of `picture_hashes`.
        ledger: knows when a model answered last.
    """
    found: dict[tuple[str, str], str] = {}
    for table, frame in tables.items():
        for row in frame.filter(pl.col(Answered.status) == "answered").to_dicts():
            for key, value in _KEYS[table].items():
                told = value(row)
                if told not in (None, "", []):
                    found[row[Answered.photo_id], key] = (
                        told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
                    )
    answers = ledger.rows(ModelAnswer).filter(pl.col(ModelAnswer.retracted).is_null())
    times = answers.group_by(ModelAnswer.image_hash).agg(pl.col(ModelAnswer.answered_at).max())
    last = dict(times.iter_rows())
    files = dict(photos.select(Photo.photo_id, Photo.content_hash).iter_rows())
    for photo, picture in picture_hashes.select(PictureHash.photo_id, PictureHash.pixel_hash).iter_rows():
        if time := last.get(picture) or last.get(files.get(photo, "")):
            found[photo, "ollama.last_run_at"] = time.isoformat(timespec="seconds")
    return MediaMeta.frame(
        {
            MediaMeta.project: project,
            MediaMeta.photo_id: photo,
            MediaMeta.meta_key: key,
            MediaMeta.meta_value: value,
        }
        for (photo, key), value in sorted(found.items())
    )


def noted_events(quality: pl.DataFrame, policy: pl.DataFrame, ledger: Ledger, now: datetime) -> pl.DataFrame:
    """The rows of `media_lifecycle_events`, after noting results for quality and policy.

    No event is noted twice.
    """
    found = [*_quality(quality, now), *_policy(policy, now)]
    ledger.add(LifecycleEvent, found)
    return ledger.rows(LifecycleEvent).select(MediaLifecycleEvent.polars_schema().names())


def _quality(rows: pl.DataFrame, now: datetime) -> Iterator[dict[str, object]]:
    for row in rows.filter(pl.col(Answered.status) == "answered").to_dicts():
        detail = (
            f"{row[QualityVerdict.quality_status]}, {row[QualityVerdict.quality_score]:g}, by "
            f"{row[Answered.model]}"
        )
        yield event(row[Answered.photo_id], "quality_eval", detail, now)


def _policy(rows: pl.DataFrame, now: datetime) -> Iterator[dict[str, object]]:
    for row in rows.filter(pl.col(Answered.status) == "answered").to_dicts():
        told = (
            "publishable"
            if row[PolicyFlag.publishable]
            else f"not publishable: {row[PolicyFlag.blocked_reason]}"
        )
        yield event(
            row[Answered.photo_id],
            "policy_eval",
            told + (", needs review" if row[PolicyFlag.needs_review] else ""),
            now,
        )


def prompt_rows(
    generation_facts: pl.DataFrame, reconstructed: pl.DataFrame, ledger: Ledger, now: datetime
) -> pl.DataFrame:
    """The rows of `prompt_history`, after noting the prompts of files and those that a model is sure of."""
    found = [
        _record(
            r[GenerationFact.photo_id],
            r[GenerationFact.prompt],
            r[GenerationFact.negative_prompt],
            None,
            "file",
            now,
        )
        for r in generation_facts.drop_nulls(GenerationFact.prompt).to_dicts()
    ]
    p = PromptReconstruction
    sure = reconstructed.filter(pl.col(p.in_history)).drop_nulls(p.prompt).to_dicts()
    found += [
        _record(r[p.photo_id], r[p.prompt], r[p.negative_prompt], r[p.confidence], "ollama_prompt_recon", now)
        for r in sure
    ]
    ledger.add(PromptRecord, found)
    return ledger.rows(PromptRecord).select(PromptHistory.polars_schema().names())


def _record(
    photo: str, prompt: str, negative: str | None, confidence: float | None, source: str, now: datetime
) -> dict[str, object]:
    return {
        PromptRecord.photo_id: photo,
        PromptRecord.text_hash: short_hash(prompt, negative or "", source, length=24),
        PromptRecord.prompt: prompt,
        PromptRecord.negative_prompt: negative,
        PromptRecord.confidence: confidence,
        PromptRecord.source: source,
        PromptRecord.noted_at: now,
    }
