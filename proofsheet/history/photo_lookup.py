"""The pictures of a project by their names.

Holds `PhotoLookup` and `PictureUnknown`.
Add here: another way to distinguish two pictures of one name.
Keep out: what rows say of them (matching.py).

A picture is found by its file name within the project, whatever folder a row has: first in the same case,
else in another one. If the project has the name more than once, equal contents are one picture. Different
contents are distinguished only by a row's folders, if those are the project's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from proofsheet.core.foreign_paths import file_name_of, normalised
from proofsheet.core.row_errors import RowRefused
from schemas.library import Photo

Row = Mapping[str, Any]


class PictureUnknown(RowRefused):
    """The project does not have a row's picture, or has its name more than once.

    A vector of the picture may still be known.
    """


class PhotoLookup:
    """The pictures of a project by name.

    Args:
        photos: rows of `photos`.
        quality: rows of `image_quality`.
    """

    def __init__(self, photos: pl.DataFrame, quality: pl.DataFrame) -> None:
        rows = photos.join(quality, on=[Photo.project, Photo.photo_id]).sort(Photo.path).to_dicts()
        self.by_id: dict[str, Row] = {str(r[Photo.photo_id]): r for r in rows}
        self._by_name: dict[str, list[Row]] = defaultdict(list)
        self._by_letters: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            name = file_name_of(str(row[Photo.file_name]))
            self._by_name[name].append(row)
            self._by_letters[name.casefold()].append(row)

    def find(self, path: str) -> Row:
        """The picture that a path names.

        Raises:
            PictureUnknown: if no picture has the name, or several with different contents.
        """
        name = file_name_of(path)
        found = self._by_name.get(name) or self._by_letters.get(name.casefold(), [])
        if not found:
            raise PictureUnknown(
                "not found",
                f"the project has no picture named {name!r}",
                "put it back, or leave it: the row is saved",
            )
        if _contents(found) > 1:
            wanted = f"/{normalised(path)}"
            of_path = [r for r in found if wanted.endswith(f"/{normalised(str(r[Photo.path]))}")]
            if _contents(of_path) == 1:
                return of_path[0]
            places = ", ".join(str(r[Photo.path]) for r in found[:4])
            raise PictureUnknown(
                "ambiguous name",
                f"{name!r} is the name of different pictures: {places}",
                "rename one of them",
            )
        return found[0]


def _contents(rows: Sequence[Row]) -> int:
    return len({r[Photo.content_hash] for r in rows})
