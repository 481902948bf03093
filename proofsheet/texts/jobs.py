"""The jobs: what is asked of a describer, and what columns the answer fills.

Holds `Job`, `JobRequest`, `JOBS`, and which prompts a table rests on.
Add here: a job with its reply and columns, and its prompt under prompts/.
Keep out: when a job is needed (job_requests.py), and asking itself (inference.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proofsheet.texts.picture_facts import KnownFacts
from proofsheet.texts.ratings import no_rating, sorted_keywords
from schemas.labels import ContentFlag
from schemas.proof import MetadataQuality
from schemas.replies import (
    CaptionReply,
    DuplicateReply,
    IdentifyReply,
    PolicyReply,
    PromptReply,
    QualityReply,
    RatingReply,
    Reply,
    ScoresReply,
    TagsReply,
    TitleReply,
    rating_reply,
)
from schemas.sets import SubjectSuggestion
from schemas.table import Table
from schemas.words import (
    Caption,
    DuplicateHint,
    Identification,
    ModelScore,
    PolicyFlag,
    PromptReconstruction,
    QualityVerdict,
    Rating,
    TagSet,
    Title,
)

Row = Mapping[str, Any]
KNOWN = "known"  # placeholder of what is known of a picture; questions of earlier versions had none
CLASS_A, CLASS_B = 75.0, 50.0
_UNSURE = 0.5
_DEFECTS_OF_OK = frozenset({"text", "lens_flare"})


@dataclass(frozen=True)
class JobRequest:
    """One question about one photo.

    Attributes:
        photo_id: the photo that the answer belongs to.
        image_hash: of the upright pixels, or of those of all pictures shown; the key of the answer.
        pictures: paths of previews inside the cache.
        values: for the placeholders of the prompt.
        facts: what was measured; columns may need it.
        known: what the embedded describer may write from; None where it has nothing to say.
        phash: perceptual hash; the same text for unlike pictures is a sign of a broken model.
        skip: why there is nothing to ask; None if there is.
        file_hash: of the file's bytes, or of those of all files shown; the key of older answers.
        shared: for the placeholders of the combined question.
        alone: True if a combined answer does not answer it.
        says_more: True if it says more than the combined question, of which an answer counts all the same.
    """

    photo_id: str
    image_hash: str
    pictures: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    facts: Row = field(default_factory=dict)
    known: KnownFacts | None = None
    phash: int = 0
    skip: str | None = None
    file_hash: str = ""
    shared: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    says_more: bool = False


@dataclass(frozen=True)
class Job:
    """What is asked, and what becomes of the answer.

    Attributes:
        name: of the job, and of its prompt.
        table: that the answers fill.
        reply: form of the answer.
        columns: the table's own columns from an answer (or None) and the question.
        sees: whether the picture is sent.
        unlike: field with a text that must differ between unlike pictures; empty if it may repeat.
        unlike_words: texts with fewer words may well be true of many pictures.
        form: the form of the answer to one question, where it depends on what is asked.
        objection: why an answer of the right form is not usable, or None.
        keyed_by_form: whether another form of the answer makes it another question.
    """

    name: str
    table: type[Table]
    reply: type[Reply]
    columns: Callable[[Any, JobRequest], dict[str, object]]
    sees: bool = True
    unlike: str = ""
    unlike_words: int = 5
    form: Callable[[JobRequest], type[Reply]] | None = None
    objection: Callable[[Any], str | None] = lambda _reply: None
    keyed_by_form: bool = True

    def form_of(self, asked: JobRequest) -> type[Reply]:
        """The form of the answer to a question."""
        return self.form(asked) if self.form else self.reply


def _caption(reply: CaptionReply | None, _asked: JobRequest) -> dict[str, object]:
    return {
        Caption.caption: reply.caption if reply else None,
        Caption.alt_text: reply.alt_text if reply else None,
        Caption.description: reply.description if reply else None,
        Caption.contradictions: reply.contradictions if reply else [],
        Caption.missing: reply.missing if reply else [],
    }


def _title(reply: TitleReply | None, _asked: JobRequest) -> dict[str, object]:
    return {Title.title: reply.title if reply else None}


def _tags(reply: TagsReply | None, asked: JobRequest) -> dict[str, object]:
    raw = list(asked.facts.get(TagSet.tags_raw, []))
    return {
        TagSet.tags_raw: raw,
        TagSet.tags_normalized: unrepeated(reply.tags_normalized) if reply else raw,
        TagSet.tags_map: [m.model_dump() for m in reply.tags_map] if reply else [],
    }


def unrepeated(words: Sequence[str]) -> list[str]:
    """The words in their order, each once whatever its case."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word.casefold(), word)
    return list(first.values())


def quality_class(score: float) -> str:
    """A from 75, B from 50, C below."""
    if score >= CLASS_A:
        return "A"
    if score >= CLASS_B:
        return "B"
    return "C"


def _quality(reply: QualityReply | None, _asked: JobRequest) -> dict[str, object]:
    return {
        QualityVerdict.quality_status: _quality_status(reply),
        QualityVerdict.quality_class: quality_class(reply.quality_score) if reply else None,
        QualityVerdict.quality_score: reply.quality_score if reply else None,
        QualityVerdict.quality_flags: list(dict.fromkeys(reply.quality_flags)) if reply else [],
        QualityVerdict.domain_type: reply.domain_type if reply else None,
        QualityVerdict.domain_confidence: reply.domain_confidence if reply else None,
    }


