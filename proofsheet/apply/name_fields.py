"""Values of the fields of templates, as the tables of a project have them.

Holds `FIELDS`, `KnownPhotos` and `known_photos_of`.
Add here: another field.
Keep out: templates (name_template.py), and times (shot_times.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from proofsheet.apply.file_positions import present_paths
from proofsheet.apply.name_template import COUNTER, NAME, SEQUENCE, SUBSECOND, TAKEN, FieldValue
from proofsheet.apply.shot_times import ClockCorrections, ShotTime, camera_meant, shot_times
from proofsheet.core.errors import UsageError
from proofsheet.library.file_locations import FileLocations, placed_files
from proofsheet.library.name_parts import stem_of
from proofsheet.library.photo_names import photos_meant
from proofsheet.storage.workspace import Project
from schemas.library import ExifFact, Photo
from schemas.sets import ImageSet
from schemas.table import Table
from schemas.written import WrittenMetadata

Row = Mapping[str, Any]
_FACTS = {"camera": ExifFact.model, "make": ExifFact.make, "lens": ExifFact.lens}
_PLACES = ("city", "state", "country", "location")
FIELDS = frozenset(
    {
        *(TAKEN, SUBSECOND, NAME, COUNTER, SEQUENCE, "zone", "subject", "rating", "stage"),
        *_FACTS,
        *(f"place.{name}" for name in _PLACES),
    }
)


@dataclass(frozen=True)
class KnownPhotos:
    """What templates may say of the photos of a project.

    Attributes:
        photos: photo to its row of `photos`.
        paths: photo to its present path inside the project.
        times: photo to its time; without those that have none.
        first_names: photo to its file name before the first renaming.
        facts: photo to its row of `exif_facts`.
        written: photo to its row of `written_metadata`.
        subjects: folder to its confirmed subject.
        placed: what was moved before.
        crops: photo to the path of its crop, for those that are there beside their pictures.
    """

    photos: Mapping[str, Row]
    paths: Mapping[str, str]
    times: Mapping[str, ShotTime]
    first_names: Mapping[str, str]
    facts: Mapping[str, Row]
    written: Mapping[str, Row]
    subjects: Mapping[str, str | None]
    placed: FileLocations
    crops: Mapping[str, str]

    def values(self, photo: str) -> dict[str, FieldValue]:
        """Field to value of one photo; seq is left to the caller."""
        row, fact, written = (rows.get(photo, {}) for rows in (self.photos, self.facts, self.written))
        found: dict[str, FieldValue] = {field: fact.get(column) for field, column in _FACTS.items()}
        found |= {f"place.{name}": written.get(name) for name in _PLACES}
        rating, time = written.get(WrittenMetadata.rating), self.times.get(photo)
        found |= {
            "rating": None if rating is None or rating < 1 else int(rating),
            "stage": row.get(Photo.stage),
            "subject": self.subjects.get(str(row.get(Photo.folder))),
            NAME: stem_of(self.first_names[photo]),
        }
        if time is not None:
            found |= {TAKEN: time.precise, SUBSECOND: _subsecond(time), "zone": _zone(time)}
        return found

    def synced(self, wanted: str) -> ClockCorrections:
        """The correction that gives one photo the time of another, as `--sync PHOTO=PHOTO` asks.

        Raises:
            UsageError: if either is not known, has no time, or both are of one camera.
        """
        first, second = (self._meant(name) for name in _pair(wanted))
        cameras = [str(self.facts.get(p, {}).get(ExifFact.model) or "") for p in (first, second)]
        if not cameras[0] or cameras[0] == cameras[1] or not {first, second} <= self.times.keys():
            raise UsageError(
                f"{wanted} does not compare the clocks of two cameras.",
                "Name a picture of the camera that was wrong, =, and one that another camera took then; "
                "both need a capture time.",
            )
        return ClockCorrections({cameras[0]: self.times[second].precise - self.times[first].precise})

    def _meant(self, name: str) -> str:
        rows = Photo.frame(self.photos.values())
        found = photos_meant(rows, name)[Photo.photo_id].to_list()
        if len(found) != 1:
            raise UsageError(
                f"{len(found)} photos are named {name!r}.",
                "Give the path of one inside the project, or its id.",
            )
        return str(found[0])


def known_photos_of(project: Project, told: ClockCorrections) -> KnownPhotos:
    """Read the tables of a project.

    Args:
        project: the project.
        told: corrections of clocks; its cameras are checked.

    Raises:
        UsageError: if no photo is from a camera that is corrected.
    """
    placed = placed_files(project.ledger)
    photos, facts, written = (_by_photo(project, table) for table in (Photo, ExifFact, WrittenMetadata))
    paths = present_paths(project, placed)
    models = [str(f[ExifFact.model]) for f in facts.values() if f[ExifFact.model]]
    shifts = {camera_meant(name, models): shift for name, shift in told.shifts.items()}
    times = shot_times(photos.values(), facts, ClockCorrections(shifts, told.file_time))
    names = {photo: _first_name(placed, photo, path) for photo, path in paths.items()}
    sets = project.store.read(ImageSet).select(ImageSet.folder, ImageSet.subject).iter_rows()
    crops = _crops_beside(project, placed, paths)
    return KnownPhotos(photos, paths, times, names, facts, written, dict(sets), placed, crops)


def _crops_beside(project: Project, placed: FileLocations, paths: Mapping[str, str]) -> dict[str, str]:
    """Crops that are there, in the folders of their pictures: people may have moved or deleted either."""
    return {
        photo: crop
        for photo, crop in placed.crops.items()
        if photo in paths
        and PurePosixPath(crop).parent == PurePosixPath(paths[photo]).parent
        and (project.folder / crop).is_file()
    }


def _by_photo(project: Project, table: type[Table]) -> dict[str, Row]:
    return {str(r["photo_id"]): r for r in project.store.read(table).to_dicts()}


def _first_name(placed: FileLocations, photo: str, path: str) -> str:
    name = PurePosixPath(path).name
    return placed.first_names.get(path, name) if placed.present.get(photo) == path else name


def _pair(wanted: str) -> tuple[str, str]:
    first, sign, second = wanted.partition("=")
    if not (first and sign and second):
        raise UsageError(f"{wanted!r} names no two photos.", "Write --sync PHOTO=PHOTO.")
    return first, second


def _subsecond(time: ShotTime) -> str | None:
    return None if time.fraction_us is None else f"{time.fraction_us // 1000:03}"


def _zone(time: ShotTime) -> str | None:
    if time.offset_min is None:
        return None
    hours, minutes = divmod(abs(time.offset_min), 60)
    return f"{'-' if time.offset_min < 0 else '+'}{hours:02}{minutes:02}"
