"""Settings of rating by criteria.

Holds `RatingSettings`.
Add here: a field about criteria and the sidecars of ratings.
Keep out: the model that rates (vision_model.py).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from schemas.settings.base import Names, Settings

_MOST_CRITERIA, _LONGEST_CRITERION = 20, 60


def _criteria(value: list[str]) -> list[str]:
    """Criteria that can be fields of an answer and columns of a table."""
    if not 0 < len(value) <= _MOST_CRITERIA or len({v.casefold() for v in value}) < len(value):
        raise ValueError(f"1 to {_MOST_CRITERIA} criteria, each once")
    if not all(v.isprintable() and 0 < len(v.strip()) <= _LONGEST_CRITERION for v in value):
        raise ValueError(f"a criterion has 1 to {_LONGEST_CRITERION} visible characters")
    return value


Criteria = Annotated[Names, AfterValidator(_criteria)]


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
