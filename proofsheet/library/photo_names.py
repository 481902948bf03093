"""Which photo the user means.

Holds `photos_meant`.
Add here: another way to name a photo.
Keep out: what is done with the photo.
"""

from __future__ import annotations

import polars as pl

from proofsheet.core.files import composed
from schemas.library import Photo


def photos_meant(photos: pl.DataFrame, wanted: str) -> pl.DataFrame:
    """The photos with this id or path, else those with this file name.

    Args:
        photos: rows of `photos`.
        wanted: as it is typed; accents may be composed or apart.

    Returns:
        The rows: none if no photo is meant, several if a file name is not unique.
    """
    exact = photos.filter((pl.col(Photo.photo_id) == wanted) | (pl.col(Photo.path) == wanted))
    if exact.height:
        return exact
    typed = composed(wanted)
    for name in (Photo.path, Photo.file_name):
        found = photos.filter(pl.Series([composed(n) == typed for n in photos[name]], dtype=pl.Boolean))
        if found.height:
            return found
    return photos.clear()
