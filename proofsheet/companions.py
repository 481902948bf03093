"""Which files go with which picture, by their names.

Holds `companions`, `one_shot`, `nearby` and `of_a_folder`.
Add here: another way to find the picture of a name.
Keep out: the names that programs give (namings.py), content of files, moves.

A file belongs to the picture whose whole name it carries, else to those of its stem, else to those whose own name is made from that
stem (`a-edited.jpg`). Names that differ in case or accents alone are one where nothing fits exactly. A file may belong to several.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path, PurePosixPath

from proofsheet.files import folded
from proofsheet.formats import EXTENSIONS, OTHER_PICTURES, RAW_EXTENSIONS
from proofsheet.namings import FORMS, NUMBERED, OF_A_FOLDER, PLACES, SHARED

_PICTURES = EXTENSIONS | RAW_EXTENSIONS | OTHER_PICTURES
_MOST_NAMES = 8  # that one name is turned into, step by step
_LONG = 40  # Google Takeout cuts the names of its JSON at 46 characters or a few more
_LONG_JSON = re.compile(r"(?P<base>.+?)(?P<tail>\.s[a-z-]*)?(?P<n>\(\d+\))?\.json", re.IGNORECASE)
_NUMBER = re.compile(r"\(\d+\)(?=\.[^.]+$)")
_TAIL = ".supplemental-metadata"
_TOP = {place[0] for place in PLACES}


def companions(photos: Iterable[str], others: Iterable[str]) -> dict[str, list[str]]:
    """Photo to the files that go with it.

    Args:
        photos: paths inside the project.
        others: every other file, refused pictures too; a refused picture goes with its photo, and what belongs to it goes along.
    """
    known, rest = list(photos), list(others)
    direct, every = _Names(known), _Names([*known, *(p for p in rest if _is_picture(p))])
    photo_set, found = set(known), defaultdict[str, list[str]](list)
    for path in rest:
        owners = chain.from_iterable([o] if o in photo_set else direct.owners(o) for o in every.owners(path))
        for owner in dict.fromkeys(owners):
            found[owner].append(path)
    return {photo: sorted(files) for photo, files in found.items()}


def owned(pictures: Iterable[str], others: Iterable[str]) -> set[str]:
    """Those of the other files that belong to a picture, whether it can be opened or not."""
    known = _Names(pictures)
    return {path for path in others if known.owners(path)}


def one_shot(photos: Iterable[str]) -> dict[str, set[str]]:
    """Photo to all parts of its shot, itself too, where there are several: a RAW file and what the camera wrote beside it."""
    stems: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in photos:
        pure = PurePosixPath(path)
        plain = next((m.expand(f.plain) for f in FORMS if f.shot and (m := f.pattern.fullmatch(_composed(pure.name)))), pure.name)
        stems[str(pure.parent), folded(PurePosixPath(plain).stem)].add(path)
    parts = (s for s in stems.values() if len(s) > 1 and any(PurePosixPath(p).suffix.lower() in RAW_EXTENSIONS for p in s))
    return {path: shot for shot in parts for path in shot}


def nearby(folder: Path, home: str) -> Iterator[str]:
    """Every file in a folder of a project, and in the folders below it that programs keep for its pictures.

    Args:
        folder: of the project.
        home: path inside it; empty for the project folder itself.
    """
    for here, folders, names in os.walk(folder / home, followlinks=False):
        below = PurePosixPath(Path(here).relative_to(folder / home).as_posix())
        links = [n for n in folders if (Path(here) / n).is_symlink()]
        folders[:] = [n for n in folders if n not in links and (below.parts[:1] or (n.lower(),))[0].lower() in _TOP]
        yield from (PurePosixPath(home, below, name).as_posix() for name in (*names, *links))


def of_a_folder(path: str) -> bool:
    """Whether a file speaks of all pictures of its folder."""
    return _composed(PurePosixPath(path).name).lower() in OF_A_FOLDER


class _Names:
    """Pictures by their names, and by the names that theirs are made from."""

    def __init__(self, pictures: Iterable[str]) -> None:
        self._own: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        self._plain: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        self._long: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._folders: set[str] = set()
        for path in pictures:
            pure = PurePosixPath(path)
            folder, names = _composed(str(pure.parent)), _names(pure.name)
            self._folders.add(folder)
            for table, made in ((self._own, names[:1]), (self._plain, names[1:])):
                for one in made:
                    table["whole", folder, folded(one)].append(path)
                    table["stem", folder, folded(PurePosixPath(one).stem)].append(path)
            if len(pure.name) >= _LONG:
                self._long[folder, folded(pure.name)[:_LONG]].append(path)

    def owners(self, path: str) -> list[str]:
        """The pictures that a file belongs to by its name."""
        folder, name = _home(path)
        if folder not in self._folders:
            return []
        names, json = _names(name), NUMBERED.pattern.fullmatch(_composed(name))
        if json is not None:
            names = _names(json.expand(NUMBERED.plain))
        for table in (self._own, self._plain):
            for kind in ("whole", "stem"):
                for start in chain.from_iterable(map(_starts, names)):
                    if hits := table.get((kind, folder, folded(start))):
                        return self._with_edited(folder, name, _exact(hits, start, kind))
        return self._with_edited(folder, name, self._of_long_name(folder, name))

    def _with_edited(self, folder: str, name: str, hits: Sequence[str]) -> list[str]:
        found = dict.fromkeys(hits)
        if PurePosixPath(name).suffix.lower() in SHARED:
            for hit in hits:
                found |= dict.fromkeys(self._plain.get(("stem", folder, folded(PurePosixPath(hit).stem)), ()))
        return list(found)

    def _of_long_name(self, folder: str, name: str) -> list[str]:
        """Pictures with a name that was cut when that of its JSON was made."""
        found = _LONG_JSON.fullmatch(_composed(name))
        if found is None:
            return []
        base, number = folded(found["base"]), found["n"] or ""
        if not _TAIL.startswith((found["tail"] or "").lower()):
            base = folded(found["base"] + found["tail"])
        hits = self._long.get((folder, base[:_LONG]), ()) if len(base) >= _LONG else ()
        return [hit for hit in hits if (split := _numbered(PurePosixPath(hit).name))[0].startswith(base) and split[1] == number]


def _numbered(name: str) -> tuple[str, str]:
    """A name without the `(1)` before its extension, and that."""
    found = _NUMBER.search(name)
    return (folded(name.replace(found[0], "")), found[0]) if found else (folded(name), "")


def _names(name: str) -> list[str]:
    """A name, and the names that it may be made from, the nearest first."""
    found = [_composed(name)]
    for one in found:
        for form in FORMS:
            made = form.pattern.fullmatch(one)
            if made is not None and (plain := made.expand(form.plain)) not in found and len(found) < _MOST_NAMES:
                found.append(plain)
    return found


def _starts(name: str) -> Iterator[str]:
    """The name itself, and what stands before each of its dots, the longest first."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _home(path: str) -> tuple[str, str]:
    """The folder of the picture that a file may belong to, and the file's name."""
    pure = PurePosixPath(path)
    parts = pure.parent.parts
    for place in PLACES:
        tail = parts[-len(place) :]
        if len(tail) == len(place) and all(fnmatchcase(p.lower(), wanted) for p, wanted in zip(tail, place, strict=True)):
            return _composed(str(PurePosixPath(*parts[: -len(place)]))), pure.name
    return _composed(str(pure.parent)), pure.name


def _exact(hits: Sequence[str], wanted: str, kind: str) -> Sequence[str]:
    """Those named exactly so, if there are any: two names may differ in case alone."""
    same = [h for h in hits if _composed(PurePosixPath(h).name if kind == "whole" else PurePosixPath(h).stem) == wanted]
    return same or hits


def _is_picture(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in _PICTURES


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
