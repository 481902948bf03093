"""Present and wanted places of the pictures of decisions, and of the files beside them.

Holds `Place`, `FilePositions`, `look_at_files`, `all_nearby` and `present_paths`.
Add here: another thing that a plan must know of rows and disk.
Keep out: what is done with it (plan.py).
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from proofsheet.core.errors import UsageError
from proofsheet.library.companions import companions, nearby, of_a_folder, one_shot
from proofsheet.library.file_locations import FileLocations, placed_files
from proofsheet.storage.workspace import Project
from schemas.apply import REVIEW, SELECTED
from schemas.choices import Proposal
from schemas.library import Photo
from schemas.review import ReviewDecision

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a set wants a picture: a folder inside the project."""

    group_id: str
    folder: str


@dataclass
class FilePositions:
    """What rows and disk say, at the moment of the plan.

    Attributes:
        folder: of the project.
        photos: row of each photo.
        paths: photo to its present place.
        groups: photo to its set now.
        wanted: photo to its place, for the photos of all verdicts that are applied.
        beside: photo to the files that go with it.
        owners: file or photo to the photos that it must stay with.
        of_folders: files that refer to a whole folder of these photos.
        placed: what was applied before.
        unlisted: folder of photos to why its content is not known.
    """

    folder: Path
    photos: Mapping[str, Row]
    paths: Mapping[str, str]
    groups: Mapping[str, str]
    wanted: Mapping[str, Place]
    placed: FileLocations
    beside: dict[str, list[str]] = field(default_factory=dict)
    owners: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    of_folders: list[str] = field(default_factory=list)
    unlisted: dict[str, UsageError] = field(default_factory=dict)

    def agreed(self, path: str, group: str, place: str) -> set[str]:
        """The other sets that bring a file to the same place, because it is theirs too.

        Raises:
            UsageError: if one of its pictures goes elsewhere, or stays.
        """
        others = {o: self.wanted.get(o) for o in self.owners[path]}
        apart = [f"{self.paths[o]} ({_told(w)})" for o, w in others.items() if w is None or w.folder != place]
        if apart:
            raise UsageError(
                f"{path} also belongs to {', '.join(sorted(apart))}, and cannot go to {place}/ "
                "with this set.",
                "Decide and submit their sets alike, or give each picture files of its own.",
            )
        return {w.group_id for w in others.values() if w is not None and w.group_id != group}


def look_at_files(project: Project, decisions: Sequence[Row]) -> FilePositions:
    """Read the rows of a project, and list the folders of the pictures of verdicts.

    Args:
        project: the project of the photos.
        decisions: those that are applied.
    """
    photos = {str(r[Photo.photo_id]): r for r in project.store.read(Photo).to_dicts()}
    placed = placed_files(project.ledger)
    paths = present_paths(project, placed)
    groups = {
        p: str(r[Proposal.group_id])
        for r in project.store.read(Proposal).to_dicts()
        for p in r[Proposal.photo_ids]
    }
    shots = one_shot(paths.values())
    homes = {photo: _home(placed, row, paths[photo]) for photo, row in photos.items()}
    wanted = _wanted(decisions, homes, paths, shots)
    known = FilePositions(project.folder, photos, paths, groups, wanted, placed)
    _list_files(known, shots)
    return known


def present_paths(project: Project, placed: FileLocations | None = None) -> dict[str, str]:
    """Photo to its present place, if it was moved or renamed since the last run."""
    places = placed or placed_files(project.ledger)
    rows = project.store.read(Photo).select(Photo.photo_id, Photo.path).iter_rows()
    return {photo: _present_path(project.folder, places, photo, path) for photo, path in rows}


def _present_path(folder: Path, places: FileLocations, photo: str, path: str) -> str:
    journalled = places.present.get(photo, path)
    if places.photo_at(journalled, path, photo) and os.path.lexists(folder / journalled):
        return journalled
    return path if os.path.lexists(folder / path) else places.moved.get(path, path)


def _list_files(known: FilePositions, shots: Mapping[str, Collection[str]]) -> None:
    ids = {path: photo for photo, path in known.paths.items()}
    homes = {str(PurePosixPath(known.paths[i]).parent) for i in known.wanted if i in known.paths}
    listed, known.unlisted = all_nearby(known.folder, homes)
    files = listed - ids.keys() - known.placed.cuts.keys()
    for path, found in companions((p for p in ids if str(PurePosixPath(p).parent) in homes), files).items():
        known.beside[ids[path]] = found
        for one in found:
            known.owners[one].add(ids[path])
    for path, shot in shots.items():
        known.owners[path] |= {ids[p] for p in shot}
    known.of_folders = sorted(p for p in files if of_a_folder(p) and p not in known.owners)


def all_nearby(folder: Path, homes: Iterable[str]) -> tuple[set[str], dict[str, UsageError]]:
    """Every file in folders of a project and in those of programs there.

    Folders that cannot be listed come with the reason.
    """
    found, unlisted = set[str](), dict[str, UsageError]()
    for home in homes:
        try:
            found |= set(nearby(folder, "" if home == "." else home))
        except UsageError as error:
            unlisted[home] = error
    return found, unlisted


def _home(placed: FileLocations, row: Row, path: str) -> str:
    """The folder of a photo outside of `selected/` and `review/`, as the next run will see it."""
    if path == row[Photo.path]:
        return str(row[Photo.folder])
    folder = str(PurePosixPath(placed.home(str(row[Photo.photo_id]), path) or path).parent)
    return "" if folder == "." else folder


def _wanted(
    decisions: Iterable[Row],
    homes: Mapping[str, str],
    paths: Mapping[str, str],
    shots: Mapping[str, Collection[str]],
) -> dict[str, Place]:
    """Photo to its place; the parts of a shot that are in one set go where the chosen one goes."""
    wanted = dict[str, Place]()
    for row in decisions:
        members, keep_all = [str(i) for i in row[ReviewDecision.photo_ids]], bool(row.get(Proposal.keep_all))
        chosen = set(shots.get(paths.get(str(row[ReviewDecision.chosen_photo_id]), ""), ()))
        for photo in (i for i in members if i in homes):
            first = photo == row[ReviewDecision.chosen_photo_id] or keep_all or paths[photo] in chosen
            wanted[photo] = Place(
                str(row[ReviewDecision.group_id]),
                "/".join(p for p in (SELECTED if first else REVIEW, homes[photo]) if p),
            )
    return wanted


def _told(place: Place | None) -> str:
    return "which stays" if place is None else f"which goes to {place.folder}/"
