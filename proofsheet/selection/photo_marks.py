"""Stars, labels and flags of pictures: which of several counts, and who gave it.

Holds `Mark`, `PictureMarks`, `NO_MARKS`, and what the marks of a picture or of a project come to.
Add here: another source of marks, and its rank.
Keep out: setting them (review/marking.py), and reading files and sidecars (library/).

What you set in the review app counts first, then what people set with another program, then a model.
What Proofsheet itself wrote into a sidecar is not in `written_metadata` and is nobody's mark here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from proofsheet.selection.timeline import timeline
from proofsheet.storage.ledger import Ledger
from schemas.marks import MOST_STARS, PhotoMark
from schemas.words import Answered, Rating
from schemas.written import WrittenMetadata

Row = Mapping[str, Any]
Origin = Literal["here", "elsewhere", "model", "none"]
_SHOWN = ("stars", "label", "flag")
_OVERALL = 10.0  # the best overall rating of a model


@dataclass(frozen=True)
class Mark:
    """The marks of one source; None means that it says nothing.

    Attributes:
        stars: 0 (none) to 5.
        label: colour label, as its program names it; empty for none.
        flag: 1 picked, -1 rejected, 0 none.
        rating: of another program, as it is in the file: -1 for a rejection, or a half star.
        pick: its flag in the file, without the rejection that a rating of -1 is.
    """

    stars: int | None = None
    label: str | None = None
    flag: int | None = None
    rating: float | None = field(default=None, compare=False)
    pick: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class PictureMarks:
    """The marks of a picture that count.

    Attributes:
        stars: 0 to 5.
        label: empty for none.
        flag: 1, 0 or -1.
        origins: stars, label and flag to who gave them.
        elsewhere: the marks of another program.
        mark_id: of the last mark that was set here and not undone; None without one.
    """

    stars: int
    label: str
    flag: int
    origins: Mapping[str, Origin] = field(default_factory=dict)
    elsewhere: Mark = Mark()
    mark_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the browser."""
        return {
            "id": self.mark_id,
            "stars": self.stars,
            "label": self.label,
            "flag": self.flag,
            "origins": dict(self.origins),
            "elsewhere": {n: v for n in _SHOWN if (v := getattr(self.elsewhere, n))},
        }


NO_MARKS = PictureMarks(0, "", 0)


def marks_by_photo(ledger: Ledger, written: pl.DataFrame) -> dict[str, PictureMarks]:
    """Photo to the marks that people gave it; photos without any are left out.

    Args:
        ledger: holds the marks that were set here.
        written: rows of `written_metadata`.
    """
    line, elsewhere = timeline(ledger), elsewhere_by_photo(written)
    said = (photo for photo, mark in elsewhere.items() if mark != Mark())
    return {
        photo: picture_marks(line.marks_of(photo), elsewhere.get(photo, Mark()))
        for photo in dict.fromkeys((*said, *line.marked()))
    }


def elsewhere_by_photo(written: pl.DataFrame) -> dict[str, Mark]:
    """Photo to what people set in another program; a rating of -1 is a rejection.

    Args:
        written: rows of `written_metadata`.
    """
    columns = (WrittenMetadata.photo_id, WrittenMetadata.rating, WrittenMetadata.label, WrittenMetadata.pick)
    return {str(photo): _elsewhere(*said) for photo, *said in written.select(columns).iter_rows()}


def _elsewhere(rating: float | None, label: str | None, pick: int | None) -> Mark:
    rejected = rating is not None and rating < 0
    stars = 0 if rating is None or rejected else round(rating)
    flag = -1 if pick is None and rejected else pick
    return Mark(stars or None, label or None, flag, rating, pick)


def model_stars(ratings: pl.DataFrame) -> dict[str, int]:
    """Photo to the stars that the overall rating of a model comes to.

    Args:
        ratings: rows of `ratings`.
    """
    known = ratings.drop_nulls(Rating.overall).select(Answered.photo_id, Rating.overall)
    return {str(photo): round(value / _OVERALL * MOST_STARS) for photo, value in known.iter_rows()}


def set_here(rows: Iterable[Row]) -> Mark:
    """What the marks of a photo come to: of each field the last value.

    Args:
        rows: of `photo_marks`, oldest first, without those that were undone.
    """
    stars, label, flag = None, None, None
    for row in rows:
        stars = stars if row[PhotoMark.stars] is None else int(row[PhotoMark.stars])
        label = label if row[PhotoMark.label] is None else str(row[PhotoMark.label])
        flag = flag if row[PhotoMark.flag] is None else int(row[PhotoMark.flag])
    return Mark(stars, label, flag)


def picture_marks(rows: Sequence[Row], elsewhere: Mark = Mark(), by_model: int | None = None) -> PictureMarks:
    """The marks of a picture that count.

    Args:
        rows: of `photo_marks` of the picture, oldest first, without those that were undone.
        elsewhere: what people set in another program.
        by_model: stars of a model; None for none.
    """
    here = set_here(rows)
    sources: tuple[tuple[Origin, Mark], ...] = (
        ("here", here),
        ("elsewhere", elsewhere),
        ("model", Mark(by_model)),
    )
    counts: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for name, empty in (("stars", 0), ("label", ""), ("flag", 0)):
        said = ((own, value) for own, mark in sources if (value := getattr(mark, name)) is not None)
        origins[name], counts[name] = next(said, ("none", empty))
    mark_id = str(rows[-1][PhotoMark.mark_id]) if rows else None
    return PictureMarks(**counts, origins=origins, elsewhere=elsewhere, mark_id=mark_id)


def of_people(marks: PictureMarks) -> tuple[int, int]:
    """Stars and flag without those of a model; 0 where no person says anything."""
    return (marks.stars if marks.origins.get("stars") != "model" else 0), marks.flag


def beats(one: PictureMarks, other: PictureMarks) -> bool:
    """Whether people put one picture above another: by stars or flag, and not below it by the other one.

    Equal marks say nothing.
    """
    own, others = of_people(one), of_people(other)
    return own != others and all(a >= b for a, b in zip(own, others, strict=True))
