"""Intake sets: notes on folders, whether the texts of a set are consistent, and its subject.

Holds `intake`, `set_rows`, `validation_rows`.
Add here: another thing that is true of a set.
Keep out: proposing subjects (set_subjects.py).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.core.files import composed
from proofsheet.rules.base import Issue, small_words
from proofsheet.rules.lists import lines
from proofsheet.rules.tokens import words
from proofsheet.storage.ledger import Ledger
from schemas.choices import Choice
from schemas.library import Photo
from schemas.proof import MetadataRepair, Texts
from schemas.sets import ImageSet, SetContext, SetValidation
from schemas.vectors import Embedding

COLUMNS = ("folder", "subject", "hints", "location")
HOLDS_BACK = "set_validation"
_LEAST_PHOTOS = 4
_OUTLIER = 3.5  # modified z-score (Iglewicz and Hoaglin, 1993)
_LEAST_SPREAD = 0.02
_MIXED = 0.34  # share of outliers from which the set is mixed
_BROAD = 0.5
Row = dict[str, Any]


def read_intake(text: str) -> list[dict[str, str]]:
    """Rows of a CSV with a folder and, if known, subject, hints and location.

    Raises:
        UsageError: with the line, if a column or a folder is missing.
    """
    try:
        reader = csv.DictReader(io.StringIO(text))
        names, rows = reader.fieldnames or (), list(reader)
    except csv.Error as error:
        raise UsageError(
            f"The table cannot be read: {error}.", "Correct it, or save it as CSV once more."
        ) from error
    if "folder" not in names or set(names) - set(COLUMNS):
        raise UsageError(
            f"The table has the columns {', '.join(names or ('none',))}.",
            f"Allowed: {', '.join(COLUMNS)}; folder is needed.",
        )
    found = []
    for number, row in enumerate(rows, start=2):
        if row.get("folder") is None or None in row:
            raise UsageError(
                f"Line {number} has another number of cells than the first.", "Correct that line."
            )
        found.append({name: (row.get(name) or "").strip() for name in COLUMNS})
    return found


def intake(
    ledger: Ledger, folders: Iterable[str], rows: Sequence[Mapping[str, str]], now: datetime
) -> list[str]:
    """Save notes on sets; an empty cell changes nothing.

    Args:
        ledger: of the project.
        folders: that the project has.
        rows: folder, subject, hints, location.
        now: when (UTC, no zone).

    Returns:
        The folders noted.

    Raises:
        UsageError: if a folder is not of the project; nothing is noted then.
    """
    there, known = set(folders), {r[SetContext.folder]: r for r in ledger.rows(SetContext).to_dicts()}
    typed = {composed(folder): folder for folder in there}
    exact = [str(PurePosixPath(r["folder"])) if r["folder"] not in ("", ".") else "" for r in rows]
    wanted = [folder if folder in there else typed.get(composed(folder), folder) for folder in exact]
    if strangers := [f for f in wanted if f not in there]:
        raise UsageError(
            f"No folder with photos: {', '.join(map(repr, strangers))}.",
            "`proofsheet sets list` shows the folders.",
        )
    noted = []
    for folder, row in zip(wanted, rows, strict=True):
        before = known.get(folder, {})
        told = {
            name: row.get(name) or before.get(name) or None
            for name in (SetContext.subject, SetContext.hints, SetContext.location)
        }
        noted.append({SetContext.folder: folder, **told, SetContext.noted_at: now})
    ledger.put(SetContext, noted)
    return wanted


def set_rows(project: str, photos: pl.DataFrame, choices: pl.DataFrame, ledger: Ledger) -> pl.DataFrame:
    """The rows of `image_sets`: every folder with photos."""
    known = {r[SetContext.folder]: r for r in ledger.rows(SetContext).to_dicts()}
    chosen = set(choices[Choice.chosen_photo_id].drop_nulls())
    every, described = Counter(photos[Photo.folder]), Counter[str]()
    described.update(f for p, f in photos.select(Photo.photo_id, Photo.folder).iter_rows() if p in chosen)
    return ImageSet.frame(
        {
            ImageSet.project: project,
            ImageSet.folder: folder,
            ImageSet.photos: count,
            ImageSet.described: described[folder],
            ImageSet.subject: known.get(folder, {}).get(SetContext.subject),
            ImageSet.hints: known.get(folder, {}).get(SetContext.hints),
            ImageSet.location: known.get(folder, {}).get(SetContext.location),
        }
        for folder, count in every.items()
    )


def validation_rows(
    project: str,
    image_sets: pl.DataFrame,
    repaired: pl.DataFrame,
    photos: pl.DataFrame,
    embeddings: pl.DataFrame,
) -> pl.DataFrame:
    """The rows of `scratch_metadata`, for sets with notes: generic figures, no special case of a set.

    Args:
        project: partition key.
        image_sets: rows of `image_sets`.
        repaired: rows of `metadata_repaired`.
        photos: rows of `photos`.
        embeddings: rows of `embeddings`.
    """
    said = image_sets.filter(
        pl.any_horizontal(
            pl.col(c).is_not_null() for c in (ImageSet.subject, ImageSet.hints, ImageSet.location)
        )
    )
    ids = [Photo.project, Photo.photo_id]
    known = photos.join(embeddings, on=ids).join(repaired, on=ids, how="left").sort(Photo.path)
    rows = list[Row]()
    for context in said.to_dicts():
        members = known.filter(pl.col(Photo.folder) == context[ImageSet.folder]).to_dicts()
        found = [*_outliers(members), *_broad(members)]
        rows += found or [_finding("", "sound", 0.0, 0.0, "no finding")]
        for row in rows:
            row.setdefault(SetValidation.folder, context[ImageSet.folder])
            row.setdefault(SetValidation.project, project)
    return SetValidation.frame(rows)


def _outliers(members: Sequence[Row]) -> list[Row]:
    """Photos far from the others of their set.

    The measure is the cosine to the set's mean, by the median and its absolute deviation.
    """
    if len(members) < _LEAST_PHOTOS:
        return []
    vectors = np.array([m[Embedding.vector] for m in members], dtype=np.float32)
    others = vectors.sum(axis=0) - vectors
    cosines = (vectors * others).sum(axis=1) / np.linalg.norm(others, axis=1).clip(1e-9)
    middle = float(np.median(cosines))
    spread = max(float(np.median(np.abs(cosines - middle))) / 0.6745, _LEAST_SPREAD)
    scores = (middle - cosines) / spread
    found = [
        _finding(
            m[Photo.photo_id],
            "outlier",
            float(s),
            _OUTLIER,
            f"{m[Photo.file_name]!r} is unlike the others of its set",
        )
        for m, s in zip(members, scores, strict=True)
        if s > _OUTLIER
    ]
    share = len(found) / len(members)
    if share > _MIXED:
        found.append(
            _finding(
                "",
                "mixed_subject",
                share,
                _MIXED,
                "many photos are unlike the others: the set mixes subjects",
            )
        )
    return found


def _broad(members: Sequence[Row]) -> list[Row]:
    """Sets with keywords and titles of mostly words that fit any picture."""
    broad, counted = frozenset(lines("broad")), Counter[bool]()
    for member in members:
        texts = (
            [*(member[Texts.keywords] or []), member[Texts.title] or ""]
            if member[MetadataRepair.model]
            else []
        )
        counted.update(w in broad for t in texts for w in words(t) if w not in small_words())
    total = sum(counted.values())
    share = counted[True] / total if total else 0.0
    if share > _BROAD:
        return [_finding("", "too_broad", share, _BROAD, f"{share:.0%} of the words fit any picture")]
    return []


def _finding(photo: str, finding: str, measured: float, limit: float, message: str) -> Row:
    return {
        SetValidation.photo_id: photo,
        SetValidation.finding: finding,
        SetValidation.measured: measured,
        SetValidation.limit: limit,
        SetValidation.message: message,
    }


def held_back(validation: pl.DataFrame, photos: pl.DataFrame) -> dict[str, list[Issue]]:
    """Issues of photos from findings on their sets: for one outlier, or for all of a set."""
    folders: dict[str, list[str]] = {}
    for photo, folder in photos.select(Photo.photo_id, Photo.folder).iter_rows():
        folders.setdefault(folder, []).append(photo)
    found: dict[str, list[Issue]] = {}
    for row in validation.filter(pl.col(SetValidation.finding) != "sound").to_dicts():
        one = row[SetValidation.photo_id]
        for photo in [one] if one else folders.get(row[SetValidation.folder], []):
            issue = Issue(
                HOLDS_BACK, Texts.caption, 0, 0, f"{row[SetValidation.finding]}: {row[SetValidation.message]}"
            )
            found.setdefault(photo, []).append(issue)
    return found