def _quality_status(reply: QualityReply | None) -> str:
    """A high score beside defects, a low one without, or an unsure model is unclear: review."""
    if reply is None:
        return "unknown"
    defects = set(reply.quality_flags) - _DEFECTS_OF_OK
    if reply.domain_confidence < _UNSURE or (reply.quality_score >= CLASS_A and defects):
        return "review"
    if reply.quality_score >= CLASS_B:
        return "ok" if not defects else "defect"
    return "defect" if defects else "review"


def _duplicates(reply: DuplicateReply | None, asked: JobRequest) -> dict[str, object]:
    ids = list(asked.facts.get(DuplicateHint.candidates, []))
    clusters = (
        [[ids[n - 1] for n in dict.fromkeys(c) if 1 <= n <= len(ids)] for c in reply.clusters]
        if reply
        else []
    )
    return {
        DuplicateHint.candidates: ids,
        DuplicateHint.clusters: [c for c in clusters if len(c) > 1],
        DuplicateHint.hints: reply.hints if reply else [],
    }


def _prompt(reply: PromptReply | None, asked: JobRequest) -> dict[str, object]:
    least = float(asked.facts.get("sure_prompt", 1.0))
    return {
        PromptReconstruction.prompt: reply.prompt if reply else None,
        PromptReconstruction.negative_prompt: reply.negative_prompt if reply else None,
        PromptReconstruction.confidence: reply.confidence if reply else None,
        PromptReconstruction.style_tokens: reply.style_tokens if reply else [],
        PromptReconstruction.subject_tokens: reply.subject_tokens if reply else [],
        PromptReconstruction.in_history: bool(reply and reply.confidence >= least),
    }


def _scores(reply: ScoresReply | None, _asked: JobRequest) -> dict[str, object]:
    names = (
        ModelScore.fidelity,
        ModelScore.aesthetic,
        ModelScore.novelty,
        ModelScore.compliance,
        ModelScore.completeness,
    )
    return {n: getattr(reply, n) if reply else None for n in names}


def _policy(reply: PolicyReply | None, asked: JobRequest) -> dict[str, object]:
    """The answer of the model, corrected by known facts. A conflict or anything unknown needs review."""
    nsfw, scan = asked.facts[PolicyFlag.nsfw], asked.facts[PolicyFlag.scan]
    quality = asked.facts.get(QualityVerdict.quality_status, "unknown")
    publishable = reply.publishable if reply else None
    reason = (reply.blocked_reason or None) if reply else None
    conflict = (publishable and (nsfw == "yes" or quality == "defect" or bool(reason))) or (
        publishable is False and not reason
    )
    unknown = publishable is None or nsfw == "unknown" or quality in {"unknown", "review"}
    if nsfw == "yes":
        publishable, reason = False, reason or "flagged nsfw by an import"
    if look := asked.facts.get(ContentFlag.flagged):
        publishable, reason = publishable and None, reason or str(look)
    return {
        PolicyFlag.publishable: publishable,
        PolicyFlag.needs_review: bool(conflict or unknown or (reply and reply.needs_review)),
        PolicyFlag.blocked_reason: reason,
        PolicyFlag.nsfw: nsfw,
        PolicyFlag.scan: scan,
    }


def _rating(reply: RatingReply | None, _asked: JobRequest) -> dict[str, object]:
    return {
        Rating.criteria: [{"name": n, "score": s} for n, s in reply.ratings.items()] if reply else [],
        Rating.keywords: sorted_keywords(reply.keywords)[0] if reply else [],
        Rating.overall: reply.overall if reply else None,
    }


CAPTION = Job("caption", Caption, CaptionReply, _caption, unlike="caption")
TITLE = Job("title", Title, TitleReply, _title, unlike="title", unlike_words=7)
TAGS = Job("tags_normalize", TagSet, TagsReply, _tags)
QUALITY = Job("quality", QualityVerdict, QualityReply, _quality)
DUPLICATES = Job("duplicate_assist", DuplicateHint, DuplicateReply, _duplicates)
PROMPT = Job("prompt_recon", PromptReconstruction, PromptReply, _prompt)
SCORES = Job("score_multi", ModelScore, ScoresReply, _scores)
POLICY = Job("policy_flags", PolicyFlag, PolicyReply, _policy, sees=False)
RATING = Job(
    "rating",
    Rating,
    RatingReply,
    _rating,
    form=lambda asked: rating_reply(asked.facts["criteria"]),
    objection=no_rating,
)
JOBS = {job.name: job for job in (CAPTION, TITLE, TAGS, QUALITY, DUPLICATES, PROMPT, SCORES, POLICY, RATING)}
IDENTIFIERS = {
    route: Job(f"identify_{route}", Identification, IdentifyReply, lambda _r, _a: {})
    for route in ("general", "biology", "vehicle")
}
PROMPTS_OF: dict[str, tuple[str, ...]] = {
    **{job.table.name: (job.name,) for job in JOBS.values()},
    Identification.name: tuple(job.name for job in IDENTIFIERS.values()),
    SubjectSuggestion.name: ("subject",),
    MetadataQuality.name: (CAPTION.name, TITLE.name, TAGS.name),
}
