"""Settings of the model that describes pictures.

Holds `VisionModelSettings`.
Add here: a field about servers, requests and answers.
Keep out: which pictures get texts (captions.py), and what texts must be like (gate.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import KNOB, Names, Settings


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
