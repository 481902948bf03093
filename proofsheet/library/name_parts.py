"""Parts of paths, for files that belong together by their names.

Holds `home_of_path`, `split_path`, `stem_of`, `suffix_of`, `is_picture` and `is_json`.
Add here: another part of a path.
Keep out: which files belong together (companions.py).
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import PurePosixPath

from proofsheet.core.files import composed
from proofsheet.imaging.formats import EXTENSIONS, OTHER_PICTURES, RAW_EXTENSIONS
from proofsheet.library.companion_names import (
    PLACES,
)

PICTURES = EXTENSIONS | RAW_EXTENSIONS | OTHER_PICTURES


TOP = {place[0] for place in PLACES}


def home_of_path(path: str) -> tuple[str, str]:
    """The folder of the picture that a file may belong to, and the file's name."""
    folder, _, name = path.rpartition("/")
    return home_of_folder(folder), composed(name)


@lru_cache(1 << 12)
def home_of_folder(folder: str) -> str:
    """A folder, or the one above where programs keep files of its pictures."""
    parts = folder.split("/")
    for place in PLACES:
        tail = parts[-len(place) :]
        if len(tail) == len(place) and all(
            fnmatchcase(p.lower(), wanted) for p, wanted in zip(tail, place, strict=True)
        ):
            return "/".join(parts[: -len(place)])
    return folder


def split_path(path: str) -> tuple[str, str]:
    """Folder, as it is, and name, composed: two folders may differ in the form of their accents alone."""
    folder, _, name = path.rpartition("/")
    return folder, composed(name)


def stem_of(name: str) -> str:
    """A name without its extension."""
    return name.rpartition(".")[0] or name


def is_picture(path: str) -> bool:
    """Whether a path ends like a picture."""
    return suffix_of(path) in PICTURES


def is_json(path: str) -> bool:
    """Whether a path ends in `.json`."""
    return suffix_of(path) == ".json"


def suffix_of(path: str) -> str:
    """The extension of a path in lower case."""
    return PurePosixPath(path).suffix.lower()
