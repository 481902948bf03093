"""What a look through a folder finds, and the hashes of its files.

Holds `ScannedFile`, `Scan`, `hash_all` and `files_of`.
Add here: another number of a scan.
Keep out: which files are pictures (scan.py).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from proofsheet.core.files import Fingerprint, Refused, hash_file, refused_because, short_hash
from proofsheet.core.progress import Progress
from proofsheet.core.volumes import forgetful_devices
from proofsheet.imaging.decode import PictureFile
from proofsheet.storage.chunk_cache import ChunkCache
from schemas.library import Photo

_IDENTITY = "identity"
_HASHES = pl.Schema({_IDENTITY: pl.String, Photo.content_hash: pl.String})


@dataclass(frozen=True)
class ScannedFile:
    """One picture file by its path inside the project."""

    path: str
    file: PictureFile


@dataclass
class Scan:
    """The content of a folder by role: `files` = pictures + refused + others (path to role).

    `left_out` gives the reason for a part of the others.
    """

    pictures: list[ScannedFile] = field(default_factory=list)
    refused: dict[str, Refused] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    hashed: int = 0

    @property
    def files(self) -> int:
        """Number of all entries that are not folders."""
        return len(self.pictures) + len(self.refused) + len(self.others)

    def counts(self) -> dict[str, int]:
        """What was found, in numbers."""
        return {
            "files": self.files,
            **Counter(f"{role}_files" for role in self.others.values()),
            "hashed": self.hashed,
        }

    def refusals(self, bad: Mapping[str, Refused]) -> tuple[dict[str, Refused], dict[str, str]]:
        """Path to refusal, and path to content hash: what the scan refused and what could not be opened.

        Args:
            bad: content hash to refusal of what could not be opened.
        """
        unopened = {p.path: p.file.content_hash for p in self.pictures if p.file.content_hash in bad}
        return self.refused | {path: bad[content] for path, content in unopened.items()}, unopened


def files_of(photos: pl.DataFrame, folder: Path, cache_folder: Path, progress: Progress) -> list[PictureFile]:
    """The present files of photo rows.

    A file with other content than in its row is left out.

    Args:
        photos: rows of `photos`.
        folder: the project folder.
        cache_folder: holds the hashes by file identity.
        progress: called after every file.
    """
    expected = dict(photos.select(Photo.path, Photo.content_hash).iter_rows())
    now = Scan()
    hash_all({name: folder / name for name in expected}, now, cache_folder, progress)
    return [p.file for p in now.pictures if p.file.content_hash == expected[p.path]]


def hash_all(candidates: Mapping[str, Path], found: Scan, cache_folder: Path, progress: Progress) -> None:
    """Hash every candidate that is new or changed; those that cannot be read are refused in `found`."""
    cache = ChunkCache(cache_folder / "hashes", _HASHES, _IDENTITY)
    forgetful = forgetful_devices()
    marks = {name: _identity(name, path, forgetful) for name, path in candidates.items()}
    known = dict(cache.read([m for m in marks.values() if m]).iter_rows())
    fresh: list[tuple[str, str]] = []
    for done, (name, path) in enumerate(candidates.items(), start=1):
        mark = marks[name]
        try:
            if mark is not None and mark in known:
                content, fingerprint = known[mark], Fingerprint.of(path.lstat())
                if _identity(name, path, forgetful) != mark:
                    raise Refused(
                        "vanished",
                        "it changed while the folder was read",
                        "run again when nothing writes to it",
                    )
            else:
                content, fingerprint = hash_file(path)
                fresh.append((_mark(name, fingerprint), content))
            found.pictures.append(ScannedFile(name, PictureFile(path, content, fingerprint)))
        except Refused as refused:
            found.refused[name] = refused
        except OSError as error:
            found.refused[name] = refused_because(error, "it cannot be opened")
        progress.step("files looked at", done, len(candidates))
    found.hashed = len(fresh)
    cache.append(pl.DataFrame(fresh, schema=_HASHES, orient="row"))
    cache.compact()


def _identity(name: str, path: Path, forgetful: Collection[int]) -> str | None:
    """The key of a file's saved hash.

    None without a change time that lasts and that programs cannot set.
    """
    if os.name == "nt":
        return None
    try:
        found = path.lstat()
    except OSError:
        return None
    return None if found.st_dev in forgetful else _mark(name, Fingerprint.of(found))


def _mark(name: str, mark: Fingerprint) -> str:
    return short_hash(name, str(mark.size), str(mark.mtime_ns), str(mark.ctime_ns), length=32)
