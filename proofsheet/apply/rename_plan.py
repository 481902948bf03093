"""What renaming the photos of a project by a template would do, before anything is done.

Holds `make_rename_plan`, `families_of` and `within_limit`.
Add here: another reason for which a shot keeps its name.
Keep out: templates (name_template.py), names of companions (library/name_families.py), the order of moves
(move_plan.py).

Everything of one shot gets one name and keeps what its own name adds to it. Names follow from facts that a
renaming does not change, such as the first name of a photo, so a second renaming finds nothing to do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from proofsheet.apply.file_positions import all_nearby
from proofsheet.apply.move_plan import MoveUnit, plan_of_moves
from proofsheet.apply.name_fields import KnownPhotos
from proofsheet.apply.name_template import COUNTER, NAME, SEQUENCE, UNIQUE, FieldValue, NameTemplate
from proofsheet.apply.plan import Plan
from proofsheet.apply.shot_times import in_shooting_order
from proofsheet.core.errors import UsageError
from proofsheet.core.files import composed, folded
from proofsheet.library.name_families import NameFamily, name_families
from proofsheet.library.name_parts import split_path, stem_of
from proofsheet.library.stage_names import parse_stage
from proofsheet.storage.workspace import Project
from schemas.apply import RENAME
from schemas.library import Photo

_NO_NUMBER = "The template has no {n?}, {seq} or {name}: shots with equal names keep their present ones."


@dataclass
class _Naming:
    """Names that are given so far.

    Attributes:
        units: in shooting order.
        refused: family to why it keeps its name.
        numbered: how many names got a number.
    """

    units: list[MoveUnit] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    numbered: int = 0


def make_rename_plan(
    project: Project, known: KnownPhotos, template: NameTemplate, most: int | None = None
) -> Plan:
    """Plan the names of a template; reads the disk and changes nothing.

    Args:
        project: the project.
        known: its photos and their facts.
        template: of the names.
        most: no more shots than this are renamed; None for all.

    Raises:
        UsageError: if no run has seen the photos of the project.
    """
    families, refused = families_of(project, known)
    naming = _named(known, template, families, refused)
    units, beyond = within_limit(naming.units, most)
    plan, mixed = plan_of_moves(project, RENAME, units, known.photos, naming.refused), dict[str, str]()
    while more_mixed := _mixed(families, units, plan):
        mixed |= more_mixed
        units = [u for u in units if u.name not in mixed]
        plan = plan_of_moves(project, RENAME, units, known.photos, naming.refused | mixed)
    others = {"beyond the limit of pilot mode: left for later": beyond, "numbered": naming.numbered}
    plan.counts.update({what: count for what, count in others.items() if count})
    plan.warnings.extend([] if template.fields & UNIQUE else [_NO_NUMBER])
    plan.warnings.extend(_dissolved(known, units))
    return plan


def families_of(project: Project, known: KnownPhotos) -> tuple[list[NameFamily], dict[str, str]]:
    """Families of all photos that are there, in shooting order, and photos that cannot be looked at.

    Raises:
        UsageError: if the project has no photos.
    """
    if not known.photos:
        raise UsageError(f"{project.name} has no photos yet.", "Run the project first.")
    there = {p: path for p, path in known.paths.items() if (project.folder / path).is_file()}
    refused = {
        path: "It is gone. Run the project first." for p, path in known.paths.items() if p not in there
    }
    homes = {str(PurePosixPath(path).parent) for path in there.values()}
    listed, unlisted = all_nearby(project.folder, homes)
    for home, error in unlisted.items():
        refused |= {path: str(error) for path in there.values() if str(PurePosixPath(path).parent) == home}
    paths = [path for path in there.values() if path not in refused]
    families = name_families(paths, listed - set(paths) - known.placed.cuts.keys())
    place = _order(known)
    return sorted(families, key=lambda f: min(place[p] for p in f.photos)), refused


def _order(known: KnownPhotos) -> dict[str, int]:
    """Path to its place in shooting order; photos without a time come last, by name."""
    timed = in_shooting_order(known.times, known.first_names)
    others = sorted(known.paths.keys() - known.times.keys(), key=lambda p: (known.first_names[p], p))
    return {known.paths[photo]: k for k, photo in enumerate((*timed, *others)) if photo in known.paths}


def _named(
    known: KnownPhotos, template: NameTemplate, families: Sequence[NameFamily], refused: Mapping[str, str]
) -> _Naming:
    ids, naming = {path: photo for photo, path in known.paths.items()}, _Naming(refused=dict(refused))
    used, number = defaultdict[str, dict[str, str]](dict), 0
    for family in families:
        lead = family.photos[0]
        try:
            values = _values(known, ids, family)
            template.fill({**values, SEQUENCE: 1})
            number += 1
            home = used[split_path(lead)[0]]
            stem, counter = _free(template, {**values, SEQUENCE: number}, home)
            if other := home.get(folded(stem)):
                raise UsageError(f"{stem} is the name of {other} too.", "Add {n?} to the template.")
            naming.units.append(_unit(known, ids, family, stem))
            home[folded(stem)] = lead
            naming.numbered += counter > 1
        except UsageError as error:
            naming.refused[lead] = f"{error.what} {error.next_step}"
    return naming


def _free(template: NameTemplate, values: Mapping[str, FieldValue], used: Collection[str]) -> tuple[str, int]:
    """The first name that no earlier shot of the folder has, and its number, if the template has one."""
    counter, stem = 1, template.fill(values)
    while COUNTER in template.fields and folded(stem) in used:
        counter += 1
        stem = template.fill(values, counter)
    if not stem:
        raise UsageError("Nothing is known for a name.", "Add {name} to the template.")
    return stem, counter


def _values(known: KnownPhotos, ids: Mapping[str, str], family: NameFamily) -> dict[str, FieldValue]:
    """Values of a family: of its lead, and the first known ones of its other pictures."""
    found = dict[str, FieldValue]()
    for path in reversed(family.photos):
        found |= {k: v for k, v in known.values(ids[path]).items() if v is not None}
    found[NAME] = _first_stem(known, ids, family)
    return found


def _first_stem(known: KnownPhotos, ids: Mapping[str, str], family: NameFamily) -> str:
    """What a family shared before its first renaming."""
    lead = family.photos[0]
    now, first = composed(PurePosixPath(lead).name), composed(known.first_names[ids[lead]])
    if now == first or not folded(now).startswith(folded(family.stem)):
        return family.stem if now == first else stem_of(first)
    rest = now[len(family.stem) :]
    return first[: -len(rest)] if rest and folded(first).endswith(folded(rest)) else stem_of(first)


def _unit(known: KnownPhotos, ids: Mapping[str, str], family: NameFamily, stem: str) -> MoveUnit:
    moves, photos = family.renamed(stem), {path: ids[path] for path in family.photos}
    for path in family.photos:
        photos |= {one: ids[path] for one in family.beside.get(path, ()) if one not in photos}
        if crop := known.crops.get(ids[path]):
            photos[crop] = ids[path]
            moves[crop] = _crop_name(crop, path, moves[path])
    return MoveUnit(family.photos[0], moves, photos, frozenset(family.photos))


def _crop_name(crop: str, picture: str, renamed: str) -> str:
    """The name of the crop of a picture that is renamed; it keeps what it adds to the name of the picture."""
    name, stem = PurePosixPath(crop).name, PurePosixPath(picture).stem
    if not name.startswith(stem):
        return crop
    return str(PurePosixPath(crop).with_name(PurePosixPath(renamed).stem + name[len(stem) :]))


def within_limit(units: Sequence[MoveUnit], most: int | None) -> tuple[list[MoveUnit], int]:
    """The first units that change something, up to a number, and how many are left."""
    changing = [u for u in units if u.changes]
    beyond = {u.name for u in changing[most:]} if most is not None else set[str]()
    return [u for u in units if u.name not in beyond], len(beyond)


def _mixed(families: Sequence[NameFamily], units: Sequence[MoveUnit], plan: Plan) -> dict[str, str]:
    """Units of which a file would go with other pictures than before, by all the new names together."""
    now = {s: t for u in units if u.name not in plan.refused for s, t in u.moves.items()}
    wanted = {
        f.photos[0]: ({now.get(p, p) for p in f.photos}, {now.get(p, p) for p in f.files}) for f in families
    }
    photos = [path for photos, _files in wanted.values() for path in photos]
    after = name_families(photos, (path for _photos, files in wanted.values() for path in files))
    found = [(set(f.photos), set(f.files)) for f in after]
    at = {path: one for one in found for path in one[0]}
    why = "By their names, its files would go with another picture too. Use another template."
    changing = {u.name for u in units if u.changes and u.name not in plan.refused}
    return {lead: why for lead, own in wanted.items() if lead in changing and at[min(own[0])] != own}


def _dissolved(known: KnownPhotos, units: Iterable[MoveUnit]) -> list[str]:
    """A warning, if pictures of one series would be in several by their new names."""
    targets = {unit.photos[s]: t for unit in units for s, t in unit.changes if s in unit.pictures}
    series, sizes = defaultdict[tuple[str, str], set[str]](set), Counter[tuple[str, str]]()
    for photo, row in known.photos.items():
        if row[Photo.series] is not None:
            stage = parse_stage(PurePosixPath(targets.get(photo, "")).stem)
            key = (row[Photo.folder], row[Photo.series])
            series[key].add(stage.series if stage else row[Photo.series])
            sizes[key] += 1
    count = sum(len(names) > 1 for names in series.values())
    return [
        f"{count} sets of stages would be dissolved: their new names give each stage another series."
    ] * bool(count)
