"""What `embed` would write into which pictures, before anything is done.

Holds `EmbedPlan` and `make_embed_plan`.
Add here: another reason for which a picture is left alone.
Keep out: which value counts (embed_values.py), copies (embed_copies.py), originals (apply/).

Accepted and approved texts of chosen pictures are written, with stars, labels and flags of people, and the
stars of the model where nobody gave any.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from proofsheet.apply.disk import as_journalled
from proofsheet.apply.metadata_writing import DNG, SUFFIXES, fields_for_merge
from proofsheet.apply.plan import Operation, Plan, inside
from proofsheet.core.errors import UsageError
from proofsheet.core.files import Refused, printable
from proofsheet.imaging.formats import RAW_EXTENSIONS, format_of
from proofsheet.publish.embed_values import EmbedValues, embed_values
from proofsheet.publish.picture_contents import PictureContents
from proofsheet.publish.sidecar_merge import MergeSources, marks_of_attempts, tags_of_people
from proofsheet.publish.sidecar_plan import said_marks, with_texts
from proofsheet.publish.uploader import UploadCandidate, candidates, held_back
from proofsheet.publish.xmp_sidecar import Fields
from proofsheet.selection.choices import present_choices
from proofsheet.storage.workspace import Project
from schemas.apply import EMBED, FileOperation
from schemas.choices import Choice
from schemas.metadata_changes import MetadataChange
from schemas.proof import ProofAttempt
from schemas.words import Rating
from schemas.written import SIDECAR, WrittenMetadata

_TARGET = "files"
_NO_MARKS: tuple[Fields, Mapping[str, str]] = (Fields(), {})
_STARS = 2  # ratings of 10 become stars of 5


@dataclass(frozen=True)
class EmbedPlan(Plan):
    """A plan of texts for picture files.

    Attributes:
        values: path to its values by tag.
        conflicts: path to the fields that people wrote, each with the reason.
        notes: path to texts that IPTC or EXIF has otherwise, in words.
        held_back: reason to number of pictures with texts that are not written.
        out: folder of the copies; empty for originals.
    """

    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    conflicts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    held_back: Mapping[str, int] = field(default_factory=dict)
    out: str = ""
    verb: str = EMBED

    @property
    def plan_id(self) -> str:
        """Hash of everything that would be written, and where."""
        told = [self.project, self.out, [asdict(o) for o in self.operations], self.values]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def changes(self, plan_id: str) -> list[dict[str, object]]:
        """Rows of `metadata_changes` for the journal."""
        return [
            {
                MetadataChange.plan_id: plan_id,
                MetadataChange.number: number,
                MetadataChange.photo_id: one.photo_id,
                MetadataChange.values: json.dumps(self.values[one.source], ensure_ascii=False),
            }
            for number, one in enumerate(self.operations, start=1)
        ]


@dataclass
class _Draft:
    """A plan in the making."""

    operations: list[Operation] = field(default_factory=list)
    values: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    conflicts: dict[str, Sequence[str]] = field(default_factory=dict)
    notes: dict[str, Sequence[str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unchanged: int = 0
    later: int = 0


def make_embed_plan(project: Project, out: Path | None, most_sets: int | None = None) -> EmbedPlan:
    """Plan which texts go into which files; reads the disk and changes nothing.

    Args:
        project: the project of the pictures.
        out: folder of the copies; None for originals.
        most_sets: no more sets than this get texts in originals, those that have some included; None for all.

    Raises:
        ServiceUnreachable: if exiftool is not installed.
    """
    found, contents = candidates(project, _TARGET), PictureContents(project)
    ready, draft = [c for c in found if not c.held_back], _Draft()
    files = {c.photo_id: file for c in ready if (file := _file(project, c, draft, out, contents)) is not None}
    wanted = [c for c in ready if c.photo_id in files]
    fields = fields_for_merge([project.folder / c.path for c in wanted])
    known = _Known(project)
    for one, before in zip(wanted, fields, strict=True):
        if why := before.get("ExifTool:Error"):
            draft.refused[one.path] = f"exiftool cannot read it: {why}"
        elif any(name.startswith("JUMBF") for name in before):
            draft.refused[one.path] = "it has signed Content Credentials (C2PA), which any change would break"
        else:
            operation, container = files[one.photo_id]
            made = embed_values(
                before, known.fields(one), known.sources(one), container, known.of_sidecar(one)
            )
            _note(draft, operation, made)
    _limit(project, draft, most_sets)
    counts = {
        "planned": len(draft.operations),
        "unchanged": draft.unchanged,
        "refused": len(draft.refused),
        "beyond the limit of pilot mode: left for later": draft.later,
    }
    return EmbedPlan(
        project.key,
        draft.operations,
        draft.refused,
        {what: n for what, n in counts.items() if n},
        values=draft.values,
        conflicts=draft.conflicts,
        notes=draft.notes,
        held_back=held_back(found),
        out="" if out is None else str(out),
    )


def _note(draft: _Draft, operation: Operation, made: EmbedValues) -> None:
    path = operation.source
    if made.conflicts:
        draft.conflicts[path] = made.conflicts
    if not made.values:
        draft.unchanged += 1
        return
    if made.notes:
        draft.notes[path] = made.notes
    draft.operations.append(operation)
    draft.values[path] = made.values


class _Known:
    """What the tables know of photos: texts of people, former texts, ratings."""

    def __init__(self, project: Project) -> None:
        written = project.store.read(WrittenMetadata).to_dicts()
        self._people = {r[WrittenMetadata.photo_id]: r for r in written}
        self._former = marks_of_attempts(project.ledger.rows(ProofAttempt).to_dicts())
        self._marks = said_marks(project)
        self._stars = {r[Rating.photo_id]: r[Rating.overall] for r in project.store.read(Rating).to_dicts()}

    def fields(self, one: UploadCandidate) -> Fields:
        """What is to be in the file: marks of people, else the stars of the model."""
        said, overall = self._marks.get(one.photo_id, _NO_MARKS)[0], self._stars.get(one.photo_id)
        if said.rating is None and overall is not None:
            said = replace(said, rating=max(0, min(5, round(overall / _STARS))) or None)
        return with_texts(said, one)

    def sources(self, one: UploadCandidate) -> MergeSources:
        """What people wrote into file and sidecar, and our former texts."""
        people = tags_of_people(self._people.get(one.photo_id, {}))
        base = self._marks.get(one.photo_id, _NO_MARKS)[1]
        return MergeSources(people, self._former.get(one.photo_id, set()), True, base)

    def of_sidecar(self, one: UploadCandidate) -> dict[str, Any]:
        """What people wrote into the sidecar, by tag."""
        row = self._people.get(one.photo_id, {})
        fields = {s["field"] for s in row.get(WrittenMetadata.said, ()) if s["place"] == SIDECAR}
        return tags_of_people({n: v for n, v in row.items() if n in fields})


def _file(
    project: Project, one: UploadCandidate, draft: _Draft, out: Path | None, contents: PictureContents
) -> tuple[Operation, str] | None:
    """The operation and the container of a picture; None with a reason in the draft."""
    try:
        path = inside(project.folder, one.path)
        content, mark = as_journalled(path)
        contents.refuse_other(one.photo_id, one.path, content)
        container = _container(path)
        if printable(one.path) != one.path:
            raise UsageError("Its name is not valid text.", "Rename it.")
        if out is None and not path.stat().st_mode & 0o200:
            raise UsageError("It is read-only.", "Make it writable, or write copies.")
    except Refused as refused:
        draft.refused[one.path] = f"{refused.reason}; {refused.next_step}"
        return None
    except UsageError as error:
        draft.refused[one.path] = f"{error.what} {error.next_step}"
        return None
    except OSError as error:
        draft.refused[one.path] = f"{error.strerror or error}. Check the disk and the rights."
        return None
    operation = Operation(
        *("", one.photo_id, EMBED, "winner", one.path, one.path, mark.size, mark.mtime_ns, content),
        unit=one.photo_id,
    )
    return operation, container


def _container(path: Path) -> str:
    if path.suffix.lower() in RAW_EXTENSIONS and path.suffix.lower() != DNG:
        raise UsageError("It is a RAW file, which gets a sidecar.", "`proofsheet sidecars` writes it.")
    with path.open("rb") as stream:
        found = format_of(stream.read(32)) or ""
    if found not in SUFFIXES:
        raise UsageError(f"It is no DNG, {', '.join(SUFFIXES)}.", "`proofsheet sidecars` writes a sidecar.")
    return "DNG" if path.suffix.lower() == DNG else found


def _limit(project: Project, draft: _Draft, most_sets: int | None) -> None:
    """Name the set of every operation, and leave sets beyond the limit for later."""
    sets = {
        str(photo): str(row[Choice.group_id])
        for row in present_choices(project).to_dicts()
        for photo in row[Choice.photo_ids]
    }
    done = project.ledger.rows(FileOperation, kind=EMBED, state="done")[FileOperation.group_id]
    counted, within = set(done), list[Operation]()
    for one in draft.operations:
        group = sets.get(one.photo_id, one.photo_id)
        if most_sets is not None and len(counted | {group}) > most_sets:
            draft.later += 1
            continue
        counted.add(group)
        within.append(replace(one, group_id=group))
    draft.operations = within
