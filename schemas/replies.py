"""What a vision model must answer: the JSON of every job, checked strictly.

Holds one class a job.
Add here: the reply of a new job.
Keep out: what follows from a reply (proofsheet/texts/).
A number in quotes is no number, a missing field is not filled in, and a text of absurd length is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    WithJsonSchema,
    create_model,
    model_validator,
)

Text = Annotated[str, Field(max_length=2000)]
Word = Annotated[str, Field(max_length=120)]
Share = Annotated[float, Field(ge=0, le=1)]

FLAGS = (
    *(
        "blur",
        "motion_blur",
        "noise",
        "jpeg_artifacts",
        "overexposed",
        "underexposed",
        "watermark",
        "text",
        "cropped_subject",
    ),
    *("bad_anatomy", "color_cast", "moire", "banding", "lens_flare", "dust", "tilted_horizon"),
)
QualityFlag = Literal[
    "blur",
    "motion_blur",
    "noise",
    "jpeg_artifacts",
    "overexposed",
    "underexposed",
    "watermark",
    "text",
    "cropped_subject",
    "bad_anatomy",
    "color_cast",
    "moire",
    "banding",
    "lens_flare",
    "dust",
    "tilted_horizon",
]


class Reply(BaseModel):
    """Base of all replies: strict types; further fields are ignored, missing ones are an error."""

    model_config = ConfigDict(strict=True, frozen=True)


class CaptionReply(Reply):
    """Job caption."""

    caption: Text = Field(description="One to three sentences that say what is seen.")
    alt_text: Text = Field(description="One short phrase for people who cannot see the picture.")
    description: Text = Field("", description="More detail, for search.")
    contradictions: list[Text] = Field(
        [], max_length=20, description="Statements of the given text that the picture contradicts."
    )
    missing: list[Text] = Field(
        [], max_length=20, description="What the given text says and the picture does not show."
    )


class TitleReply(Reply):
    """Job title."""

    title: Annotated[str, Field(max_length=300)] = Field(description="A title of at most 80 characters.")


class MappedTag(Reply):
    """How one tag was normalised."""

    raw: Word = Field(description="As given.")
    normalized: Word = Field(description="As it should be.")
    confidence: Share = Field(description="How sure, from 0 to 1.")
    type: Word = Field("", description="Kind of tag, such as subject, place, light, colour.")


class TagsReply(Reply):
    """Job tags_normalize."""

    tags_normalized: list[Word] = Field(max_length=60, description="Tags in lower case, most telling first.")
    tags_map: list[MappedTag] = Field([], max_length=80, description="How each given tag was mapped.")


class QualityReply(Reply):
    """Job quality."""

    quality_score: float = Field(ge=0, le=100, description="0 to 100.")
    quality_flags: list[QualityFlag] = Field(max_length=16, description="Defects that are seen.")
    domain_type: Word = Field(
        description="Kind of picture, such as photo, illustration, screenshot, biology, vehicle."
    )
    domain_confidence: Share = Field(description="How sure, from 0 to 1.")


class CombinedReply(Reply):
    """Caption, title, keywords and quality in one; what is of the form of its part counts, whatever the others are."""  # noqa: E501 - part of the hash of a question


@functools.cache
def combined_reply(parts: tuple[type[Reply], ...]) -> type[CombinedReply]:
    """The reply with the fields of all these; parts that lack their form are left out, but not all of them.

    Args:
        parts: replies of jobs, without a field in common.
    """

    def sound_parts(cls: type[Any], answer: Any, strictly: ModelWrapValidatorHandler[Any]) -> Any:  # noqa: ANN401
        sound: dict[str, Any] = {}
        for part in parts:
            with suppress(ValidationError):
                sound |= part.model_validate(answer).model_dump()
        return cls.model_construct(**sound) if sound else strictly(answer)

    both: Any = (CombinedReply, *reversed(parts))  # the fields of the last base come first
    sound: Any = model_validator(mode="wrap")(classmethod(sound_parts))  # type: ignore[arg-type]
    form: Any = create_model(
        "CombinedReply", __base__=both, __doc__=CombinedReply.__doc__, __validators__={"sound": sound}
    )
    return cast("type[CombinedReply]", form)


class DuplicateReply(Reply):
    """Job duplicate_assist; pictures are numbered from 1 in the order given."""

    clusters: list[list[int]] = Field(max_length=16, description="Numbers of pictures that show the same.")
    hints: list[Text] = Field([], max_length=16, description="What tells them apart.")


class PromptReply(Reply):
    """Job prompt_recon."""

    prompt: Text = Field(description="A prompt that would give this picture.")
    negative_prompt: Text = Field("", description="What to leave out.")
    confidence: Share = Field(description="How sure, from 0 to 1.")
    style_tokens: list[Word] = Field([], max_length=40, description="Words of style.")
    subject_tokens: list[Word] = Field([], max_length=40, description="Words of subject.")


class ScoresReply(Reply):
    """Job score_multi."""

    fidelity: Share = Field(description="Agreement with the prompt or caption.")
    aesthetic: Share = Field(description="Composition, light, colour.")
    novelty: Share = Field(description="How unusual it is.")
    compliance: Share = Field(description="Fitness for publication.")
    completeness: Share = Field(description="Whether the subject is whole.")


class PolicyReply(Reply):
    """Job policy_flags."""

    publishable: bool = Field(description="Whether it may be published.")
    needs_review: bool = Field(description="Whether a person must look.")
    blocked_reason: Text | None = Field(None, description="Why it may not be published, or null.")


Score = Annotated[float, Field(ge=0, le=10)]


class RatingReply(Reply):
    """Job rating; what else an answer says is kept, for a refusal may stand there."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": False})

    ratings: dict[str, Score] = Field(description="Criterion to its score, 0 to 10.")
    keywords: list[Word] = Field([], max_length=60, description="Keywords.")
    overall: Score = Field(description="Overall rating, 0 to 10.")


def rating_reply(criteria: Sequence[str]) -> type[RatingReply]:
    """The reply that rates by exactly these criteria: no other, and none fewer.

    Args:
        criteria: names, each once.
    """

    def exactly(ratings: dict[str, float]) -> dict[str, float]:
        if set(ratings) != set(criteria):
            raise ValueError("other criteria than those asked for")
        return {name: ratings[name] for name in criteria}

    score = {"type": "number", "minimum": 0, "maximum": 10}
    form = {
        "type": "object",
        "properties": dict.fromkeys(criteria, score),
        "required": list(criteria),
        "additionalProperties": False,
    }
    asked: Any = Annotated[dict[str, Score], AfterValidator(exactly), WithJsonSchema(form)]
    return create_model(
        "RatingReply", __base__=RatingReply, __doc__=RatingReply.__doc__, ratings=(asked, ...)
    )


class SubjectReply(Reply):
    """Subject of a set."""

    subject: Annotated[str, Field(max_length=200)] = Field(
        description="What the pictures of the set have in common."
    )
    confidence: Share = Field(description="How sure, from 0 to 1.")


class Candidate(Reply):
    """One name for what is seen."""

    name: Word = Field(description="The name, such as a species or a model.")
    broader: Word = Field(description="The broader term, such as bird or car.")
    confidence: Share = Field(description="How sure, from 0 to 1.")


class IdentifyReply(Reply):
    """Identification by one identifier."""

    candidates: list[Candidate] = Field(
        max_length=5, description="Most likely first; empty if nothing can be told."
    )


class CanaryReply(Reply):
    """What stands on the known card."""

    number: int = Field(description="The number on the card.")
    colour: Word = Field(description="The colour of the card.")
