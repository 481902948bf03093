"""When a job is needed for a photo, and what is put into its question.

Holds one function a job, from tables to `JobRequest`, and `STEPS`; annotations say which tables they need.
Add here: the conditions of a new job.
Keep out: asking (inference.py) and columns (jobs.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.storage.workspace import Project
from proofsheet.texts.edits import latest_edits
from proofsheet.texts.jobs import JobRequest
from schemas.facts import ImportedFlag
from schemas.library import ExifFact, GenerationFact, Photo
from schemas.proof import Texts
from schemas.review import Choice
from schemas.sets import ImageSet
from schemas.settings_words import CaptionSettings, RatingSettings
from schemas.table import Rows
from schemas.vision import Duplicate, ImageQuality, PictureHash, Preview
from schemas.words import Caption, DuplicateHint, ModelScore, PolicyFlag, QualityVerdict, TagSet

_NOT_SEEN = {Photo.project, Photo.photo_id, ImageQuality.measured_by}
_FACTS = [n for t in (ImageQuality, ExifFact) for n in t.columns() if n not in _NOT_SEEN]
_PLAIN = "plain"  # name of a value that no prompt shows; it keeps facts apart for the embedded describer
_MOST_COMPARED = 6
_LEAST_WORDS = 3
Row = Mapping[str, Any]


def described_facts(
    photos: Rows[Photo], image_quality: Rows[ImageQuality], exif_facts: Rows[ExifFact]
) -> pl.DataFrame:
    """Photos with everything that was measured about them."""
    ids = [Photo.project, Photo.photo_id]
    return photos.join(image_quality, on=ids, how="inner").join(exif_facts, on=ids, how="inner")


def described(
    photos: Rows[Photo],
    image_quality: Rows[ImageQuality],
    exif_facts: Rows[ExifFact],
    previews: Rows[Preview],
    picture_hashes: Rows[PictureHash],
    image_sets: Rows[ImageSet],
    choices: Rows[Choice],
    captioning: CaptionSettings,
) -> list[JobRequest]:
    """The photos that get texts, in the order of their paths: the chosen one of each set, or all if the settings say so."""
    ids = [Photo.project, Photo.photo_id]
    facts = (
        described_facts(photos, image_quality, exif_facts).join(previews, on=ids).join(picture_hashes, on=ids)
    )
    subjects = dict(image_sets.select(ImageSet.folder, ImageSet.subject).iter_rows())
    if not captioning.all_images:
        facts = facts.filter(
            pl.col(Photo.photo_id).is_in(choices[Choice.chosen_photo_id].drop_nulls().implode())
        )
    return [_asked(row, subjects) for row in facts.sort(Photo.path).to_dicts()]


def _asked(row: Row, subjects: Mapping[str, str | None]) -> JobRequest:
    subject = subjects.get(row[Photo.folder])
    return JobRequest(
        photo_id=row[Photo.photo_id],
        image_hash=row[Photo.content_hash],
        pictures=(row[Preview.preview_path] or row[Preview.thumb_path],),
        values={"subject": f"Confirmed subject of the set: {subject}" if subject else ""},
        facts={n: row[n] for n in _FACTS},
        phash=row[PictureHash.phash],
    )


def tag_questions(
    asked: Sequence[JobRequest], project: Project, captioning: CaptionSettings
) -> list[JobRequest]:
    """Needed where a photo has fewer tags than the minimum, or twice the same in other letters."""
    written = latest_edits(project.ledger)
    return [
        _tag_question(one, written.get((one.photo_id, Texts.keywords), ""), captioning.least_tags)
        for one in asked
    ]


def _tag_question(one: JobRequest, written: str, least: int) -> JobRequest:
    tags: list[str] = json.loads(written) if written else []
    enough = len(tags) >= least > 0 and len({t.casefold().strip() for t in tags}) == len(tags)
    skip = f"{len(tags)} tags are there" if enough else None
    return replace(
        one, values={"tags": ", ".join(tags) or "none"}, facts={**one.facts, TagSet.tags_raw: tags}, skip=skip
    )


def plain_questions(asked: Iterable[JobRequest]) -> list[JobRequest]:
    """The picture alone."""
    return [replace(one, values={}) for one in asked]


def duplicate_questions(
    photos: Rows[Photo], previews: Rows[Preview], duplicates: Rows[Duplicate]
) -> list[JobRequest]:
    """One question a cluster of near-duplicates, under its first photo; without candidates there is nothing to ask."""
    ids = [Photo.project, Photo.photo_id]
    near = (
        duplicates.filter(pl.col(Duplicate.kind) == "near")
        .join(photos, on=ids)
        .join(previews, on=ids)
        .sort(Photo.path)
    )
    found = []
    for part in near.partition_by(Duplicate.cluster_id, maintain_order=True):
        rows = part.head(_MOST_COMPARED).to_dicts()
        members = [r[Photo.photo_id] for r in rows]
        found.append(
            JobRequest(
                photo_id=members[0],
                image_hash=short_hash(*(r[Photo.content_hash] for r in rows), length=64),
                pictures=tuple(r[Preview.preview_path] or r[Preview.thumb_path] for r in rows),
                values={"count": str(len(rows))},
                facts={DuplicateHint.candidates: members},
            )
        )
    return found


def prompt_questions(
    asked: Sequence[JobRequest],
    generation_facts: Rows[GenerationFact],
    quality_verdicts: Rows[QualityVerdict],
    captioning: CaptionSettings,
) -> list[JobRequest]:
    """Needed for generated pictures whose prompt is missing or incomplete, or whose quality is of class C."""
    made = generation_facts.filter(pl.col(GenerationFact.generated))
    generated = {r[GenerationFact.photo_id]: r[GenerationFact.prompt] or "" for r in made.to_dicts()}
    classes = dict(quality_verdicts.select(QualityVerdict.photo_id, QualityVerdict.quality_class).iter_rows())
    found = []
    for one in asked:
        known = generated.get(one.photo_id)
        poor = classes.get(one.photo_id) == "C"
        skip = (
            "no generated picture"
            if known is None
            else "its prompt is known"
            if len(known.split()) >= _LEAST_WORDS
            else None
        )
        facts = {"sure_prompt": captioning.sure_prompt}
        found.append(
            replace(
                one,
                values={"prompt": known or "nothing"},
                facts=facts,
                skip=None if poor and known is not None else skip,
            )
        )
    return found


def score_questions(
    asked: Sequence[JobRequest],
    captions: Rows[Caption],
    quality_verdicts: Rows[QualityVerdict],
    generation_facts: Rows[GenerationFact],
) -> list[JobRequest]:
    """Needed where there is a verdict on quality."""
    texts = dict(captions.select(Caption.photo_id, Caption.caption).iter_rows())
    prompts = dict(generation_facts.select(GenerationFact.photo_id, GenerationFact.prompt).iter_rows())
    judged = set(
        quality_verdicts.filter(pl.col(QualityVerdict.quality_status) != "unknown")[QualityVerdict.photo_id]
    )
    found = []
    for one in asked:
        text = prompts.get(one.photo_id) or texts.get(one.photo_id) or "none"
        skip = None if one.photo_id in judged else "there is no verdict on its quality"
        found.append(replace(one, values={"text": text}, skip=skip))
    return found


def policy_questions(
    asked: Sequence[JobRequest],
    quality_verdicts: Rows[QualityVerdict],
    model_scores: Rows[ModelScore],
    project: Project,
) -> list[JobRequest]:
    """Needed before publishing, from quality, scores and imported flags; an absent flag is unknown, never safe."""
    quality = {r[QualityVerdict.photo_id]: r for r in quality_verdicts.to_dicts()}
    scores = {r[ModelScore.photo_id]: r for r in model_scores.to_dicts()}
    flags = {
        (r[ImportedFlag.content_hash], r[ImportedFlag.flag]): r[ImportedFlag.value]
        for r in project.ledger.rows(ImportedFlag).to_dicts()
    }
    found = []
    for one in asked:
        nsfw, scan = (flags.get((one.image_hash, flag), "unknown") for flag in ("nsfw", "scan"))
        told, score = quality.get(one.photo_id, {}), scores.get(one.photo_id, {})
        status = told.get(QualityVerdict.quality_status, "unknown")
        names = (
            ModelScore.fidelity,
            ModelScore.aesthetic,
            ModelScore.novelty,
            ModelScore.compliance,
            ModelScore.completeness,
        )
        values = {
            "quality": f"{status}, {', '.join(told.get(QualityVerdict.quality_flags) or ['no defects'])}",
            "scores": ", ".join(f"{n} {score[n]:g}" for n in names if score.get(n) is not None) or "none",
            "flags": f"nsfw {nsfw}, scan {scan}",
        }
        facts = {PolicyFlag.nsfw: nsfw, PolicyFlag.scan: scan, QualityVerdict.quality_status: status}
        found.append(replace(one, values=values, facts=facts))
    return found


def rating_questions(asked: Sequence[JobRequest], rating_rule: RatingSettings) -> list[JobRequest]:
    """Every photo that gets texts, by the criteria of the settings."""
    values, facts = {"criteria": ", ".join(rating_rule.criteria)}, {"criteria": tuple(rating_rule.criteria)}
    return [replace(one, values=values, facts={**one.facts, **facts}) for one in asked]


_DESCRIBED = {"asked": described}
STEPS: Mapping[
    str, Mapping[str, Callable[..., list[JobRequest]]]
] = {  # job to the inputs of its asset, the last one its questions
    "caption": {"questions": described},
    "title": {"questions": described},
    "tags_normalize": {**_DESCRIBED, "questions": tag_questions},
    "quality": {**_DESCRIBED, "questions": plain_questions},
    "duplicate_assist": {"questions": duplicate_questions},
    "prompt_recon": {**_DESCRIBED, "questions": prompt_questions},
    "score_multi": {**_DESCRIBED, "questions": score_questions},
    "policy_flags": {**_DESCRIBED, "questions": policy_questions},
    "rating": {**_DESCRIBED, "questions": rating_questions},
}
