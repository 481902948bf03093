"""Files and photos by the signs by which they are known again.

Holds `Sighting`, `KnownPhoto`, `Recognition` and `new_id`.
Add here: another sign.
Keep out: comparing signs (identities.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from proofsheet.core.files import short_hash


@dataclass(frozen=True)
class Sighting:
    """A file as a scan sees it.

    Attributes:
        path: inside the project folder, before any move by Proofsheet.
        content: SHA-256 of its bytes.
        picture: hash of its upright pixels; None if they were not measured.
        moved_from: where the journal of `apply` says that it came from, or None.
        journal_id: the photo that the journal of renames put there since the last scan, or None.
    """

    path: str
    content: str
    picture: str | None = None
    moved_from: str | None = None
    journal_id: str | None = None


@dataclass(frozen=True)
class KnownPhoto:
    """A photo as it was last seen.

    Attributes:
        photo_id: its id.
        path: where it was.
        content: SHA-256 of its bytes then.
        picture: hash of its upright pixels then, or None.
        copy_of: the photo that it was a copy of when it was first seen, or None.
        first_path: where it was first seen.
        had: hashes of the bytes that it had before.
        sure: whether you answered that its file is this photo.
        answer: the gone photo that its file is by your answer, or None.
        gone: whether the last scan did not find it.
    """

    photo_id: str
    path: str
    content: str
    picture: str | None = None
    copy_of: str | None = None
    first_path: str = ""
    had: frozenset[str] = frozenset()
    sure: bool = False
    answer: str | None = None
    gone: bool = False


@dataclass
class Recognition:
    """Which photo every file is.

    Attributes:
        matches: path to the known photo and how it was known again; without a how if nothing changed.
        new: path to the photo of which the file is a copy, or None, for every new photo.
        joined: id of a copy to the gone original that has its file from now on.
        questions: path of a file to the gone photos that it may be.
        gone: photos without a file.
    """

    matches: dict[str, tuple[KnownPhoto, str | None]] = field(default_factory=dict)
    new: dict[str, str | None] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    questions: dict[str, list[KnownPhoto]] = field(default_factory=dict)
    gone: list[KnownPhoto] = field(default_factory=list)


def new_id(project: str, path: str, taken: Collection[str]) -> str:
    """An id for a photo that is first seen at this path; another one if the path gave an id before."""
    found, number = short_hash(project, path), 1
    while found in taken:
        number += 1
        found = short_hash(project, path, str(number))
    return found
