"""Pictures and files that share a name, and their names when it changes.

Holds `NameFamily`, `name_families` and `name_before`.
Add here: another way in which a name carries that of a picture.
Keep out: the names that programs give (companion_names.py), and moves (apply/).

A family is one shot with all its files: pictures with one stem, pictures made from each other by name, and
every file that goes with them. Each keeps what its own name adds to the shared one. New names are checked:
each file must go with the same pictures as before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from proofsheet.core.errors import UsageError
from proofsheet.core.files import composed, folded
from proofsheet.library.companions import companions, names_before, number_moved, one_shot
from proofsheet.library.name_parts import split_path, stem_of


@dataclass(frozen=True)
class NameFamily:
    """Photos and files with one name.

    Attributes:
        photos: paths of its photos, the lead first.
        files: paths of all other files that go with them.
        stem: what their names share.
        beside: photo to the files that go with it.
    """

    photos: tuple[str, ...]
    files: tuple[str, ...]
    stem: str
    beside: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def renamed(self, stem: str) -> dict[str, str]:
        """Path to path for all photos and files, with another shared name.

        Raises:
            UsageError: if a file would no longer go with the same pictures.
        """
        if stem == self.stem and all(composed(path) == path for path in self.photos):
            return {path: path for path in (*self.photos, *self.files)}
        names = {path: _with_stem(path, self.stem, stem) for path in self.photos}
        expected = _owners(self.beside, names)
        pictures, taken = list(names.values()), {folded(n) for n in names.values()}
        for path in self.files:
            names[path] = next(
                (
                    name
                    for name in _candidates(path, self.stem, stem, self.photos)
                    if folded(name) not in taken and _goes_with(pictures, name) == expected[path]
                ),
                "",
            )
            taken.add(folded(names[path]))
        there = _owners(companions(pictures, (names[p] for p in self.files)), {})
        lost = [p for p in self.files if there.get(names[p]) != expected[p]]
        if lost or len(taken) != len(names):
            raise UsageError(
                f"{(lost or self.photos)[0]} would not go with its picture if it began with {stem!r}.",
                "Rename it by hand first.",
            )
        return names


def name_families(photos: Iterable[str], others: Iterable[str]) -> list[NameFamily]:
    """All families of a project.

    Args:
        photos: paths of photos inside the project.
        others: every other file beside them.
    """
    paths = list(photos)
    beside = companions(paths, others)
    groups = _Groups(paths)
    for shot in one_shot(paths).values():
        groups.join(shot)
    by_stem, owners = defaultdict[tuple[str, str], list[str]](list), defaultdict[str, list[str]](list)
    for path in paths:
        by_stem[_stem_at(path)].append(path)
        for one in beside.get(path, ()):
            owners[one].append(path)
    for together in (*by_stem.values(), *owners.values()):
        groups.join(together)
    for path in paths:
        home, name = split_path(path)
        for former in names_before(name)[1:]:
            groups.join([path, *by_stem.get((home, folded(stem_of(former))), ())])
    return [_family(members, beside) for members in groups.result()]


def name_before(path: str, now: str, before: str) -> str:
    """The name that a file beside a picture would have had before the picture was renamed.

    Args:
        path: of the file.
        now: present path of its picture.
        before: former path of the picture; only its name counts.

    Raises:
        UsageError: if no such name would go with the picture.
    """
    former, name = PurePosixPath(before).name, PurePosixPath(now).name
    if former == name:
        return path
    family = NameFamily((now,), (path,), stem_of(composed(name)), {now: [path]})
    return family.renamed(stem_of(former))[path]


def _family(members: Sequence[str], beside: Mapping[str, Sequence[str]]) -> NameFamily:
    files = sorted({f for p in members for f in beside.get(p, ())})
    shared = [dict.fromkeys(stem_of(n) for n in names_before(split_path(p)[1])) for p in members]
    keys = set.intersection(*({folded(s) for s in stems} for stems in shared))
    stems = [s for s in shared[0] if folded(s) in keys] or [_common(members)]
    every = [folded(number_moved(split_path(p)[1])) for p in (*members, *files)]
    stem = max(stems, key=lambda s: (sum(n.startswith(folded(s)) for n in every), len(s)))
    photos = sorted(members, key=lambda p: (len(stem_of(split_path(p)[1])), p))
    return NameFamily(tuple(photos), tuple(files), stem, {p: beside.get(p, ()) for p in members})


def _common(members: Sequence[str]) -> str:
    """What the stems of pictures begin with, all of them."""
    stems = [stem_of(split_path(p)[1]) for p in members]
    length = next(
        (k for k, signs in enumerate(zip(*stems, strict=False)) if len(set(signs)) > 1), len(min(stems))
    )
    return stems[0][:length] or stems[0]


def _with_stem(path: str, stem: str, new: str) -> str:
    """A picture with another shared stem; a name that does not begin with it gets `-edited`."""
    folder, name = split_path(path)
    rest = _rest(name, stem)
    if rest is None:
        rest = f"-edited{PurePosixPath(name).suffix}"
    return f"{folder}/{new}{rest}" if folder else f"{new}{rest}"


def _candidates(path: str, stem: str, new: str, photos: Sequence[str]) -> Iterator[str]:
    """Names for a file beside pictures, the nearest to its own first."""
    folder, _, name = path.rpartition("/")
    home = f"{folder}/" if folder else ""
    plain = composed(name)
    for one in dict.fromkeys((plain, number_moved(plain))):
        if (rest := _rest(one, stem)) is not None:
            yield f"{home}{new}{rest}"
    at = folded(plain).find(folded(stem))
    if at > 0 and len(folded(plain)) == len(plain):
        yield f"{home}{plain[:at]}{new}{plain[at + len(stem) :]}"
    suffix = PurePosixPath(plain).suffix
    yield f"{home}{new}_O{suffix}"
    for photo in photos:
        last = PurePosixPath(photo)
        yield f"{home}{_rest_or(last.name, stem, new)}{suffix}"
    yield f"{home}{new}{suffix}"


def _rest(name: str, stem: str) -> str | None:
    """What a name adds to a stem, or None if it does not begin with it; case and accents do not count."""
    if name.startswith(stem):
        return name[len(stem) :]
    length = next((k for k in range(1, len(name) + 1) if folded(name[:k]) == folded(stem)), None)
    return None if length is None else name[length:]


def _rest_or(name: str, stem: str, new: str) -> str:
    rest = _rest(composed(name), stem)
    return name if rest is None else f"{new}{rest}"


def _owners(beside: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> dict[str, set[str]]:
    found = defaultdict[str, set[str]](set)
    for photo, files in beside.items():
        for path in files:
            found[path].add(names.get(photo, photo))
    return dict(found)


def _goes_with(pictures: Sequence[str], name: str) -> set[str]:
    return _owners(companions(pictures, [name]), {}).get(name, set())


def _stem_at(path: str) -> tuple[str, str]:
    folder, name = split_path(path)
    return folder, folded(stem_of(name))


class _Groups:
    """Paths that are joined with each other."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._first = {p: p for p in paths}

    def _find(self, path: str) -> str:
        while self._first[path] != path:
            self._first[path] = self._first[self._first[path]]
            path = self._first[path]
        return path

    def join(self, paths: Iterable[str]) -> None:
        """Put these into one group."""
        found = [self._find(path) for path in paths]
        for other in found[1:]:
            self._first[self._find(other)] = self._find(found[0])

    def result(self) -> list[list[str]]:
        """The groups, in the order of their first paths."""
        found = defaultdict[str, list[str]](list)
        for path in self._first:
            found[self._find(path)].append(path)
        return list(found.values())
