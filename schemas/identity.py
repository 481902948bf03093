"""Tables of who a photo is: ids that are given once, and what is open about them.

Holds the facts `PhotoIdentity` and `PhotoPlace`, and the derived `IdentityQuestion` and `GonePhoto`.
Add here: another sign by which a photo is known again.
Keep out: how photos are known again (proofsheet/library/identities.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

HOW = ("path", "content", "picture", "copy", "person", "joined", "gone")


class PhotoIdentity(Table, name="photo_identities", origin="fact"):
    """The id of a photo, given when it is first seen. Rows are only ever added."""

    photo_id = column(pl.String, "The id.", key=True)
    first_path = column(pl.String, "Path inside the project folder when it was first seen.")
    first_content_hash = column(pl.String, "SHA-256 of the file's bytes then.")
    first_picture_hash = column(
        pl.String, "Hash of its upright pixels then; null if they were not measured.", nullable=True
    )
    copy_of = column(
        pl.String, "The photo that had the same bytes or pixels when this one was first seen.", nullable=True
    )
    first_seen_at = column(pl.Datetime("us"), "When (UTC).")


class PhotoPlace(Table, name="photo_places", origin="fact"):
    """A change of a photo's path, bytes or pixels, and how it was known again. Rows are only ever added."""

    photo_id = column(pl.String, "The photo.", key=True)
    number = column(pl.Int64, "Number of the change, from 1.", key=True, ge=1)
    path = column(pl.String, "Path inside the project folder, before any move by Proofsheet.")
    content_hash = column(pl.String, "SHA-256 of the file's bytes.")
    picture_hash = column(
        pl.String, "Hash of its upright pixels; null if they were not measured.", nullable=True
    )
    how = column(
        pl.String,
        "By what it was known again: the path (edited in place), the same bytes, the same pixels, a copy "
        "of a gone original, or your answer. Gone: no file was this photo at this scan. Joined: its file is "
        "that of the photo in `joined_to`.",
        isin=HOW,
    )
    joined_to = column(
        pl.String,
        "The photo that has this one's file from then on; with your answer, from the next scan on. Or null.",
        nullable=True,
    )
    seen_at = column(pl.Datetime("us"), "When (UTC).")


class IdentityQuestion(Table, name="identity_questions"):
    """A file that may be a photo that is gone, and nothing says so for certain.

    It has a new id until you say which photo it is.
    """

    path = column(pl.String, "The file inside the project folder.", key=True)
    former_photo_id = column(pl.String, "A photo that it may be.", key=True)
    photo_id = column(pl.String, "The id that the file has meanwhile.")
    former_path = column(pl.String, "Where that photo was last.")


class GonePhoto(Table, name="gone_photos"):
    """A photo without a file in the project folder. What is known of it returns with the file."""

    photo_id = column(pl.String, "The photo.", key=True)
    path = column(pl.String, "Where it was last, before any move by Proofsheet.")
    content_hash = column(pl.String, "SHA-256 of the file's bytes then.")
