"""Settings of everything about words: models, jobs, gate, vocabulary, rating.

Holds one frozen class a section.
Add here: a field with a description, or a class for a new section over texts.
Keep out: settings of pictures (settings.py).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from schemas.settings import KNOB, Settings


def _split(value: Any) -> Any:  # noqa: ANN401 - whatever the file or the environment holds
    """`a, b` of an environment variable as a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _criteria(value: list[str]) -> list[str]:
    """Criteria that can be fields of an answer and columns of a table."""
    if not 0 < len(value) <= _MOST_CRITERIA or len({v.casefold() for v in value}) < len(value):
        raise ValueError(f"1 to {_MOST_CRITERIA} criteria, each once")
    if not all(v.isprintable() and 0 < len(v.strip()) <= _LONGEST_CRITERION for v in value):
        raise ValueError(f"a criterion has 1 to {_LONGEST_CRITERION} visible characters")
    return value


Names = Annotated[list[str], BeforeValidator(_split)]
Criteria = Annotated[Names, AfterValidator(_criteria)]
_MOST_CRITERIA, _LONGEST_CRITERION = 20, 60


class VisionModelSettings(Settings):
    """Which model describes pictures, and how long it may take."""

    backend: str = Field(
        "auto",
        pattern="^(auto|ollama|openai|embedded)$",
        description="auto, ollama, openai (any OpenAI-compatible server, such as LM Studio) or embedded; "
        "auto takes the first that answers and has a model.",
    )
    ollama_url: str = Field(
        "", description="Address of Ollama; OLLAMA_HOST if empty, else http://127.0.0.1:11434."
    )
    openai_url: str = Field(
        "",
        description=(
            "Address of an OpenAI-compatible server, such as http://127.0.0.1:1234/v1; none if empty."
        ),
    )
    models: Names = Field(
        [],
        description=(
            "Models, best first; the first installed one is taken. If empty, any model with vision."
        ),
    )
    side_px: int = Field(
        896, ge=64, le=4096, description="Longest side of the picture that is sent, in pixels."
    )
    jpeg_quality: int = Field(90, ge=30, le=100, description="JPEG quality of the picture that is sent.")
    temperature: float = Field(0.0, ge=0, le=2, description="Temperature of all jobs but rating.")
    rating_temperature: float = Field(0.1, ge=0, le=2, description="Temperature of the job rating.")
    seed: int = Field(7, ge=0, description="Seed of the sampling.")
    num_ctx: int = Field(
        8192,
        ge=512,
        description=(
            "Context of the model in tokens; the same for all jobs, so that the model is loaded once."
        ),
    )
    num_predict: int = Field(1024, ge=16, description="Longest answer in tokens.")
    keep_alive: str = Field(
        "10m", description="How long Ollama keeps the model loaded after a request.", json_schema_extra=KNOB
    )
    idle_s: float = Field(
        120.0,
        gt=0,
        description="Timeout between two tokens of an answer, in seconds.",
        json_schema_extra=KNOB,
    )
    hard_s: float = Field(
        600.0, gt=0, description="Timeout of a request, in seconds.", json_schema_extra=KNOB
    )
    tries: int = Field(
        3,
        ge=1,
        le=3,
        description="Tries for each picture and question after temporary errors.",
        json_schema_extra=KNOB,
    )
    backoff_s: float = Field(
        0.5,
        ge=0.5,
        description="Seconds before the second try; doubled before the third.",
        json_schema_extra=KNOB,
    )
    outage_s: float = Field(
        120.0,
        ge=0,
        description="Seconds to wait for a server that is gone during a batch.",
        json_schema_extra=KNOB,
    )
    in_flight: int = Field(2, ge=1, le=32, description="Requests at a time.", json_schema_extra=KNOB)
    strikes: int = Field(
        3,
        ge=1,
        description=("Crashes of the model after which a picture is not sent again until you release it."),
    )
    canary: bool = Field(
        True, description="Before a batch, a card with a number proves that the model sees pictures."
    )
    close_on_run_end: bool = Field(
        False,
        description="Unload the model when a run ends; OLLAMA_CLOSE_ON_RUN_END=1 does the same.",
        json_schema_extra=KNOB,
    )
    combine: bool = Field(
        False,
        description="Ask for caption, title, keywords and quality at once, and again for a failed part.",
    )
    force: Names = Field(
        [], description="Jobs that ask again even if there is an answer.", json_schema_extra=KNOB
    )
    only: Names = Field(
        [], description="Ids of photos; a run asks only about these. All if empty.", json_schema_extra=KNOB
    )
    off: Names = Field(["rating"], description="Jobs that are not run.")


class CaptionSettings(Settings):
    """Which pictures get texts, and when jobs are needed."""

    all_images: bool = Field(
        False, description="Describe every picture, not only the picks and the single ones."
    )
    language: str = Field(
        "en",
        pattern="^(en|de)$",
        description="Language of texts that are put together from what is known, where no model answers.",
    )
    least_tags: int = Field(
        5, ge=0, description="Pictures with fewer tags than this get more from the model."
    )
    sure_prompt: float = Field(
        0.6,
        ge=0,
        le=1,
        description=("Least confidence at which a reconstructed prompt is saved in the prompt history."),
    )
    sure_name: float = Field(
        0.9, ge=0, le=1, description="Least confidence at which a single identifier is trusted."
    )


class GateSettings(Settings):
    """What the gate compares, and how often it requests better texts."""

    duplicate_similarity: float = Field(
        0.8,
        gt=0,
        le=1,
        description=(
            "Texts are duplicates if their word sets (without stop words) overlap by this Jaccard share."
        ),
    )
    max_keyword_words: int = Field(4, ge=1, description="A keyword with more words than this is broken.")
    max_title: int = Field(80, ge=10, description="Longest title in characters.")
    max_caption: int = Field(400, ge=40, description="Longest caption in characters.")
    max_sentences: int = Field(3, ge=1, description="Most sentences of a caption.")
    max_alt_text: int = Field(250, ge=20, description="Longest alternative text in characters.")
    max_keywords: int = Field(50, ge=1, description="Most keywords.")
    languages: Names = Field(
        ["en", "de"], description="Languages that texts may be written in; word lists exist for en and de."
    )
    max_repair_attempts: int = Field(
        2,
        ge=0,
        le=5,
        description=("How often new texts are requested for a blocked text before it stays blocked."),
    )


class VocabularySettings(Settings):
    """The allowed keywords."""

    file: str = Field(
        "",
        description=(
            "Path of a vocabulary: one term in each line, indented by tabs below its broader one, "
            "{synonyms} in braces."
        ),
    )
    required: Names = Field(
        [], description="Each picture needs at least one of these terms; the others are listed."
    )
    excluded: Names = Field([], description="Terms that no picture may carry.")
    least: int = Field(
        0, ge=0, description=("Least number of keywords for a picture; pictures with fewer are listed.")
    )
    most: int = Field(30, ge=1, description="Most keywords for a picture; the least specific are left out.")
    add_broader: bool = Field(False, description="Add the broader terms of each keyword.")


class RatingSettings(Settings):
    """How `proofsheet rate` and the job rating work."""

    criteria: Criteria = Field(
        ["composition", "light", "sharpness", "colour", "subject"],
        description="Criteria, each rated from 0 to 10.",
    )
    sidecar_style: str = Field(
        "darktable",
        pattern="^(darktable|adobe)$",
        description="darktable gives name.ext.xmp, adobe gives stem.xmp.",
    )
