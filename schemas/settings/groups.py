"""Settings of sets and duplicates.

Holds `GroupSettings` and `DuplicateSettings`.
Add here: a field about which pictures belong together.
Keep out: which of them is chosen (ranker.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import Settings


class GroupSettings(Settings):
    """When pictures form a set."""

    similarity: float = Field(
        0.60,
        gt=0,
        le=1,
        description="Least likeness of any pair in a set by layout (cosine, a bit less per bit of hash).",
    )
    order: str = Field(
        "name",
        pattern="^(name|none)$",
        description=(
            "name compares neighbours in one folder; none compares all pictures of the project, for "
            "folders without order."
        ),
    )
    stage_similarity: float = Field(
        0.65,
        gt=0,
        le=1,
        description=(
            "Least similarity of every pair in a series of rising stages with time stamps; their "
            "order counts too."
        ),
    )
    window: int = Field(12, ge=1, description="With order, only this many neighbours by name are compared.")
    window_s: float = Field(
        300.0,
        gt=0,
        description=(
            "With order, pictures that are further apart in time are never one set; pictures without "
            "a time are compared with each other by `untimed_similarity`."
        ),
    )
    untimed_similarity: float = Field(
        0.90,
        gt=0,
        le=1,
        description=(
            "With order, least likeness of any pair in a set of pictures without a time, in one folder; "
            "nothing but likeness joins them."
        ),
    )
    max_size: int = Field(
        4,
        ge=2,
        le=64,
        description="Largest set of similar pictures; further ones form another set; the evidence says so.",
    )
    burst_gap_s: float = Field(
        3.0,
        ge=0,
        description="Photographs of one camera that follow each other within this time are a burst.",
    )
    max_burst: int = Field(
        60,
        ge=2,
        le=64,
        description=(
            "Largest set of a burst, or of pictures without a time. Not above `max_size`: that holds for "
            "them too."
        ),
    )
    max_series: int = Field(
        8, ge=2, le=64, description="Largest set of one stage series; longer ones are split in order."
    )


class DuplicateSettings(Settings):
    """When two pictures are the same picture."""

    most_bits: int = Field(
        8, ge=0, le=16, description="Most bits, of 64, in which a pair of near-duplicates may differ."
    )
    similarity: float = Field(0.90, gt=0, le=1, description="Least cosine of every pair of near-duplicates.")
