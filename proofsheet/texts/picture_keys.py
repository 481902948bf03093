"""Which picture a file shows, for rows with the picture as their key.

Holds `picture_of_files`.
Add here: another look-up between files and pictures.
Keep out: hashing (imaging/perceptual_hash.py).
"""

from __future__ import annotations

from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.table import Table
from schemas.vision import PictureHash


def picture_of_files(project: Project) -> dict[str, str]:
    """Content hash of every photo to the hash of its upright pixels, by the tables of the last run."""
    both = project.store.read(Photo).join(project.store.read(PictureHash), on=[Table.project, Photo.photo_id])
    return dict(both.select(Photo.content_hash, PictureHash.pixel_hash).iter_rows())
