"""Look through a project folder: pictures, companions, everything else.

Holds `scan`, `picture_folders` and the rows that follow from a scan.
Add here: what is known of a file without opening it as a picture.
Keep out: decoding, and any write into the library.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import polars as pl

from proofsheet.files import Refused, open_regular, printable, short_hash
from proofsheet.formats import EXTENSIONS, OTHER_PICTURES, RAW_EXTENSIONS, format_of
from proofsheet.library.looking import Found, Scan, hash_all
from proofsheet.names import parse_stage
from proofsheet.placed import Placed
from proofsheet.progress import Progress
from proofsheet.raw import NEEDED, converter
from schemas.library import IN_PLACE, OtherFile, Photo

_HEAD = 16
NOWHERE = Placed()


def scan(folder: Path, cache_folder: Path, progress: Progress, *, raw: bool | None = None, placed: Placed = NOWHERE) -> Scan:
    """List a project folder; only new or changed files are hashed.

    Hidden files and folders (a leading dot, and `@eaDir`) belong to other programs: they are counted and left alone.

    Args:
        folder: the project folder; it is only read.
        cache_folder: holds the hashes by file identity.
        progress: told after every file looked at.
        raw: whether RAW files can be opened; by default, whether their converter is installed.
        placed: what an applied decision wrote; cuts are no photos of their own.
    """
    raw = converter() is not None if raw is None else raw
    found = Scan()
    candidates: dict[str, Path] = {}
    plain: dict[str, Path] = {}
    for path in _walk(folder):
        if _is_cut(path, folder, placed):
            found.others[path.relative_to(folder).as_posix()] = "cut"
        else:
            _sort_in(path, folder, found, candidates, plain, raw=raw)
    owners = _companions(candidates, plain)
    companions_of: dict[str, list[str]] = defaultdict(list)
    for companion, pictures in owners.items():
        for picture in pictures:
            companions_of[picture].append(companion)
    for name, path in plain.items():
        if name in owners:
            found.others[name] = "companion"
        else:
            _other(name, path, found)
    hash_all(candidates, companions_of, found, cache_folder, progress)
    return found


def picture_folders(folder: Path) -> Counter[str]:
    """Folders inside a project with files that are named like pictures, and how many; nothing is opened.

    Args:
        folder: the project folder; in the result it is the empty name.
    """
    names = (p.relative_to(folder) for p in _walk(folder) if p.suffix.lower() in EXTENSIONS | RAW_EXTENSIONS)
    places = (
        PurePosixPath(n.as_posix()).parent.as_posix()
        for n in names
        if not _hidden(n.parts) and n.as_posix() == printable(n.as_posix())
    )
    return Counter("" if place == "." else place for place in places)


def photo_rows(project: str, scanned: Scan, formats: Mapping[str, str], placed: Placed = NOWHERE) -> pl.DataFrame:
    """The rows of `photos`: every picture whose content could be opened.

    Args:
        project: partition key.
        scanned: what `scan` found.
        formats: content hash to the format found.
        placed: which of them an applied decision moved; they stay the photos that they were.
    """
    there = {p.path for p in scanned.pictures}
    origins = {now: before for now, before in placed.origins.items() if before not in there}
    rows = [
        _row(project, p, formats[p.file.content_hash], origins.get(p.path))
        for p in scanned.pictures
        if p.file.content_hash in formats
    ]
    return Photo.frame(sorted(rows, key=lambda r: str(r[Photo.path])))


def other_rows(project: str, scanned: Scan) -> pl.DataFrame:
    """The rows of `other_files`."""
    return OtherFile.frame(
        {
            OtherFile.project: project,
            OtherFile.path: path,
            OtherFile.role: role,
            OtherFile.extension: PurePosixPath(path).suffix.lower(),
        }
        for path, role in sorted(scanned.others.items())
    )


def _row(project: str, found: Found, format_: str, origin: str | None) -> dict[str, object]:
    path = PurePosixPath(origin or found.path)
    stage = parse_stage(path.stem)
    mark = found.file.fingerprint
    return {
        Photo.project: project,
        Photo.photo_id: short_hash(project, str(path)),
        Photo.path: found.path,
        Photo.folder: "" if str(path.parent) == "." else str(path.parent),
        Photo.file_name: path.name,
        Photo.format: format_,
        Photo.size_bytes: mark.size,
        Photo.modified_at: datetime.fromtimestamp(mark.mtime_ns // 1000 / 1e6, UTC).replace(tzinfo=None),
        Photo.content_hash: found.file.content_hash,
        Photo.series: stage.series if stage else None,
        Photo.stage: stage.stage if stage else None,
        Photo.stage_label: stage.label if stage else None,
        Photo.state: IN_PLACE if origin is None else found.path.partition("/")[0],
        Photo.companions: sorted(found.companions),
    }


def _walk(folder: Path) -> Iterable[Path]:
    """Every entry that is not a folder, without following links, in a stable order."""
    for here, folders, names in os.walk(folder, followlinks=False):
        links = [n for n in folders if (Path(here) / n).is_symlink()]
        folders[:] = sorted(n for n in folders if n not in links)
        for name in sorted([*names, *links]):
            yield Path(here) / name


def _is_cut(path: Path, folder: Path, placed: Placed) -> bool:
    size = placed.cuts.get(path.relative_to(folder).as_posix())
    return size is not None and not path.is_symlink() and path.lstat().st_size == size


def _hidden(parts: Iterable[str]) -> bool:
    return any(p.startswith(".") or p == "@eaDir" for p in parts)


def _sort_in(path: Path, folder: Path, found: Scan, candidates: dict[str, Path], plain: dict[str, Path], *, raw: bool) -> None:
    relative = path.relative_to(folder)
    name = relative.as_posix()
    suffix = path.suffix.lower()
    if _hidden(relative.parts):
        found.others[printable(name)] = "hidden"
    elif printable(name) != name:
        found.refused[printable(name)] = Refused(
            "name_not_text", "its name is not valid UTF-8", "rename it (in its old encoding it may look right)"
        )
    elif path.is_symlink():
        found.refused[name] = Refused(
            "link", "it is a link, and links are not followed", "copy the picture itself into the project"
        )
    elif suffix in EXTENSIONS or (raw and suffix in RAW_EXTENSIONS):
        candidates[name] = path
    elif suffix in RAW_EXTENSIONS:
        found.refused[name] = Refused("unsupported_format", f"RAW ({suffix}) is not available: darktable-cli was not found", NEEDED)
    elif suffix in OTHER_PICTURES:
        found.refused[name] = Refused(
            "unsupported_format", f"{suffix} is not among the formats read", "convert it to PNG, TIFF or JPEG"
        )
    else:
        plain[name] = path


def _companions(candidates: Mapping[str, Path], plain: Mapping[str, Path]) -> dict[str, list[str]]:
    """Companion path to the pictures it belongs to: same folder and `<stem>.*` or `<name>.*`."""
    by_stem: dict[str, list[str]] = defaultdict(list)
    for name in candidates:
        path = PurePosixPath(name)
        by_stem[_folded(str(path.with_suffix("")))].append(name)
        by_stem[_folded(name)].append(name)
    owners = {name: by_stem.get(_folded(str(PurePosixPath(name).with_suffix(""))), []) for name in plain}
    return {name: pictures for name, pictures in owners.items() if pictures}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _other(name: str, path: Path, found: Scan) -> None:
    """A file that is no picture by name: look whether it is one by content."""
    try:
        descriptor = open_regular(path)
    except Refused as refused:
        found.refused[name] = refused
        return
    with os.fdopen(descriptor, "rb") as stream:
        try:
            kind = format_of(stream.read(_HEAD))
        except OSError:
            kind = None
    if kind is None:
        found.others[name] = "other"
    else:
        found.refused[name] = Refused(
            "wrong_extension",
            f"it is a {kind} picture, but its name does not say so",
            f"rename it to end in .{kind.lower()}",
        )
