"""What the ledger knows of the identities of photos.

Holds `known_photos`, `paths_of_photos`, `former_paths`, `told_of`, `identity_row` and `place_row`.
Add here: another fact about who a photo is.
Keep out: the rules by which a file is known again (identities.py), and scans (identification.py).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import polars as pl

from proofsheet.library.identity_signs import KnownPhoto, Sighting
from proofsheet.storage.ledger import Ledger
from schemas.edits import TextRequest, Waiver, WordEdit, WordReview
from schemas.identity import PhotoIdentity, PhotoPlace
from schemas.marks import PhotoMark
from schemas.publish import Upload
from schemas.review import ReviewDecision


def known_photos(ledger: Ledger) -> dict[str, KnownPhoto]:
    """Every photo ever seen, as it was last; those that gave their file to another one are left out."""
    found = {
        row[PhotoIdentity.photo_id]: KnownPhoto(
            row[PhotoIdentity.photo_id],
            row[PhotoIdentity.first_path],
            row[PhotoIdentity.first_content_hash],
            row[PhotoIdentity.first_picture_hash],
            row[PhotoIdentity.copy_of],
            first_path=row[PhotoIdentity.first_path],
        )
        for row in ledger.rows(PhotoIdentity).iter_rows(named=True)
    }
    for row in ledger.rows(PhotoPlace).iter_rows(named=True):  # in the order of their numbers
        own, how = row[PhotoPlace.photo_id], row[PhotoPlace.how]
        if how == "joined":
            found.pop(own, None)
        elif own in found:
            before = found[own]
            found[own] = replace(
                before,
                path=row[PhotoPlace.path],
                content=row[PhotoPlace.content_hash],
                picture=row[PhotoPlace.picture_hash],
                had=before.had | {before.content},
                sure=(how == "person" or before.sure) and not row[PhotoPlace.joined_to],
                answer=row[PhotoPlace.joined_to] if how == "person" else before.answer,
                gone=how == "gone",
            )
    return found


def paths_of_photos(ledger: Ledger) -> dict[str, list[tuple[datetime, str]]]:
    """Id to every path that the photo had, the first one first, each with the time since when (UTC).

    Paths are before any move by Proofsheet. Gone photos are among them.
    """
    first = ledger.rows(PhotoIdentity).select(
        PhotoIdentity.photo_id, PhotoIdentity.first_seen_at, PhotoIdentity.first_path
    )
    found = {photo: [(since, path)] for photo, since, path in first.iter_rows()}
    for row in ledger.rows(PhotoPlace).iter_rows(named=True):  # in the order of their numbers
        if not row[PhotoPlace.joined_to] and row[PhotoPlace.photo_id] in found:
            found[row[PhotoPlace.photo_id]].append((row[PhotoPlace.seen_at], row[PhotoPlace.path]))
    return found


def former_paths(ledger: Ledger) -> dict[str, list[str]]:
    """Id to all paths of a photo that was ever elsewhere, the latest first."""
    places = ledger.rows(PhotoPlace)
    moved = pl.col(PhotoIdentity.photo_id).is_in(places[PhotoPlace.photo_id].unique().to_list())
    first = ledger.rows(PhotoIdentity).filter(moved)
    found = dict(first.select(PhotoIdentity.photo_id, pl.concat_list(PhotoIdentity.first_path)).iter_rows())
    for photo, path in places.select(PhotoPlace.photo_id, PhotoPlace.path).iter_rows():
        found[photo].append(path)
    return {photo: paths[::-1] for photo, paths in found.items()}


def told_of(ledger: Ledger) -> set[str]:
    """Photos on which people wrote, waived, judged, decided, marked or uploaded something.

    A scan asks at its own moment; what follows from it is a fact from then on, and does not follow from later
    edits.
    """
    told = {
        str(photo)
        for table in (WordEdit, Waiver, WordReview, TextRequest, PhotoMark, Upload)
        for photo in ledger.rows(table)[WordEdit.photo_id].drop_nulls()
    }
    decided = ledger.rows(ReviewDecision)[ReviewDecision.photo_ids].explode().drop_nulls()
    return told | {str(photo) for photo in decided}


def place_row(
    photo_id: str,
    number: int,
    at: tuple[str, str, str | None],
    how: str,
    now: datetime,
    joined_to: str | None = None,
) -> dict[str, object]:
    """A row of `photo_places`.

    Args:
        photo_id: the photo.
        number: of the change.
        at: path, hash of the bytes and hash of the pixels.
        how: it was known again.
        now: present time (UTC, no zone).
        joined_to: the photo that has its file from then on.
    """
    return {
        PhotoPlace.photo_id: photo_id,
        PhotoPlace.number: number,
        PhotoPlace.path: at[0],
        PhotoPlace.content_hash: at[1],
        PhotoPlace.picture_hash: at[2],
        PhotoPlace.how: how,
        PhotoPlace.joined_to: joined_to,
        PhotoPlace.seen_at: now,
    }


def identity_row(photo_id: str, sighting: Sighting, copy_of: str | None, now: datetime) -> dict[str, object]:
    """A row of `photo_identities`."""
    return {
        PhotoIdentity.photo_id: photo_id,
        PhotoIdentity.first_path: sighting.path,
        PhotoIdentity.first_content_hash: sighting.content,
        PhotoIdentity.first_picture_hash: sighting.picture,
        PhotoIdentity.copy_of: copy_of,
        PhotoIdentity.first_seen_at: now,
    }
