"""Identification: a router picks identifiers, and each gives candidates.

Only agreement or great certainty names anything.

Holds `route`, `consensus`, `identification_rows` and `agreed_names`.
Add here: another identifier, with its prompt and its words in `_ROUTES`.
Keep out: writing names into keywords (proof/vocabulary.py does, and the gate judges them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.core.progress import Progress
from proofsheet.rules.tokens import words
from proofsheet.storage.workspace import Project
from proofsheet.texts.describer import Describer
from proofsheet.texts.inference import answers
from proofsheet.texts.job_results import JobResult
from proofsheet.texts.jobs import IDENTIFIERS, JobRequest
from schemas.labels import Scene, SeenObject
from schemas.replies import Candidate, IdentifyReply
from schemas.settings.captions import CaptionSettings
from schemas.words import Identification, QualityVerdict

_ROUTES = {
    "biology": (
        "animal bird dog cat horse insect butterfly flower plant tree fungus mushroom fish wildlife "
        "biology sheep cow bear"
    ),
    "vehicle": (
        "car vehicle aircraft airplane aeroplane truck lorry bus train motorcycle boat ship helicopter "
        "bicycle"
    ),
}
_LEAST = 0.5
_ENCODER = "encoder labels"
Row = Mapping[str, Any]


def route(labels: Sequence[str]) -> str:
    """Which identifier is asked beside the general one: biology, vehicle, or general for neither.

    Args:
        labels: of encoder, detector and quality job, most certain first.
    """
    for label in labels:
        for name, known in _ROUTES.items():
            if set(words(label)) & set(known.split()):
                return name
    return "general"


def consensus(candidates: Sequence[tuple[str, Candidate]], sure: float) -> tuple[str | None, str]:
    """What may be believed, and why.

    Two identifiers that agree on a name, or one that is sure of it; else two that agree on the broader term;
    else nothing.

    Args:
        candidates: identifier and candidate.
        sure: confidence from which one alone is believed.
    """
    if name := _agreed([(who, c.name) for who, c in candidates if c.confidence >= _LEAST]):
        return name, "two agree"
    best = max((c for _who, c in candidates), key=lambda c: c.confidence, default=None)
    if best is not None and best.confidence >= sure:
        return best.name, "one is sure"
    broader = _agreed([(who, b) for who, c in candidates for b in (c.broader, c.name)])
    return (broader, "broader term") if broader else (None, "none")


def _agreed(said: Sequence[tuple[str, str]]) -> str | None:
    """The first name that two identifiers give, compared by its words."""
    by_name: dict[tuple[str, ...], dict[str, str]] = {}
    for who, name in said:
        key = tuple(words(name))
        if key:
            by_name.setdefault(key, {}).setdefault(who, name)
    return next((next(iter(who.values())) for who in by_name.values() if len(who) > 1), None)


def agreed_names(identifications: pl.DataFrame) -> dict[str, str]:
    """Photo to the name that may go into its keywords, and so before the gate."""
    known = identifications.drop_nulls(Identification.consensus)
    return dict(known.select(Identification.photo_id, Identification.consensus).iter_rows())


def identification_rows(
    asked: Sequence[JobRequest],
    scenes: pl.DataFrame,
    objects: pl.DataFrame,
    quality_verdicts: pl.DataFrame,
    describing: Describer,
    project: Project,
    captioning: CaptionSettings,
    now: datetime,
    progress: Progress,
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The rows of `identifications`, and the numbers.

    Args:
        asked: photos that get texts.
        scenes: rows of `scenes`.
        objects: rows of `objects`.
        quality_verdicts: rows of `quality_verdicts`; their domain routes where there are no labels.
        describing: who answers.
        project: of the rows.
        captioning: how sure one identifier must be.
        now: when (UTC, no zone).
        progress: called after every answer.
    """
    labels = _labels(scenes, objects, quality_verdicts)
    ways = {one.photo_id: route([w for w, _c in labels.get(one.photo_id, [])]) for one in asked}
    plain = [replace(one, values={}) for one in asked]
    general, facts = answers(IDENTIFIERS["general"], plain, describing, project, now, progress)
    special: dict[str, JobResult] = {}
    for name in _ROUTES:
        routed = [one for one in plain if ways[one.photo_id] == name]
        found, more = (
            answers(IDENTIFIERS[name], routed, describing, project, now, progress) if routed else ([], {})
        )
        special |= {t.request.photo_id: t for t in found}
        facts["calls"] = facts.get("calls", 0) + more.get("calls", 0)
    rows = [
        _row(
            project.key,
            t,
            special.get(t.request.photo_id),
            ways[t.request.photo_id],
            labels,
            captioning.sure_name,
        )
        for t in general
    ]
    return Identification.frame(rows), facts


def _labels(
    scenes: pl.DataFrame, objects: pl.DataFrame, quality: pl.DataFrame
) -> dict[str, list[tuple[str, float]]]:
    """What was seen by others than the describer comes first; the describer's own domain only routes."""
    found: dict[str, list[tuple[str, float]]] = {}
    for row in objects.to_dicts():
        found.setdefault(row[SeenObject.photo_id], []).extend(
            (o["label"], o["score"]) for o in row[SeenObject.objects]
        )
    for row in scenes.to_dicts():
        found.setdefault(row[Scene.photo_id], []).extend(
            (s["label"], s["probability"]) for s in row[Scene.labels]
        )
    for row in quality.to_dicts():
        if row[QualityVerdict.domain_type]:
            found.setdefault(row[QualityVerdict.photo_id], []).append((row[QualityVerdict.domain_type], 0.0))
    return found


def _row(
    project: str,
    general: JobResult,
    special: JobResult | None,
    way: str,
    labels: Mapping[str, list[tuple[str, float]]],
    sure: float,
) -> dict[str, object]:
    photo = general.request.photo_id
    seen = [
        (_ENCODER, Candidate(name=w, broader=w, confidence=c))
        for w, c in labels.get(photo, [])
        if c >= _LEAST
    ]
    said = [
        (who, c) for who, told in (("general", general), (way, special)) if told for c in _candidates(told)
    ]
    name, how = consensus([*said, *seen], sure) if said else (None, "none")
    return {
        Identification.project: project,
        **general.columns,
        Identification.route: way,
        Identification.candidates: [{**c.model_dump(), "identifier": who} for who, c in [*said, *seen]],
        Identification.consensus: name,
        Identification.how: how,
    }


def _candidates(told: JobResult) -> list[Candidate]:
    return list(told.reply.candidates) if isinstance(told.reply, IdentifyReply) else []
