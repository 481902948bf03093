"""What goes into the sidecar of each photo: approved texts, and stars, labels and flags of people.

Holds `SidecarWork`, `sidecar_work`, `said_marks` and `with_texts`.
Add here: another thing that sidecars hold.
Keep out: merging (sidecar_merge.py) and writing (xmp_sidecar.py).

A text that people wrote into the file or sidecar is there already, and is not written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from proofsheet.apply.file_positions import present_paths
from proofsheet.proof.assemble import written_elsewhere
from proofsheet.publish.picture_contents import PictureContents
from proofsheet.publish.sidecar_merge import (
    FLAG,
    LABEL,
    RATING,
    MergeSources,
    marks_of_attempts,
    tags_of_people,
)
from proofsheet.publish.uploader import UploadCandidate, candidates
from proofsheet.publish.xmp_sidecar import Fields
from proofsheet.selection.photo_marks import set_here
from proofsheet.selection.timeline import timeline
from proofsheet.storage.workspace import Project
from schemas.marks import PhotoMark
from schemas.proof import ProofAttempt, Texts
from schemas.written import EmbeddedMetadata

Row = Mapping[str, Any]
_REJECTED = -1.0
_TAGS = {
    RATING: (PhotoMark.stars, PhotoMark.stars_elsewhere),
    LABEL: (PhotoMark.label, PhotoMark.label_elsewhere),
    FLAG: (PhotoMark.flag, PhotoMark.flag_elsewhere),
}


@dataclass(frozen=True)
class SidecarWork:
    """The fields for the sidecar of a photo.

    Attributes:
        path: of the photo inside the project folder.
        fields: what is to be in it.
        sources: what the merge knows beside the sidecar.
        has_texts: whether approved texts are among the fields.
    """

    path: str
    fields: Fields
    sources: MergeSources
    has_texts: bool


def sidecar_work(project: Project) -> list[SidecarWork]:
    """Every photo with approved texts or with marks of people, in the order of paths."""
    paths, contents = present_paths(project), PictureContents(project)
    embedded = {r[EmbeddedMetadata.photo_id]: r for r in project.store.read(EmbeddedMetadata).to_dicts()}
    former = marks_of_attempts(project.ledger.rows(ProofAttempt).to_dicts())
    ready = {c.photo_id: c for c in candidates(project, "sidecars") if not c.held_back}
    marks = said_marks(project)
    found = []
    for photo in (p for p in {**ready, **marks} if p in paths):
        given, texts = marks.get(photo, (Fields(), {})), ready.get(photo)
        fields = with_texts(given[0], texts) if texts else given[0]
        people = tags_of_people(embedded.get(photo, {}))
        check = partial(contents.check, photo, paths[photo])
        sources = MergeSources(people, former.get(photo, set()), True, given[1], check)
        found.append(SidecarWork(paths[photo], fields, sources, texts is not None))
    return sorted(found, key=lambda one: one.path)


def with_texts(fields: Fields, one: UploadCandidate) -> Fields:
    """The fields with the texts of a photo, without those that people wrote into the file or sidecar."""
    theirs = written_elsewhere(one.sources)
    own = {f: v for f, v in one.texts.items() if f not in theirs}
    return replace(
        fields,
        title=own.get(Texts.title),
        description=own.get(Texts.caption),
        alt_text=own.get(Texts.alt_text),
        keywords=tuple(own.get(Texts.keywords) or ()),
    )


def said_marks(project: Project) -> dict[str, tuple[Fields, dict[str, str | None]]]:
    """Photo to the marks that people set here, and to the values of other programs then, by tag.

    A field with marks that were all undone has the value of before, and None as that of other programs.
    """
    line = timeline(project.ledger)
    rows: dict[str, list[Row]] = {}
    for row in line.marks.values():
        rows.setdefault(str(row[PhotoMark.photo_id]), []).append(row)
    return {
        photo: _fields(_with_cleared(line.marks_of(photo)), _with_cleared(every))
        for photo, every in rows.items()
    }


def _fields(standing: Sequence[Row], every: Sequence[Row]) -> tuple[Fields, dict[str, str | None]]:
    here, base = set_here(standing), dict[str, str | None]()
    before = {tag: _before(every, *columns) for tag, columns in _TAGS.items()}
    for tag, (column, elsewhere) in _TAGS.items():
        if any(row[column] is not None for row in every):
            base[tag] = next((_text(r[elsewhere]) for r in reversed(standing) if r[column] is not None), None)
    label = here.label if here.label is not None or LABEL not in base else before[LABEL] or ""
    stars: float | None = here.stars
    if stars is None and RATING in base:
        stars = _whole(before[RATING] or 0.0)
    flag = here.flag if here.flag is not None or FLAG not in base else int(before[FLAG] or 0)
    return Fields(rating=stars, label=label, flag=flag), base


def _with_cleared(rows: Iterable[Row]) -> list[Row]:
    """The marks; where a rating of -1 was there, a flag that is no rejection says stars: those set or 0."""
    found, stars = list[Row](), 0
    for row in rows:
        stars = stars if row[PhotoMark.stars] is None else int(row[PhotoMark.stars])
        clears = row[PhotoMark.flag] in (0, 1) and row[PhotoMark.stars_elsewhere] == _REJECTED
        found.append({**row, PhotoMark.stars: stars} if clears else row)
    return found


def _before(every: Iterable[Row], column: str, elsewhere: str) -> Any:  # noqa: ANN401 - text or number
    """The value before the first mark, or what another program made of it since.

    Args:
        every: marks of a photo, oldest first.
        column: of the field.
        elsewhere: of its value in another program, which may be one that was written here.
    """
    marks = [row for row in every if row[column] is not None]
    before = marks[0][elsewhere] if marks else None
    for number, row in enumerate(marks):
        if (row[elsewhere] or None) not in [m[column] or None for m in marks[:number]]:
            before = row[elsewhere]
    return before


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
