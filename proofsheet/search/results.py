"""What a search gives: the photos that were found, each with its score and why.

Holds `Hit` and `SearchResult`.
Add here: another thing that every search reports.
Keep out: searching.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Hit:
    """A photo that was found.

    Attributes:
        photo_id: the photo.
        path: inside the project folder.
        score: 0..1 for words and labels, the cosine (-1..1) for likeness.
        why: what was found, in words.
        by: who made what was found: encoder, network, describer or person.
    """

    photo_id: str
    path: str
    score: float
    why: str
    by: str


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        project: name of the project.
        kind: like, label or text.
        query: what was asked for.
        searched: number of photos that could have been found.
        hits: highest score first, equal scores by path.
        notes: what could not be searched, with what to do about it.
    """

    project: str
    kind: str
    query: str
    searched: int
    hits: list[Hit]
    notes: list[str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
