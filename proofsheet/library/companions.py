"""Which files go with which picture, by their names.

Holds `companions`, `owned`, `one_shot`, `nearby`, `of_a_folder`, `names_before` and `number_moved`.
Add here: another way to find the picture of a name.
Keep out: the names that programs give (companion_names.py), content of files, moves.

A file belongs to the picture with the whole name that it carries, else to those of its stem, else to those
with a name that its own is made from (`a-edited.jpg`). Names that differ only in case or accents are one if
nothing fits exactly. A file may belong to several.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path, PurePosixPath

from proofsheet.core.errors import UsageError
from proofsheet.core.files import folded, refused_because
from proofsheet.imaging.formats import RAW_EXTENSIONS
from proofsheet.library.companion_names import (
    FORMS,
    NUMBERED,
    OF_A_FOLDER,
    SHARED,
    VERSION,
    WORDED,
    Form,
)
from proofsheet.library.name_parts import (
    TOP,
    home_of_path,
    is_json,
    is_picture,
    split_path,
    stem_of,
    suffix_of,
)

_MOST_NAMES = 8  # that one name is turned into, step by step
_LONG = 40  # Google Takeout shortens the names of its JSON to 46 units of UTF-16 or a few more
_SHORT = _LONG // 2  # letters that such a name has at least
_LONG_JSON = re.compile(r"(?P<base>.+?)(?P<tail>\.s[a-z-]*)?(?P<n>\(\d+\))?\.json", re.IGNORECASE)
_NUMBER = re.compile(r"\(\d+\)(?=\.[^.]+$)")
_TAIL = ".supplemental-metadata"
_Table = dict[tuple[str, str, str], list[str]]  # kind of name, folder, name


def companions(photos: Iterable[str], others: Iterable[str]) -> dict[str, list[str]]:
    """Photo to the files that go with it.

    Args:
        photos: paths inside the project.
        others: every other file, refused pictures too; a refused picture goes with its photo, and what
            belongs to it goes along.
    """
    known, rest = list(photos), list(others)
    direct, every = _Names(known, rest), _Names([*known, *(p for p in rest if is_picture(p))], rest)
    photo_set, found = set(known), defaultdict[str, list[str]](list)
    for path in rest:
        owners = chain.from_iterable([o] if o in photo_set else direct.owners(o) for o in every.owners(path))
        for owner in dict.fromkeys(owners):
            found[owner].append(path)
    return {photo: sorted(files) for photo, files in found.items()}


def owned(pictures: Iterable[str], others: Iterable[str]) -> set[str]:
    """Those of the other files that belong to a picture, whether it can be opened or not."""
    files = list(others)
    known = _Names(pictures, files)
    return {path for path in files if known.owners(path)}


def one_shot(photos: Iterable[str]) -> dict[str, set[str]]:
    """Photo to all parts of its shot, itself too.

    Only shots of several parts are in it, such as a RAW file and the JPEG of the camera beside it.
    """
    stems: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in photos:
        folder, name = split_path(path)
        plain = next((made for form in FORMS if form.shot and (made := _form_of(form, name))), name)
        stems[folder, folded(stem_of(plain))].add(path)
    parts = (s for s in stems.values() if len(s) > 1 and any(suffix_of(p) in RAW_EXTENSIONS for p in s))
    return {path: shot for shot in parts for path in shot}


def nearby(folder: Path, home: str) -> list[str]:
    """Every file in a folder of a project, and in the folders below it that programs keep for its pictures.

    Args:
        folder: of the project.
        home: path inside it; empty for the project folder itself.

    Raises:
        UsageError: if one of these folders cannot be listed: nobody knows what goes with its pictures.
    """
    found = list[str]()
    for here, folders, names in os.walk(folder / home, onerror=_refuse_unlisted, followlinks=False):
        below = PurePosixPath(Path(here).relative_to(folder / home).as_posix())
        links = [n for n in folders if os.path.islink(Path(here) / n)]  # noqa: PTH114
        folders[:] = [n for n in folders if n not in links and (below.parts or _is_top(n))]
        found += (PurePosixPath(home, below, name).as_posix() for name in (*names, *links))
    return found


def _refuse_unlisted(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        why = refused_because(error, "cannot be listed")
        raise UsageError(
            f"{error.filename} {why.reason}, and files in it may go with the pictures;", f"{why.next_step}."
        ) from error


def _is_top(name: str) -> bool:
    """Whether a program keeps files of pictures in folders of this name."""
    return any(fnmatchcase(name.lower(), top) for top in TOP)


def of_a_folder(path: str) -> bool:
    """Whether a file refers to all pictures of its folder."""
    return split_path(path)[1].lower() in OF_A_FOLDER


class _Names:
    """Pictures by their names, and by the names that theirs are made from."""

    def __init__(self, pictures: Iterable[str], others: Sequence[str]) -> None:
        self._pictures, self._others = list(pictures), others
        self._own = _table((p, [split_path(p)[1]]) for p in self._pictures)
        self._long: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._folders = {folder for _kind, folder, _name in self._own}
        for path in self._pictures:
            folder, name = split_path(path)
            if _is_long(name):
                self._long[folder, folded(name)[:_SHORT]].append(path)

    @cached_property
    def _plain(self) -> _Table:
        """Made where a name does not fit at once; most do."""
        return _table((p, names_before(split_path(p)[1])[1:]) for p in self._pictures)

    @cached_property
    def _worded(self) -> _Table:
        """Edited pictures of Google Takeout by the name of the original.

        A picture with a JSON of its own is not an edited one.
        """
        told = {
            (home, folded(one))
            for home, name in map(split_path, self._others)
            for one in _starts(number_moved(name))
            if is_json(name)
        }
        made = (
            (p, _form_of(WORDED, name))
            for p in self._pictures
            for home, name in [split_path(p)]
            if (home, folded(name)) not in told
        )
        return _table((path, [plain]) for path, plain in made if plain is not None)

    def owners(self, path: str) -> list[str]:
        """The pictures that a file belongs to by its name."""
        folder, name = home_of_path(path)
        if folder not in self._folders:
            return []
        for table, kind, one in self._looks(number_moved(name)):
            for start in _starts(one):
                if hits := table.get((kind, folder, folded(start))):
                    return self._with_edited(folder, name, _exact(hits, start, kind))
        return self._with_edited(folder, name, self._of_long_name(folder, name)) or self._edited_alone(
            folder, name
        )

    def _looks(self, name: str) -> Iterator[tuple[_Table, str, str]]:
        """Where to look for a name, the surest first."""
        yield self._own, "whole", name
        if (first := _form_of(VERSION, name)) is not None:
            yield self._own, "whole", first
        yield self._own, "stem", name
        made = names_before(name)
        yield from ((self._own, kind, one) for kind in ("whole", "stem") for one in made)
        yield from ((self._plain, kind, one) for kind in ("whole", "stem") for one in made)

    def _with_edited(self, folder: str, name: str, hits: Sequence[str]) -> list[str]:
        found = dict.fromkeys(hits)
        if name.lower().endswith(SHARED):
            for hit in hits:
                stem = stem_of(split_path(hit)[1])
                found |= dict.fromkeys(self._plain.get(("stem", folder, folded(stem)), ()))
                if is_json(name) and folded(name) != folded(
                    f"{stem}.json"
                ):  # such a name is not one of Google's
                    found |= dict.fromkeys(self._worded.get(("stem", folder, folded(stem)), ()))
        return list(found)

    def _edited_alone(self, folder: str, name: str) -> list[str]:
        """Edited pictures with the JSON of an original that is not there."""
        originals = (s for s in _starts(number_moved(name)) if is_picture(s)) if is_json(name) else ()
        return [
            path for one in originals for path in self._worded.get(("stem", folder, folded(stem_of(one))), ())
        ]

    def _of_long_name(self, folder: str, name: str) -> list[str]:
        """Pictures with a name that was shortened for the name of its JSON."""
        found = _LONG_JSON.fullmatch(name)
        if found is None:
            return []
        base, number = folded(found["base"]), found["n"] or ""
        if not _TAIL.startswith((found["tail"] or "").lower()):
            base = folded(found["base"] + found["tail"])
        hits = self._long.get((folder, base[:_SHORT]), ()) if _is_long(base) else ()
        return [
            hit
            for hit in hits
            if (split := _numbered(split_path(hit)[1]))[0].startswith(base) and split[1] == number
        ]


def _is_long(name: str) -> bool:
    """Whether Google Takeout may have shortened a name; signs such as emoji count twice."""
    return len(name) >= _SHORT and len(name.encode("utf-16-le", "surrogatepass")) >= 2 * _LONG


def number_moved(name: str) -> str:
    """A name with its number where the picture has it."""
    return _form_of(NUMBERED, name) or name


def _numbered(name: str) -> tuple[str, str]:
    """A name without the `(1)` before its extension, and that."""
    found = _NUMBER.search(name)
    return (folded(name[: found.start()] + name[found.end() :]), found[0]) if found else (folded(name), "")


@lru_cache(1 << 16)
def names_before(name: str) -> list[str]:
    """A name, and the names that it may be made from, the nearest first."""
    found = [name]
    for one in found:
        for form in FORMS:
            if (plain := _form_of(form, one)) is not None and plain not in found and len(found) < _MOST_NAMES:
                found.append(plain)
    return found


def _form_of(form: Form, name: str) -> str | None:
    """The name that one was made from, if it has this form."""
    found = form.pattern.fullmatch(name)
    return None if found is None else found.expand(form.plain)


def _table(names: Iterable[tuple[str, Sequence[str]]]) -> _Table:
    """Whole name and stem, in their folder, to pictures."""
    found: _Table = defaultdict(list)
    for path, made in names:
        folder = split_path(path)[0]
        for one in made:
            found["whole", folder, folded(one)].append(path)
            found["stem", folder, folded(stem_of(one))].append(path)
    return found


def _starts(name: str) -> Iterator[str]:
    """The name itself, and the part before each of its dots, the longest first."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _exact(hits: Sequence[str], wanted: str, kind: str) -> Sequence[str]:
    """Those named exactly so, if there are any: two names may differ in case alone."""
    if len(hits) == 1:
        return hits
    same = [h for h in hits if (split_path(h)[1] if kind == "whole" else stem_of(split_path(h)[1])) == wanted]
    return same or hits
