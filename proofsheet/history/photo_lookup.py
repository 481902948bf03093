"""The pictures of a project by their names.

Holds `PhotoLookup` and `PictureUnknown`.
Add here: another way to distinguish two pictures of one name.
Keep out: what rows say of them (matching.py).

A picture is found by its file name within the project, whatever folder a row has: first in the same case,
else in another one. A row names a picture as it was named when the row was written; a name that no picture
had then is looked for among all names that pictures ever had. If a name is found more than once, equal
contents are one picture. Different contents are distinguished only by a row's folders, if those are the
project's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.core.foreign_paths import file_name_of, normalised
from proofsheet.core.row_errors import RowRefused
from schemas.library import Photo

Row = Mapping[str, Any]
PathsOfPhotos = Mapping[str, Sequence[tuple[datetime, str]]]


class PictureUnknown(RowRefused):
    """The project does not have a row's picture, or has its name more than once.

    A vector of the picture may still be known.
    """


class PhotoLookup:
    """The pictures of a project by name.

    Args:
        photos: rows of `photos`.
        quality: rows of `image_quality`.
        paths: id to every path that the photo had, each with the time since when; of a photo without, its
            path in the row counts.
    """

    def __init__(self, photos: pl.DataFrame, quality: pl.DataFrame, paths: PathsOfPhotos) -> None:
        rows = photos.join(quality, on=[Photo.project, Photo.photo_id]).sort(Photo.path).to_dicts()
        self.by_id: dict[str, Row] = {str(r[Photo.photo_id]): r for r in rows}
        unknown = {i: [(datetime.min, _home(r))] for i, r in self.by_id.items() if i not in paths}
        self._paths: PathsOfPhotos = {**paths, **unknown}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_letters: dict[str, list[str]] = defaultdict(list)
        for own, had in self._paths.items():
            for name in {file_name_of(path) for _since, path in had}:
                self._by_name[name].append(own)
                self._by_letters[name.casefold()].append(own)

    def find(self, path: str, at: datetime | None = None) -> Row:
        """The picture that a path names.

        Args:
            path: as it is written.
            at: when it was written (no zone); None for now.

        Raises:
            PictureUnknown: if no picture has the name, or several with different contents.
        """
        name = file_name_of(path)
        ever = self._by_name.get(name) or self._by_letters.get(name.casefold(), [])
        found = [self.by_id[i] for i in self._named(name, ever, at) if i in self.by_id]
        if not found:
            what = (
                f"the picture named {name!r} is gone"
                if ever
                else f"the project has no picture named {name!r}"
            )
            raise PictureUnknown("not found", what, "put it back, or leave it: the row is saved")
        if _contents(found) > 1:
            wanted = f"/{normalised(path)}"
            of_path = [
                r
                for r in found
                if _ends_with_any(wanted, (self._path(str(r[Photo.photo_id]), at), r[Photo.path]))
            ]
            if _contents(of_path) == 1:
                return of_path[0]
            places = ", ".join(str(r[Photo.path]) for r in found[:4])
            raise PictureUnknown(
                "ambiguous name",
                f"{name!r} is the name of different pictures: {places}",
                "rename one of them",
            )
        return found[0]

    def _named(self, name: str, ever: Sequence[str], at: datetime | None) -> Sequence[str]:
        """Photos that had a name at this time.

        Without any, those that were seen next with it; else all that ever had it.
        """
        if then := [i for i in ever if self._since(i, at) and self._is_named(i, name, at)]:
            return then
        later = [i for i in ever if not self._since(i, at) and self._is_named(i, name, at)]
        first = min((self._paths[i][0][0] for i in later), default=None)
        return [i for i in later if self._paths[i][0][0] == first] or ever

    def _since(self, photo_id: str, at: datetime | None) -> bool:
        """Whether a photo was seen by this time."""
        return at is None or self._paths[photo_id][0][0] <= at

    def _is_named(self, photo_id: str, name: str, at: datetime | None) -> bool:
        return file_name_of(self._path(photo_id, at)).casefold() == name.casefold()

    def _path(self, photo_id: str, at: datetime | None) -> str:
        """Where a photo was at this time; before it was first seen, where it was seen first."""
        had = self._paths[photo_id]
        return next((p for since, p in reversed(had) if at is None or since <= at), had[0][1])


def _home(row: Row) -> str:
    """The path before any move by Proofsheet."""
    return f"{row[Photo.folder]}/{row[Photo.file_name]}" if row[Photo.folder] else str(row[Photo.file_name])


def _ends_with_any(wanted: str, paths: Iterable[str]) -> bool:
    return any(wanted.endswith(f"/{normalised(p)}") for p in paths)


def _contents(rows: Sequence[Row]) -> int:
    return len({r[Photo.content_hash] for r in rows})
