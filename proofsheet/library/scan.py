"""Look through a project folder: pictures, companions, everything else.

Holds `scan` and the rows that follow from it.
Add here: what is known of a file without opening it as a picture.
Keep out: decoding, and any write into the library.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import polars as pl

from proofsheet.cache import ChunkCache
from proofsheet.files import Fingerprint, Refused, hash_file, open_regular, printable, short_hash
from proofsheet.formats import EXTENSIONS, OTHER_PICTURES, RAW_EXTENSIONS, format_of
from proofsheet.library.names import parse_stage
from proofsheet.pictures import PictureFile
from proofsheet.progress import Progress
from proofsheet.raw import NEEDED, converter
from schemas.library import OtherFile, Photo

_IDENTITY = "identity"
_HASHES = pl.Schema({_IDENTITY: pl.String, Photo.content_hash: pl.String})
_HEAD = 16


@dataclass(frozen=True)
class Found:
    """One picture file by its path inside the project."""

    path: str
    file: PictureFile
    companions: tuple[str, ...]


@dataclass
class Scan:
    """What a folder holds: `files` = pictures + refused + others (path to role)."""

    pictures: list[Found] = field(default_factory=list)
    refused: dict[str, Refused] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    hashed: int = 0

    @property
    def files(self) -> int:
        """Number of all entries that are not folders."""
        return len(self.pictures) + len(self.refused) + len(self.others)

    def counts(self) -> dict[str, int]:
        """What was found, in numbers."""
        return {"files": self.files, **Counter(f"{role}_files" for role in self.others.values()), "hashed": self.hashed}

    def refusals(self, bad: Mapping[str, Refused]) -> tuple[dict[str, Refused], dict[str, str]]:
        """Path to refusal, and path to content hash: what the scan refused and what could not be opened.

        Args:
            bad: content hash to refusal of what could not be opened.
        """
        unopened = {p.path: p.file.content_hash for p in self.pictures if p.file.content_hash in bad}
        return self.refused | {path: bad[content] for path, content in unopened.items()}, unopened


def scan(folder: Path, cache_folder: Path, progress: Progress, *, raw: bool | None = None) -> Scan:
    """List a project folder; only new or changed files are hashed.

    Hidden files and folders (a leading dot, and `@eaDir`) belong to other programs: they are counted and left alone.

    Args:
        folder: the project folder; it is only read.
        cache_folder: holds the hashes by file identity.
        progress: told after every file looked at.
        raw: whether RAW files can be opened; by default, whether their converter is installed.
    """
    raw = converter() is not None if raw is None else raw
    found = Scan()
    candidates: dict[str, Path] = {}
    plain: dict[str, Path] = {}
    for path in _walk(folder):
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
    _hash_all(candidates, companions_of, found, cache_folder, progress)
    return found


def files_of(photos: pl.DataFrame, folder: Path, cache_folder: Path, progress: Progress) -> list[PictureFile]:
    """The files of photo rows as they are now; one whose content is another than in its row is left out.

    Args:
        photos: rows of `photos`.
        folder: the project folder.
        cache_folder: holds the hashes by file identity.
        progress: told after every file looked at.
    """
    expected = dict(photos.select(Photo.path, Photo.content_hash).iter_rows())
    now = Scan()
    _hash_all({name: folder / name for name in expected}, {}, now, cache_folder, progress)
    return [p.file for p in now.pictures if p.file.content_hash == expected[p.path]]


def photo_rows(project: str, scanned: Scan, formats: Mapping[str, str]) -> pl.DataFrame:
    """The rows of `photos`: every picture whose content could be opened.

    Args:
        project: partition key.
        scanned: what `scan` found.
        formats: content hash to the format found.
    """
    rows = [_row(project, p, formats[p.file.content_hash]) for p in scanned.pictures if p.file.content_hash in formats]
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


def _row(project: str, found: Found, format_: str) -> dict[str, object]:
    path = PurePosixPath(found.path)
    stage = parse_stage(path.stem)
    mark = found.file.fingerprint
    return {
        Photo.project: project,
        Photo.photo_id: short_hash(project, found.path),
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
        Photo.companions: sorted(found.companions),
    }


def _walk(folder: Path) -> Iterable[Path]:
    """Every entry that is not a folder, without following links, in a stable order."""
    for here, folders, names in os.walk(folder, followlinks=False):
        links = [n for n in folders if (Path(here) / n).is_symlink()]
        folders[:] = sorted(n for n in folders if n not in links)
        for name in sorted([*names, *links]):
            yield Path(here) / name


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


def _hash_all(
    candidates: Mapping[str, Path],
    companions: Mapping[str, Sequence[str]],
    found: Scan,
    cache_folder: Path,
    progress: Progress,
) -> None:
    cache = ChunkCache(cache_folder / "hashes", _HASHES, _IDENTITY)
    marks = {name: _identity(name, path) for name, path in candidates.items()}
    known = dict(cache.read([m for m in marks.values() if m]).iter_rows())
    fresh: list[tuple[str, str]] = []
    for done, (name, path) in enumerate(candidates.items(), start=1):
        mark = marks[name]
        try:
            if mark is not None and mark in known:
                content, fingerprint = known[mark], Fingerprint.of(path.lstat())
                if _identity(name, path) != mark:
                    raise Refused("vanished", "it changed while the folder was read", "run again when nothing writes to it")
            else:
                content, fingerprint = hash_file(path)
                fresh.append((_mark(name, fingerprint), content))
            found.pictures.append(Found(name, PictureFile(path, content, fingerprint), tuple(companions.get(name, ()))))
        except Refused as refused:
            found.refused[name] = refused
        except FileNotFoundError:
            found.refused[name] = Refused("vanished", "it was gone when it was opened", "run again")
        progress.step("files looked at", done, len(candidates))
    found.hashed = len(fresh)
    cache.append(pl.DataFrame(fresh, schema=_HASHES, orient="row"))
    cache.compact()


def _identity(name: str, path: Path) -> str | None:
    """What a file's hash is remembered by; None where the system has no change time that programs cannot set."""
    if os.name == "nt":
        return None
    try:
        return _mark(name, Fingerprint.of(path.lstat()))
    except OSError:
        return None


def _mark(name: str, mark: Fingerprint) -> str:
    return short_hash(name, str(mark.size), str(mark.mtime_ns), str(mark.ctime_ns), str(mark.inode), length=32)
