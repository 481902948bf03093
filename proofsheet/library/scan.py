"""Look through a project folder: pictures, companions, everything else.

Holds `scan`, `picture_folders` and the rows that follow from a scan.
Add here: what is known of a file without opening it as a picture.
Keep out: decoding, and any write into the library.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import polars as pl

from proofsheet.core.clock import moment
from proofsheet.core.files import Refused, open_regular, printable
from proofsheet.core.folder_walk import WalkEntry, walk
from proofsheet.core.progress import Progress
from proofsheet.imaging.formats import EXTENSIONS, OTHER_PICTURES, RAW_EXTENSIONS, format_of
from proofsheet.imaging.raw import NEEDED, converter
from proofsheet.library.companions import companions, of_a_folder, owned
from proofsheet.library.file_hashes import Scan, ScannedFile, hash_all
from proofsheet.library.file_locations import FileLocations
from proofsheet.library.stage_names import named_time, parse_stage
from schemas.library import IN_PLACE, OtherFile, Photo

_HEAD = 16
NOWHERE = FileLocations()
NEVER_RENAMED: Mapping[str, Sequence[str]] = {}


def scan(
    folder: Path,
    cache_folder: Path,
    progress: Progress,
    *,
    raw: bool | None = None,
    placed: FileLocations = NOWHERE,
) -> Scan:
    """List a project folder; only new or changed files are hashed.

    Hidden files, and what systems and other programs keep (core/folder_walk.py), are counted and left alone,
    but for files that are named after a picture.

    Args:
        folder: the project folder; it is only read.
        cache_folder: holds the hashes by file identity.
        progress: called after every file.
        raw: whether RAW files can be opened; by default, whether their converter is installed.
        placed: files written by an applied decision; crops are not photos of their own.
    """
    raw = converter() is not None if raw is None else raw
    found = Scan()
    candidates: dict[str, Path] = {}
    plain: dict[str, Path] = {}
    hidden: list[str] = []
    for entry in walk(folder):
        if entry.is_file and (entry.why is not None or entry.hidden) and printable(entry.name) == entry.name:
            hidden.append(entry.name)
        if entry.why is not None:
            found.others[printable(entry.name)], found.left_out[printable(entry.name)] = "system", entry.why
        elif _is_cut(entry, placed):
            found.others[entry.name] = "cut"
        else:
            _sort_in(entry, found, candidates, plain, raw=raw)
    named = owned([*candidates, *found.refused], [*plain, *hidden])
    found.others |= {n: "folder" for n in (*plain, *hidden) if of_a_folder(n)} | dict.fromkeys(
        named, "companion"
    )
    found.left_out = {name: why for name, why in found.left_out.items() if name not in named}
    for name, path in plain.items():
        if name not in found.others:
            _other(name, path, found)
    hash_all(candidates, found, cache_folder, progress)
    return found


def picture_folders(folder: Path) -> Counter[str]:
    """Folders inside a project with files that are named like pictures, and how many; nothing is opened.

    Args:
        folder: the project folder; in the result it is the empty name.
    """
    wanted = EXTENSIONS | RAW_EXTENSIONS
    entries = (
        e
        for e in walk(folder)
        if e.why is None and e.unread is None and not e.hidden and printable(e.name) == e.name
    )
    places = (
        PurePosixPath(e.name).parent.as_posix()
        for e in entries
        if PurePosixPath(e.name).suffix.lower() in wanted
    )
    return Counter("" if place == "." else place for place in places)


def photo_rows(
    project: str,
    scanned: Scan,
    formats: Mapping[str, str],
    ids: Mapping[str, str],
    placed: FileLocations = NOWHERE,
    former: Mapping[str, Sequence[str]] = NEVER_RENAMED,
) -> pl.DataFrame:
    """The rows of `photos`: every picture that could be opened.

    Args:
        project: partition key.
        scanned: what `scan` found.
        formats: content hash to the format found.
        ids: path to id.
        placed: which of them an applied decision moved; they stay the photos that they were.
        former: id to the paths that a photo had, the latest first; a name without stage or time follows them.
    """
    there = {p.path for p in scanned.pictures}
    homes = {path: placed.home(own, path) for path, own in ids.items()}
    origins = {path: home for path, home in homes.items() if home is not None and home not in there}
    opened = {p.path: p for p in scanned.pictures if p.file.content_hash in formats}
    others = {
        *(p for p, role in scanned.others.items() if role == "companion"),
        *scanned.refused,
        *(there - opened.keys()),
    }
    beside = companions(opened, others)
    rows = [
        _row(project, p, formats[p.file.content_hash], ids[path], origins.get(path), beside.get(path, []))
        | _told_by_names([origins.get(path) or path, *former.get(ids[path], ())])
        for path, p in opened.items()
    ]
    return Photo.frame(sorted(rows, key=lambda r: str(r[Photo.path])))


def other_rows(project: str, scanned: Scan) -> pl.DataFrame:
    """The rows of `other_files`."""
    return OtherFile.frame(
        {
            OtherFile.project: project,
            OtherFile.path: path,
            OtherFile.role: role,
            OtherFile.reason: scanned.left_out.get(path),
            OtherFile.extension: PurePosixPath(path).suffix.lower(),
        }
        for path, role in sorted(scanned.others.items())
    )


def _row(
    project: str,
    found: ScannedFile,
    format_: str,
    photo_id: str,
    origin: str | None,
    beside: list[str],
) -> dict[str, object]:
    path = PurePosixPath(origin or found.path)
    mark = found.file.fingerprint
    return {
        Photo.project: project,
        Photo.photo_id: photo_id,
        Photo.path: found.path,
        Photo.folder: "" if str(path.parent) == "." else str(path.parent),
        Photo.file_name: path.name,
        Photo.format: format_,
        Photo.size_bytes: mark.size,
        Photo.modified_at: moment(mark.mtime_ns),
        Photo.content_hash: found.file.content_hash,
        Photo.state: IN_PLACE if origin is None else found.path.partition("/")[0],
        Photo.companions: beside,
    }


def _told_by_names(paths: Sequence[str]) -> dict[str, object]:
    """Series, stage and time by the first of these paths that has them."""
    stems = [PurePosixPath(path).stem for path in paths]
    stage = next((found for stem in stems if (found := parse_stage(stem))), None)
    times = (named_time(stem) for stem in stems)
    return {
        Photo.series: stage.series if stage else None,
        Photo.stage: stage.stage if stage else None,
        Photo.stage_label: stage.label if stage else None,
        Photo.named_at: next((time for time in times if time), None),
    }


def _is_cut(entry: WalkEntry, placed: FileLocations) -> bool:
    return entry.is_file and entry.stat is not None and entry.stat.st_size == placed.cuts.get(entry.name)


def _sort_in(
    entry: WalkEntry, found: Scan, candidates: dict[str, Path], plain: dict[str, Path], *, raw: bool
) -> None:
    name, path = entry.name, entry.path
    suffix = path.suffix.lower()
    if entry.unread is not None:
        found.refused[printable(name)] = entry.unread
    elif entry.hidden:
        found.others[printable(name)] = "hidden"
    elif printable(name) != name:
        found.refused[printable(name)] = Refused(
            "name_not_text",
            "its name is not valid UTF-8",
            "rename it (in its old encoding it may look right)",
        )
    elif entry.is_link:
        found.refused[name] = Refused(
            "link", "it is a link, and links are not followed", "copy the picture itself into the project"
        )
    elif suffix in EXTENSIONS or (raw and suffix in RAW_EXTENSIONS):
        candidates[name] = path
    elif suffix in RAW_EXTENSIONS:
        found.refused[name] = Refused(
            "unsupported_format", f"RAW ({suffix}) is not available: darktable-cli was not found", NEEDED
        )
    elif suffix in OTHER_PICTURES:
        found.refused[name] = Refused(
            "unsupported_format", f"{suffix} is not among the formats read", "convert it to PNG, TIFF or JPEG"
        )
    else:
        plain[name] = path


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
