"""Which photos get texts, and the facts in their questions.

Holds `described`, `described_facts` and `known_prompts`.
Add here: another fact that the questions of every job may need.
Keep out: the questions of one job (job_requests.py), and the known facts themselves (picture_facts.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from proofsheet.texts.jobs import KNOWN, JobRequest
from proofsheet.texts.known_facts import file_lines, known_text, written_lines
from proofsheet.texts.picture_facts import KnownFacts, picture_facts
from proofsheet.texts.written_texts import texts_of_people
from schemas.choices import Choice
from schemas.labels import PhotoLabel, SeenObject
from schemas.library import ExifFact, GenerationFact, Photo
from schemas.sets import ImageSet
from schemas.settings.captions import CaptionSettings
from schemas.table import Rows
from schemas.vision import ImageQuality, PictureHash, Preview
from schemas.written import WrittenMetadata

_NOT_SEEN = {Photo.project, Photo.photo_id, ImageQuality.measured_by}
_FACTS = [n for t in (ImageQuality, ExifFact) for n in t.columns() if n not in _NOT_SEEN]
Row = Mapping[str, Any]


def described_facts(
    photos: Rows[Photo], image_quality: Rows[ImageQuality], exif_facts: Rows[ExifFact]
) -> pl.DataFrame:
    """Photos with everything that was measured about them."""
    ids = [Photo.project, Photo.photo_id]
    return photos.join(image_quality, on=ids, how="inner").join(exif_facts, on=ids, how="inner")


def described(
    photos: Rows[Photo],
    image_quality: Rows[ImageQuality],
    exif_facts: Rows[ExifFact],
    previews: Rows[Preview],
    picture_hashes: Rows[PictureHash],
    image_sets: Rows[ImageSet],
    generation_facts: Rows[GenerationFact],
    photo_labels: Rows[PhotoLabel],
    objects: Rows[SeenObject],
    choices: Rows[Choice],
    written_metadata: Rows[WrittenMetadata],
    captioning: CaptionSettings,
) -> list[JobRequest]:
    """The photos that get texts, in the order of their paths.

    They are the chosen one of each set, or all if the settings ask for it.
    """
    ids = [Photo.project, Photo.photo_id]
    facts = (
        described_facts(photos, image_quality, exif_facts).join(previews, on=ids).join(picture_hashes, on=ids)
    )
    subjects = dict(image_sets.select(ImageSet.folder, ImageSet.subject).iter_rows())
    if not captioning.all_images:
        facts = facts.filter(
            pl.col(Photo.photo_id).is_in(choices[Choice.chosen_photo_id].drop_nulls().implode())
        )
    prompts = known_prompts(generation_facts)
    written = {r[WrittenMetadata.photo_id]: r for r in written_metadata.to_dicts()}
    rows = facts.sort(Photo.path).to_dicts()
    known = picture_facts(
        rows, _FACTS, image_sets, generation_facts, photo_labels, objects, captioning.language
    )
    return [
        _asked(row, subjects.get(row[Photo.folder]), prompts.get(photo), known[photo], written.get(photo, {}))
        for row in rows
        for photo in [row[Photo.photo_id]]
    ]


def _asked(row: Row, subject: str | None, prompt: str | None, known: KnownFacts, written: Row) -> JobRequest:
    values = {
        "subject": f"Confirmed subject of the set: {subject}" if subject else "",
        KNOWN: known_text([*file_lines(row, prompt), *written_lines(written)]),
    }
    texts = {f: t.value for f, t in texts_of_people(written).items()}
    return JobRequest(
        photo_id=row[Photo.photo_id],
        image_hash=row[PictureHash.pixel_hash],
        pictures=(row[Preview.preview_path] or row[Preview.thumb_path],),
        values=values,
        facts=known.measured,
        known=replace(known, written=texts, elsewhere=frozenset(texts)),
        phash=row[PictureHash.phash],
        file_hash=row[Photo.content_hash],
        shared=values,
    )


def known_prompts(generation_facts: pl.DataFrame) -> dict[str, str]:
    """Photo to the prompt that generated it; photos without a known prompt are left out."""
    known = generation_facts.drop_nulls(GenerationFact.prompt)
    return dict(known.select(GenerationFact.photo_id, GenerationFact.prompt).iter_rows())
