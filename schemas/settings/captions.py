"""Settings of the texts that are made.

Holds `CaptionSettings`.
Add here: a field about which pictures get which texts.
Keep out: the model that writes them (vision_model.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import Settings


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
