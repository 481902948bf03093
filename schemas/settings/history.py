"""Settings of imported history.

Holds `HistorySettings`.
Add here: a field about paths in history files.
Keep out: what is learnt from history (ranker.py, crops.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import Settings


class HistorySettings(Settings):
    """How paths in history files lead to projects."""

    roots: list[str] = Field(
        default_factory=list,
        description=(
            "The part of a path before the project, such as '/Users/kim/Eros Mate' or 'training data'; "
            "needed if a folder above has the name of another project."
        ),
    )
    aliases: dict[str, str] = Field(
        default_factory=dict,
        description=(
            'Other names of projects, as `{ "Mojo 1" = "mojo1" }`; they win over folders of that name.'
        ),
    )
    endings: list[str] = Field(
        default=["_final", "_raw"],
        description=(
            "Endings that are ignored in a project's folder name and in its name in paths; an exact "
            "match wins."
        ),
    )
    patterns: list[str] = Field(
        default_factory=list,
        description="Regular expressions with a group `project`, tried on whole paths before anything else.",
    )
