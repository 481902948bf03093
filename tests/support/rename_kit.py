"""Projects with dated pictures, for tests of renaming and organizing.

Holds `Shot`, `dated_project`, `exchanging_project`, `photos_of`, `rename_plan` and `mover`.
Add here: another fact that names are made from.
Keep out: assertions.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dagster_project.renaming import TEMPLATE, ClockRequest
from proofsheet.apply.disk import Disk
from proofsheet.apply.executor import Applier
from proofsheet.apply.name_fields import FIELDS, KnownPhotos
from proofsheet.apply.name_template import parse_template
from proofsheet.apply.plan import Plan
from proofsheet.apply.rename_plan import make_rename_plan
from proofsheet.core.progress import Quiet
from proofsheet.library.file_locations import placed_files
from proofsheet.library.scan import scan
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project, Workspace
from schemas.library import ExifFact, Photo
from schemas.settings.apply import ApplySettings
from schemas.settings.library import PlaceSettings
from tests.support.kit import NOW, rescan

CIRCLES = "{camera}"
EXCHANGES = (  # names of pictures and what CIRCLES makes of them
    (("a", "b"), ("b", "a")),
    (("a", "b", "c"), ("b", "c", "a")),
    (("a", "b", "c"), ("b", "c", "d")),
    (("A", "b"), ("a", "B")),
    (("a",), ("some other name",)),
)


@dataclass(frozen=True)
class Shot:
    """A picture with what its camera wrote, and the files beside it.

    Attributes:
        path: of the picture inside the project.
        taken: local time; None without one.
        subsec_ms: milliseconds after it, or None.
        camera: model, or None.
        offset_min: minutes before UTC, or None.
        place: latitude and longitude in degrees, or None.
        beside: further files, as paths.
        content: bytes; by default the path.
    """

    path: str
    taken: datetime | None = None
    subsec_ms: int | None = None
    camera: str | None = "X100"
    offset_min: int | None = None
    place: tuple[float, float] | None = None
    beside: tuple[str, ...] = ()
    content: bytes = b""


def dated_project(place: Path, shots: Sequence[Shot], name: str = "trip") -> Project:
    """A project of such pictures, as a run leaves it."""
    folder = place / "library" / name
    for number, shot in enumerate(shots):
        for path in (shot.path, *shot.beside):
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(shot.content if path == shot.path and shot.content else path.encode())
            os.utime(file, ns=(1_600_000_000_000_000_000, 1_600_000_000_000_000_000 + number))
    settings = PlaceSettings(library=str(place / "library"), home=str(place / "home"))
    project = Workspace(settings).project(name)
    look_again(project)
    ids = dict(project.store.read(Photo).select(Photo.path, Photo.photo_id).iter_rows())
    rows = [_fact(project, ids[shot.path], shot) for shot in shots if shot.path in ids]
    project.store.publish({ExifFact: ExifFact.frame(rows)}, Stamp())
    return project


def exchanging_project(place: Path, folders: int) -> Project:
    """A project of folders in which pictures exchange names, each with four files beside it."""
    shots = []
    for number in range(folders):
        before, after = EXCHANGES[number % len(EXCHANGES)]
        for old, new in zip(before, after, strict=True):
            stem, named = f"{number:03}/{old}", f"{number:03}/NKSC_PARAM/{old}.jpg.nksc"
            beside = (f"{stem}.CR2.xmp", f"{stem}.jpg.xmp", f"{stem}.wav", named)
            shots.append(Shot(f"{stem}.jpg", NOW, camera=new, beside=beside))
    return dated_project(place, shots)


def look_again(project: Project) -> None:
    """Scan the project as a run does: files that are named like pictures can be opened."""
    found = scan(project.folder, project.cache, Quiet(), raw=True, placed=placed_files(project.ledger))
    rescan(project, {p.file.content_hash: "JPEG" for p in found.pictures})


def _fact(project: Project, photo: str, shot: Shot) -> dict[str, object]:
    latitude, longitude = shot.place or (None, None)
    return dict.fromkeys(ExifFact.polars_schema().names()) | {
        ExifFact.project: project.key,
        ExifFact.photo_id: photo,
        ExifFact.model: shot.camera,
        ExifFact.taken_at: shot.taken,
        ExifFact.taken_subsec_us: None if shot.subsec_ms is None else shot.subsec_ms * 1000,
        ExifFact.taken_offset_min: shot.offset_min,
        ExifFact.latitude_deg: latitude,
        ExifFact.longitude_deg: longitude,
    }


def photos_of(project: Project, **clocks: object) -> KnownPhotos:
    """The photos, with corrected clocks."""
    return ClockRequest(**clocks).photos(project)  # type: ignore[arg-type]


def rename_plan(project: Project, template: str = TEMPLATE, **clocks: object) -> Plan:
    """The plan for a template."""
    return make_rename_plan(project, photos_of(project, **clocks), parse_template(template, FIELDS))


def mover(project: Project, disk: Disk | None = None) -> Applier:
    """What carries plans out."""
    return Applier(project, ApplySettings(), NOW, disk)
