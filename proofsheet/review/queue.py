"""The sets of a project as the review shows them.

Holds `ReviewItem`, `ReviewQueue` and `read_queue`.
Add here: another thing that is shown beside a set.
Keep out: verdicts on them (session.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.selection.choices import History
from proofsheet.selection.photo_marks import Mark, elsewhere_by_photo, model_stars
from proofsheet.selection.timeline import proposed_crop
from proofsheet.storage.workspace import Project
from schemas.choices import TECHNICAL, Choice, Proposal
from schemas.faces import Face
from schemas.groups import PhotoGroup
from schemas.library import Photo
from schemas.selections import Selection
from schemas.storage import StoredTable
from schemas.vision import ImageQuality, Preview
from schemas.words import Rating
from schemas.written import WrittenMetadata

Row = dict[str, Any]
ELSEWHERE, MODEL_STARS = "elsewhere", "model_stars"  # of an image; not for the browser
_READ = (
    *(Proposal, Photo, ImageQuality, Face, PhotoGroup, Preview, Selection, Choice),
    *(WrittenMetadata, Rating),
)


@dataclass(frozen=True)
class ReviewItem:
    """One set, and what is proposed for it.

    Attributes:
        row: its row of `proposals`.
        images: its photos in the order of the set.
        cause: why they are together.
        version: changes with whatever a verdict on it rests on.
        audit: whether it is shown without what is proposed.
        history: its row of `selections` if imported history decided it, else None.
        note: what is known of earlier decisions on its photos; empty if nothing.
    """

    row: Row
    images: list[Row]
    cause: str
    version: str
    audit: bool
    history: Row | None = None
    note: str = ""

    @property
    def group_id(self) -> str:
        """The set."""
        return str(self.row[Proposal.group_id])

    @property
    def technical(self) -> bool:
        """Whether the confidence is about technical quality, and not about what you would choose."""
        return bool(self.row[Proposal.confidence_kind] == TECHNICAL)

    def is_sure(self, least: float) -> bool:
        """Whether the proposal has a confidence, and it is at least `least` (0..1)."""
        confidence = self.row[Proposal.confidence]
        return confidence is not None and confidence >= least

    def is_hidden(self, seen: Collection[str]) -> bool:
        """Whether the proposal was never shown.

        Args:
            seen: sets that were ever decided.
        """
        return self.audit and self.group_id not in seen

    def as_dict(self, *, hidden: bool) -> Row:
        """For the browser.

        Args:
            hidden: whether the proposal is not sent.
        """
        row = self.row
        shown: Row = {
            "group_id": self.group_id,
            "version": self.version,
            "cause": self.cause,
            "keep_all": row[Proposal.keep_all],
            "audit": self.audit,
            "history": None if self.history is None else self.history[Selection.chosen_photo_id],
            "note": self.note,
            "hidden": hidden,
            "images": self.images,
            "step1_selection": None,
            "step2_crop": None,
        }
        if not hidden:
            shown["step1_selection"] = {
                "chosen": row[Proposal.chosen_photo_id],
                "confidence": row[Proposal.confidence],
                "confidence_kind": row[Proposal.confidence_kind],
                "reasons": row[Proposal.reasons],
                "flags": row[Proposal.flags],
                "anomaly": row[Proposal.anomaly],
                "by": row[Proposal.decided_by],
            }
            shown["step2_crop"] = {
                "needs_crop": row[Proposal.crop_needed],
                "crop_coords": proposed_crop(row),
                "confidence": row[Proposal.crop_confidence],
                "reasons": row[Proposal.crop_reasons],
                "by": row[Proposal.crop_by],
            }
        return shown


@dataclass(frozen=True)
class ReviewQueue:
    """Everything that can be decided.

    Attributes:
        sets: of two pictures or more, in the order of their first paths, those of imported history last.
        by_id: sets and single pictures.
        places: set to its place in `sets`.
        group_of: photo to its set or single picture.
        singles: pictures that are in no set of two or more, in the order of their paths.
        mark: of the tables that it was read from.
    """

    sets: list[ReviewItem]
    by_id: Mapping[str, ReviewItem]
    places: Mapping[str, int]
    group_of: Mapping[str, str]
    singles: list[ReviewItem]
    mark: str


def mark_of(project: Project) -> str:
    """Changes whenever one of the tables behind the proposals does."""
    books = project.store.tables()
    return short_hash(*(str(books.get(t.name, {}).get(StoredTable.checksum, "")) for t in _READ))


def read_queue(project: Project, audit_share: float) -> ReviewQueue:
    """The present proposals.

    Args:
        project: the project of the sets.
        audit_share: share of the sets that are blind; which ones follows from their ids alone.
    """
    mark, ids = mark_of(project), [Photo.project, Photo.photo_id]
    known = (
        project.store.read(Photo)
        .join(project.store.read(ImageQuality), on=ids)
        .join(project.store.read(Preview), on=ids)
    )
    known = known.join(project.store.read(PhotoGroup), on=ids)
    faces = project.store.read(Face).filter(pl.col(Face.face) == 1).select(*ids, Face.landmarks)
    photos = {str(r[Photo.photo_id]): r for r in known.join(faces, on=ids, how="left").to_dicts()}
    history = History(project.store.read(Selection), {i: str(r[Photo.path]) for i, r in photos.items()})
    elsewhere = elsewhere_by_photo(project.store.read(WrittenMetadata))
    by_model = model_stars(project.store.read(Rating))
    for photo, row in photos.items():
        row |= {ELSEWHERE: elsewhere.get(photo, Mark()), MODEL_STARS: by_model.get(photo)}
    notes = dict(project.store.read(Choice).select(Choice.group_id, Choice.note).iter_rows())
    found, singles = list[ReviewItem](), list[ReviewItem]()
    for row in project.store.read(Proposal).to_dicts():
        members = [photos[i] for i in row[Proposal.photo_ids] if i in photos]
        alone = len(row[Proposal.photo_ids]) < 2
        if row[Proposal.chosen_photo_id] not in photos or (len(members) < 2 and not alone):
            continue  # a run is writing: proposals and pictures are not of one moment
        if alone:
            singles.append(_proposal(project.key, row, members, 0.0))
            continue
        said = history.of(row[Proposal.photo_ids])
        share = 0.0 if said else audit_share  # whoever decided a set before is no blind judge of it
        made = _proposal(project.key, row, members, share)
        found.append(replace(made, history=said, note=notes.get(made.group_id, "")))
    found.sort(key=lambda p: (p.history is not None, *_path(p)))
    singles.sort(key=_path)
    every = {p.group_id: p for p in (*found, *singles)}
    group_of = {str(i["id"]): p.group_id for p in every.values() for i in p.images}
    return ReviewQueue(found, every, {p.group_id: k for k, p in enumerate(found)}, group_of, singles, mark)


def _path(one: ReviewItem) -> tuple[str, str]:
    return one.images[0]["folder"], one.images[0]["file_name"]


def _proposal(project: str, row: Row, members: list[Row], audit_share: float) -> ReviewItem:
    told = (
        row[n] for n in (Proposal.photo_ids, Proposal.chosen_photo_id, Proposal.decided_by, Proposal.crop_by)
    )
    version = short_hash(str(row[Proposal.group_id]), *map(repr, told), repr(proposed_crop(row)))
    audit = audit_share > 0 and _drawn(project, str(row[Proposal.group_id])) < audit_share
    return ReviewItem(row, [_image(m) for m in members], str(members[0][PhotoGroup.cause]), version, audit)


def _drawn(project: str, group_id: str) -> float:
    """A number from 0 to 1 that follows from the set alone."""
    return int(short_hash(project, group_id, "audit", length=8), 16) / 2**32


def _image(member: Row) -> Row:
    return {
        "id": member[Photo.photo_id],
        "path": member[Photo.path],
        "folder": member[Photo.folder],
        "file_name": member[Photo.file_name],
        "stage": member[Photo.stage],
        "stage_label": member[Photo.stage_label],
        "width": member[ImageQuality.width_px],
        "height": member[ImageQuality.height_px],
        "state": member[Photo.state],
        "mark": str(member[Photo.content_hash])[:12],
        "zoom_to": _eyes(member),
        ELSEWHERE: member[ELSEWHERE],
        MODEL_STARS: member[MODEL_STARS],
    }


def _eyes(member: Row) -> list[float] | None:
    """Middle of the eyes of the largest face, in shares of the picture; None without a face."""
    points = member[Face.landmarks]
    if points is None:
        return None
    eyes = [(p["x_px"], p["y_px"]) for p in points[:2]]
    sizes = (member[ImageQuality.width_px], member[ImageQuality.height_px])
    return [min(max(sum(e[k] for e in eyes) / 2 / sizes[k], 0.0), 1.0) for k in (0, 1)]
