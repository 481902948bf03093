"""Settings of the publish gate.

Holds `GateSettings`.
Add here: a limit that a rule compares with.
Keep out: the rules (proofsheet/rules/) and the allowed keywords (vocabulary.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import Names, Settings


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
