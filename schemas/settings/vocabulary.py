"""Settings of the allowed keywords.

Holds `VocabularySettings`.
Add here: a field about keywords of a project.
Keep out: limits on every keyword, whatever the vocabulary (gate.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import Names, Settings


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
