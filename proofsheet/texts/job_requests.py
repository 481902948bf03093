"""When a job is needed for a photo, and what is put into its question.

Holds one function a job, from tables to `JobRequest`, `ASKED` and `STEPS`; annotations name the tables.
Add here: the conditions of a new job.
Keep out: which photos get texts (described.py), asking (inference.py) and columns (jobs.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.storage.workspace import Project
from proofsheet.texts.described import described, known_prompts
from proofsheet.texts.edits import latest_edits
from proofsheet.texts.embedded_describer import BACKEND
from proofsheet.texts.jobs import KNOWN, JobRequest
from proofsheet.texts.known_facts import answer_lines, distance_lines, known_text, scan_line
from proofsheet.texts.picture_facts import written_words
from schemas.groups import Duplicate
from schemas.labels import ContentFlag, ImportedFlag
from schemas.library import GenerationFact, Photo
from schemas.proof import Texts
from schemas.settings.captions import CaptionSettings
from schemas.settings.rating import RatingSettings
from schemas.table import Rows
from schemas.vision import PictureHash, Preview
from schemas.words import Answered, Caption, DuplicateHint, ModelScore, PolicyFlag, QualityVerdict, TagSet

_MOST_COMPARED = 6
_LEAST_WORDS = 3
_BY_PERSON = "people wrote it with another program"


def questions_with_words(asked: Sequence[JobRequest], project: Project) -> list[JobRequest]:
    """The same questions, with the words of people among the known facts.

    What people wrote here counts more than what they wrote into a file or sidecar.
    """
    words = written_words(project.ledger)
    return [
        replace(one, known=one.known.with_words(words.get(one.photo_id, {}))) if one.known else one
        for one in asked
    ]


def title_questions(asked: Sequence[JobRequest], project: Project) -> list[JobRequest]:
    """Needed where no person wrote a title into the file or sidecar."""
    elsewhere = {one.photo_id for one in asked if _is_written(one, Texts.title)}
    return [
        replace(one, skip=_BY_PERSON if one.photo_id in elsewhere else one.skip)
        for one in questions_with_words(asked, project)
    ]


def _is_written(one: JobRequest, field: str) -> bool:
    return one.known is not None and bool(one.known.written.get(field))


def tag_questions(
    asked: Sequence[JobRequest],
    captions: Rows[Caption],
    generation_facts: Rows[GenerationFact],
    project: Project,
    captioning: CaptionSettings,
) -> list[JobRequest]:
    """Needed where a photo has fewer tags than the minimum, or twice the same in other letters.

    Keywords that people wrote into the file or sidecar are taken as they are: nothing is asked.
    """
    elsewhere = {one.photo_id for one in asked if _is_written(one, Texts.keywords)}
    written, flags = latest_edits(project.ledger), _flags(project)
    texts, prompts = _by_model(captions, Caption.caption), known_prompts(generation_facts)
    found = []
    for one in questions_with_words(asked, project):
        stated = written.get((one.photo_id, Texts.keywords), "")
        tags: list[str] = json.loads(stated) if stated else []
        said = answer_lines(texts.get(one.photo_id), (), prompts.get(one.photo_id))
        scan = scan_line(_flag(flags, one, "scan"))
        values = {"tags": ", ".join(tags) or "none", KNOWN: known_text([*said, scan])}
        facts = {**one.facts, TagSet.tags_raw: tags}
        skip = f"{len(tags)} tags are there" if _are_enough(tags, captioning.least_tags) else None
        if not tags and one.photo_id in elsewhere:
            skip = _BY_PERSON
        found.append(
            replace(one, values=values, facts=facts, skip=skip, alone=bool(tags), says_more=bool(scan))
        )
    return found


def _are_enough(tags: Sequence[str], least: int) -> bool:
    return len(tags) >= least > 0 and len({t.casefold().strip() for t in tags}) == len(tags)


def _by_model(answered: pl.DataFrame, name: str) -> dict[str, Any]:
    """Photo to the answer of a model; those of the embedded describer are left out."""
    by_model = (pl.col(Answered.status) == "answered") & (pl.col(Answered.backend) != BACKEND)
    return dict(answered.filter(by_model).select(Answered.photo_id, name).iter_rows())


def _flags(project: Project) -> dict[tuple[str, str], str]:
    rows = project.ledger.rows(ImportedFlag).to_dicts()
    return {(r[ImportedFlag.content_hash], r[ImportedFlag.flag]): r[ImportedFlag.value] for r in rows}


def _flag(flags: Mapping[tuple[str, str], str], one: JobRequest, name: str) -> str:
    """An imported flag of a file, else of its picture; absent is unknown."""
    return flags.get((one.file_hash, name)) or flags.get((one.image_hash, name)) or "unknown"


def quality_questions(
    asked: Iterable[JobRequest], captions: Rows[Caption], tag_sets: Rows[TagSet], project: Project
) -> list[JobRequest]:
    """Every photo that gets texts, with its caption, tags and the flag of a scan."""
    texts, tags = _by_model(captions, Caption.caption), _by_model(tag_sets, TagSet.tags_normalized)
    flags = _flags(project)
    found = []
    for one in asked:
        said = answer_lines(texts.get(one.photo_id), tags.get(one.photo_id, ()), None)
        scan = scan_line(_flag(flags, one, "scan"))
        found.append(replace(one, values={KNOWN: known_text([*said, scan])}, says_more=bool(scan)))
    return found


def duplicate_questions(
    photos: Rows[Photo],
    previews: Rows[Preview],
    picture_hashes: Rows[PictureHash],
    duplicates: Rows[Duplicate],
) -> list[JobRequest]:
    """One question for each cluster of near-duplicates, under its first photo.

    Without candidates there is no question.
    """
    ids = [Photo.project, Photo.photo_id]
    near = (
        duplicates.filter(pl.col(Duplicate.kind) == "near")
        .join(photos, on=ids)
        .join(previews, on=ids)
        .join(picture_hashes, on=ids)
        .sort(Photo.path)
    )
    found = []
    for part in near.partition_by(Duplicate.cluster_id, maintain_order=True):
        rows = part.head(_MOST_COMPARED).to_dicts()
        members = [r[Photo.photo_id] for r in rows]
        others = [
            (n, r) for n, r in enumerate(rows, start=1) if r[Photo.photo_id] != r[Duplicate.first_photo_id]
        ]
        bits = distance_lines((n, r[Duplicate.bits]) for n, r in others)
        found.append(
            JobRequest(
                photo_id=members[0],
                image_hash=short_hash(*(r[PictureHash.pixel_hash] for r in rows), length=64),
                pictures=tuple(r[Preview.preview_path] or r[Preview.thumb_path] for r in rows),
                values={"count": str(len(rows)), KNOWN: known_text(bits)},
                facts={DuplicateHint.candidates: members},
                file_hash=short_hash(*(r[Photo.content_hash] for r in rows), length=64),
            )
        )
    return found


def prompt_questions(
    asked: Sequence[JobRequest],
    generation_facts: Rows[GenerationFact],
    captions: Rows[Caption],
    tag_sets: Rows[TagSet],
    quality_verdicts: Rows[QualityVerdict],
    captioning: CaptionSettings,
) -> list[JobRequest]:
    """Needed for generated pictures of quality class C, or with a missing or incomplete prompt."""
    made = generation_facts.filter(pl.col(GenerationFact.generated))
    generated = {r[GenerationFact.photo_id]: r[GenerationFact.prompt] or "" for r in made.to_dicts()}
    classes = dict(quality_verdicts.select(QualityVerdict.photo_id, QualityVerdict.quality_class).iter_rows())
    texts, tags = _by_model(captions, Caption.caption), _by_model(tag_sets, TagSet.tags_normalized)
    found = []
    for one in asked:
        said = answer_lines(texts.get(one.photo_id), tags.get(one.photo_id, ()), None)
        known = generated.get(one.photo_id)
        poor = classes.get(one.photo_id) == "C"
        if known is None:
            skip = "no generated picture"
        elif len(known.split()) >= _LEAST_WORDS:
            skip = "its prompt is known"
        else:
            skip = None
        facts = {"sure_prompt": captioning.sure_prompt}
        found.append(
            replace(
                one,
                values={"prompt": known or "nothing", KNOWN: known_text(said)},
                facts=facts,
                skip=None if poor and known is not None else skip,
            )
        )
    return found


def score_questions(
    asked: Sequence[JobRequest],
    captions: Rows[Caption],
    tag_sets: Rows[TagSet],
    quality_verdicts: Rows[QualityVerdict],
    generation_facts: Rows[GenerationFact],
) -> list[JobRequest]:
    """Needed where there is a verdict on quality."""
    texts = dict(captions.select(Caption.photo_id, Caption.caption).iter_rows())
    prompts, tags = known_prompts(generation_facts), _by_model(tag_sets, TagSet.tags_normalized)
    judged = set(
        quality_verdicts.filter(pl.col(QualityVerdict.quality_status) != "unknown")[QualityVerdict.photo_id]
    )
    found = []
    for one in asked:
        prompt, caption = prompts.get(one.photo_id), texts.get(one.photo_id)
        said = answer_lines(caption if prompt else None, tags.get(one.photo_id, ()), None)
        skip = None if one.photo_id in judged else "there is no verdict on its quality"
        values = {"text": prompt or caption or "none", KNOWN: known_text(said)}
        found.append(replace(one, values=values, skip=skip))
    return found


def policy_questions(
    asked: Sequence[JobRequest],
    quality_verdicts: Rows[QualityVerdict],
    model_scores: Rows[ModelScore],
    content_flags: Rows[ContentFlag],
    project: Project,
) -> list[JobRequest]:
    """Needed before publishing, from quality, scores, imported flags and those of a network.

    An absent flag is unknown, never safe. An imported flag counts more than that of a network.
    """
    quality = {r[QualityVerdict.photo_id]: r for r in quality_verdicts.to_dicts()}
    scores = {r[ModelScore.photo_id]: r for r in model_scores.to_dicts()}
    scored = {r[ContentFlag.photo_id]: r for r in content_flags.to_dicts()}
    flags, found = _flags(project), []
    for one in asked:
        imported, scan = (_flag(flags, one, name) for name in ("nsfw", "scan"))
        nsfw, look = by_network(imported, scored.get(one.photo_id, {}))
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
        found.append(replace(one, values=values, facts={**facts, ContentFlag.flagged: look}))
    return found


def by_network(imported: str, score: Mapping[str, Any]) -> tuple[str, str]:
    """The NSFW flag with what a network scored, and why you should look at the photo; empty if not."""
    flagged = score.get(ContentFlag.flagged)
    if imported != "unknown" or flagged is None:
        return imported, ""
    if not flagged:
        return "no", ""
    network = score[ContentFlag.scored_by].split()[0]
    return "unknown", (
        f"flagged by {network}, score {score[ContentFlag.nsfw_score]:.2f}; look at it and import nsfw "
        "yes or no with `proofsheet words flags`"
    )


def rating_questions(asked: Sequence[JobRequest], rating_rule: RatingSettings) -> list[JobRequest]:
    """Every photo that gets texts, by the criteria of the settings."""
    values, facts = {"criteria": ", ".join(rating_rule.criteria)}, {"criteria": tuple(rating_rule.criteria)}
    return [replace(one, values=values, facts={**one.facts, **facts}) for one in asked]


ASKED: Mapping[str, Callable[..., list[JobRequest]]] = {"asked": described}
STEPS: Mapping[
    str, Mapping[str, Callable[..., list[JobRequest]]]
] = {  # job to the inputs of its asset, the last one its questions
    "caption": {**ASKED, "questions": questions_with_words},
    "title": {**ASKED, "questions": title_questions},
    "tags_normalize": {**ASKED, "questions": tag_questions},
    "quality": {**ASKED, "questions": quality_questions},
    "duplicate_assist": {"questions": duplicate_questions},
    "prompt_recon": {**ASKED, "questions": prompt_questions},
    "score_multi": {**ASKED, "questions": score_questions},
    "policy_flags": {**ASKED, "questions": policy_questions},
    "rating": {**ASKED, "questions": rating_questions},
}
