"""What filing the photos of a project into folders by a layout would do, before anything is done.

Holds `LAYOUT_FIELDS` and `make_organize_plan`.
Add here: another reason for which a set stays in its folder.
Keep out: layouts (name_template.py), events (events.py), the order of moves (move_plan.py).

Files keep their names and never leave the project. Pictures of one set go to one folder, by the first of
them; files in `selected/` and `review/` stay below these.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from proofsheet.apply.events import Event, day_of, events_of
from proofsheet.apply.move_plan import MoveUnit, plan_of_moves
from proofsheet.apply.name_fields import FIELDS, KnownPhotos
from proofsheet.apply.name_template import COUNTER, NAME, SEQUENCE, SUBSECOND, TAKEN, FieldValue, NameTemplate
from proofsheet.apply.plan import Plan
from proofsheet.apply.rename_plan import families_of, within_limit
from proofsheet.core.errors import UsageError
from proofsheet.library.name_families import NameFamily
from proofsheet.storage.workspace import Project
from schemas.apply import ORGANIZE, REVIEW, SELECTED
from schemas.groups import PhotoGroup
from schemas.library import ExifFact, Photo
from schemas.sets import SetContext

EVENT = "event"
LAYOUT_FIELDS = (FIELDS - {COUNTER, SEQUENCE, NAME, SUBSECOND, "zone"}) | {EVENT}


@dataclass(frozen=True)
class _Filing:
    """What decides the folder of a set."""

    known: KnownPhotos
    layout: NameTemplate
    events: Mapping[str, Event]

    def folder(self, photos: Sequence[str]) -> str:
        """The folder of a set, outside of `selected/` and `review/`.

        Args:
            photos: of the set, in shooting order.

        Raises:
            UsageError: without a date, or without a valid folder.
        """
        values = dict[str, FieldValue]()
        for photo in reversed(photos):
            values |= {k: v for k, v in self.known.values(photo).items() if v is not None}
        timed = next((p for p in photos if p in self.known.times), None)
        if timed is not None:
            event = self.events[timed]
            day = event.day if EVENT in self.layout.fields else day_of(self.known.times[timed])
            values |= {TAKEN: day, EVENT: event.name}
        elif EVENT in self.layout.fields:
            raise UsageError("It has no date.", "Allow the date of its file with --file-time.")
        parts = [part.strip() for part in self.layout.fill(values).split("/")]
        folder = "/".join(part for part in parts if part)
        if not folder or parts[0] in (SELECTED, REVIEW, "") or {".", ".."} & set(parts):
            raise UsageError(f"{folder or 'nothing'} is no folder for it.", "Use another layout.")
        return folder


def make_organize_plan(
    project: Project, known: KnownPhotos, layout: NameTemplate, most: int | None = None
) -> Plan:
    """Plan the folders of a layout; reads the disk and changes nothing.

    Args:
        project: the project.
        known: its photos and their facts.
        layout: of the folders.
        most: no more sets than this are moved; None for all.

    Raises:
        UsageError: if no run has seen the photos of the project.
    """
    families, refused = families_of(project, known)
    filing = _Filing(known, layout, _events(known))
    ids, units = {path: photo for photo, path in known.paths.items()}, list[MoveUnit]()
    for together in _sets(project, families, ids):
        first = together[0].photos[0]
        try:
            folder = filing.folder([ids[path] for family in together for path in family.photos])
            units.append(_unit(known, ids, together, folder))
        except UsageError as error:
            refused[first] = f"{error.what} {error.next_step}"
    units, beyond = within_limit(units, most)
    plan = plan_of_moves(project, ORGANIZE, units, known.photos, refused)
    plan.counts.update({"beyond the limit of pilot mode: left for later": beyond} if beyond else {})
    plan.warnings.extend(_parted_notes(project, known, plan))
    return plan


def _events(known: KnownPhotos) -> dict[str, Event]:
    places, cities = dict[str, tuple[float, float]](), dict[str, str]()
    for photo in known.times:
        fact = known.facts.get(photo, {})
        latitude, longitude = fact.get(ExifFact.latitude_deg), fact.get(ExifFact.longitude_deg)
        if latitude is not None and longitude is not None:
            places[photo] = (latitude, longitude)
        if city := known.values(photo).get("place.city"):
            cities[photo] = str(city)
    return events_of(known.times, places, cities)


def _sets(
    project: Project, families: Sequence[NameFamily], ids: Mapping[str, str]
) -> Iterator[list[NameFamily]]:
    """Families, those of one set together, in shooting order."""
    groups = dict(project.store.read(PhotoGroup).select(PhotoGroup.photo_id, PhotoGroup.group_id).iter_rows())
    first, found = dict[str, int](), defaultdict[int, list[NameFamily]](list)
    for number, family in enumerate(families):
        own = {str(groups.get(ids[path], path)) for path in family.photos}
        places = {first[group] for group in own if group in first}
        place = min(places, default=number)
        for other in places - {place}:  # a family of several sets joins them
            found[place] += found.pop(other)
        first |= {group: place for group, at in first.items() if at in places} | dict.fromkeys(own, place)
        found[place].append(family)
    yield from found.values()


def _unit(
    known: KnownPhotos, ids: Mapping[str, str], families: Sequence[NameFamily], folder: str
) -> MoveUnit:
    moves, photos = dict[str, str](), dict[str, str]()
    for family in families:
        for path in family.photos:
            crop = known.crops.get(ids[path])
            for one in (path, *family.beside.get(path, ()), *([crop] if crop else [])):
                photos.setdefault(one, ids[path])
                moves[one] = _filed(one, str(PurePosixPath(path).parent), folder)
    pictures = frozenset(path for family in families for path in family.photos)
    return MoveUnit(families[0].photos[0], moves, photos, pictures)


def _filed(path: str, home: str, folder: str) -> str:
    """The path of a file in its folder; it keeps its place beside its picture, and its first folder.

    Args:
        path: of the file.
        home: folder of its picture.
        folder: the wanted one.
    """
    own, top = PurePosixPath(path).relative_to(home), PurePosixPath(path).parts[0]
    return str(PurePosixPath(*([top] if top in (SELECTED, REVIEW) else []), folder, own))


def _parted_notes(project: Project, known: KnownPhotos, plan: Plan) -> list[str]:
    """A warning, if notes on a folder would not follow its pictures."""
    notes = set(project.ledger.rows(SetContext)[SetContext.folder])
    ids = {path: photo for photo, path in known.paths.items()}
    goes = defaultdict[str, set[str]](set)
    moved = {o.source: o.target for o in plan.operations if o.role == "picture"}
    for path, photo in ids.items():
        goes[str(known.photos[photo][Photo.folder])].add(str(PurePosixPath(moved.get(path, path)).parent))
    parted = sorted(folder for folder in notes if len(goes[folder]) > 1)
    return [f"The notes on {folder or 'the project folder'} stay: its pictures part." for folder in parted]
