"""Rating of pictures outside of a library: the model is asked, and ratings become rows and sidecars.

Holds `Rated`, `SidecarResult`, `rate_pictures`, `csv_row`, `summary` and `write_sidecars`.
Add here: another output of a rating.
Keep out: options and printing (commands/rate.py); transport to models (proofsheet/texts/client/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proofsheet.core.config import Configuration
from proofsheet.core.errors import ProofsheetError
from proofsheet.core.progress import Progress
from proofsheet.imaging.measurement import Measurement
from proofsheet.imaging.perceptual_hash import picture_hash
from proofsheet.library.file_hashes import ScannedFile
from proofsheet.metadata.written_fields import embedded_metadata
from proofsheet.publish.sidecar_merge import MergeSources, tags_of_people
from proofsheet.publish.sidecar_names import sidecar_of
from proofsheet.publish.xmp_sidecar import Fields, merge_sidecar
from proofsheet.storage.workspace import Project
from proofsheet.texts.describer import Describer
from proofsheet.texts.inference import answers
from proofsheet.texts.job_requests import rating_questions
from proofsheet.texts.jobs import RATING, JobRequest
from proofsheet.texts.ratings import sorted_keywords
from resources.measurements import PreviewingResource
from resources.photos import PhotoFilesResource
from schemas.answers import ModelAnswer
from schemas.replies import RatingReply
from schemas.vision import PictureHash, Preview
from schemas.written import EmbeddedMetadata

_SCALE = 2  # ratings of 10 become stars of 5


@dataclass(frozen=True)
class Rated:
    """A picture with its rating, the answer behind it, its keywords, and what people wrote into it."""

    picture: ScannedFile
    reply: RatingReply
    answer: Mapping[str, Any]
    keywords: list[str]
    left_out: dict[str, str]
    people: Mapping[str, Any]


def rate_pictures(
    wanted: Sequence[ScannedFile],
    settings: Configuration,
    project: Project,
    describing: Describer,
    listener: Progress,
) -> tuple[list[Rated], list[dict[str, str]]]:
    """Convert and ask; a picture that fails is reported, and the others continue."""
    photos = PhotoFilesResource(**settings.photos.model_dump())
    shown = PreviewingResource(quality=settings.model.jpeg_quality).measurement(
        project, settings.model.side_px
    )
    hashed = Measurement.of(PictureHash, picture_hash)
    written = Measurement.of(EmbeddedMetadata, embedded_metadata)
    files = [p.file for p in wanted]
    _formats, refused, looked = photos.open(project, files, [shown, hashed, written], listener)
    people = {r["content_hash"]: tags_of_people(r) for r in looked.rows[written.name].to_dicts()}
    previews = {r["content_hash"]: r[Preview.preview_path] for r in looked.rows[Preview.name].to_dicts()}
    pictures = {
        r["content_hash"]: r[PictureHash.pixel_hash] for r in looked.rows[PictureHash.name].to_dicts()
    }
    able = [p for p in wanted if p.file.content_hash in previews]
    hashes = [p.file.content_hash for p in able]
    shown_files = [
        JobRequest(p.path, pictures[h], (previews[h],), file_hash=h)
        for p, h in zip(able, hashes, strict=True)
    ]
    asked = rating_questions(shown_files, settings.rating)
    now = datetime.now(UTC).replace(tzinfo=None)
    told, _facts = answers(RATING, asked, describing, project, now, listener)
    rated, failed = [], [_why(p, refused) for p in wanted if p.file.content_hash not in previews]
    for picture, one in zip(able, told, strict=True):
        if isinstance(one.reply, RatingReply) and one.answer is not None:
            words, own = sorted_keywords(one.reply.keywords), people[picture.file.content_hash]
            rated.append(Rated(picture, one.reply, one.answer, *words, own))
        else:
            failed.append({"path": picture.path, "why": str(one.columns["problem"])})
    return rated, failed


def _why(picture: ScannedFile, refused: Mapping[str, Any]) -> dict[str, str]:
    told = refused.get(picture.file.content_hash)
    return {
        "path": picture.path,
        "why": f"{told.reason}; {told.next_step}" if told else "it could not be opened",
    }


def csv_row(rated: Rated, describing: Describer, criteria: str) -> dict[str, Any]:
    """A row of the ratings CSV, with the model, the prompt and the time of the answer."""
    prompt, answer = describing.prompt(RATING.name), rated.answer
    return {
        "path": rated.picture.path,
        "overall": rated.reply.overall,
        "criteria": rated.reply.ratings,
        "keywords": "; ".join(rated.keywords),
        "rated_at": answer[ModelAnswer.answered_at].isoformat(timespec="seconds"),
        **{
            n: answer[n]
            for n in (ModelAnswer.model, ModelAnswer.model_digest, ModelAnswer.backend, ModelAnswer.seconds)
        },
        **{
            n: answer[n]
            for n in (ModelAnswer.prompt_tokens, ModelAnswer.reply_tokens, ModelAnswer.prompt_version)
        },
        "system_prompt": prompt.system,
        "user_prompt": prompt.filled({"criteria": criteria}),
    }


def summary(rated: Rated) -> dict[str, Any]:
    """A rating for the JSON of the command."""
    told = {"path": rated.picture.path, "overall": rated.reply.overall, "criteria": rated.reply.ratings}
    return {
        **told,
        "keywords": rated.keywords,
        "left_out": [{"keyword": w, "why": y} for w, y in rated.left_out.items()],
    }


@dataclass
class SidecarResult:
    """How many sidecars were written, the conflicts with words of people, and the failures."""

    written: int = 0
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For the JSON of the command, without the failures."""
        return {"sidecars": self.written, "conflicts": self.conflicts}


def write_sidecars(
    folder: Path, rated: Sequence[Rated], settings: Configuration, *, replace: bool
) -> SidecarResult:
    """Merge stars and keywords into sidecars; stars of people stay.

    Args:
        folder: of the pictures.
        rated: their ratings.
        settings: name the style of new sidecars.
        replace: whether stars of an earlier rating make room for new ones.
    """
    done = SidecarResult()
    for one in rated:
        picture = folder / one.picture.path
        stars = max(0, min(5, round(one.reply.overall / _SCALE)))
        fields, sources = (
            Fields(rating=stars, keywords=tuple(one.keywords)),
            MergeSources(one.people, (), replace),
        )
        try:
            path = sidecar_of(picture, settings.rating.sidecar_style)
            merged = merge_sidecar(path, fields, extension=picture.suffix, sources=sources)
        except (ProofsheetError, OSError) as error:
            done.failed.append({"path": one.picture.path, "why": f"sidecar: {error}"})
            continue
        done.written += merged.changed
        if merged.conflicts:
            done.conflicts.append({"path": one.picture.path, "fields": list(merged.conflicts)})
    return done
