"""Files on disk, without surprises.

Holds hashing, atomic writing, cloning, identities, printable and folded names, plain CSV.
Add here: file operations that several areas need.
Keep out: pictures (imaging/decode.py) and moves of originals.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import os
import shutil
import stat
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FICLONE = 0x40049409
_BLOCK = 1 << 20
_FORBIDDEN = ("no_permission", "give yourself the right to read it, and to enter its folder")
_REFUSALS = {
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ENOENT: ("vanished", "run again"),
}  # all others: unreadable


@dataclass(frozen=True)
class Fingerprint:
    """Signs that a file is unchanged, without reading it; a program cannot set ctime back.

    Number and device are not part of it: exFAT, FUSE and shares give others at each mount.
    """

    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Fingerprint:
        """The fingerprint in a stat result."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    @classmethod
    def at(cls, path: str) -> Fingerprint:
        """The fingerprint of the file at a path.

        Raises:
            OSError: if there is none.
        """
        return cls.of(os.stat(path))  # noqa: PTH116 - a Path takes longer than the stat, of which there are many


class Refused(Exception):
    """Why one file was refused."""

    def __init__(self, kind: str, reason: str, next_step: str) -> None:
        super().__init__(kind, reason, next_step)
        self.kind, self.reason, self.next_step = kind, reason, next_step


def refused_because(error: OSError, what: str) -> Refused:
    """The refusal of one file or folder for an error of the disk.

    Args:
        error: the error of the system.
        what: what could not be done.
    """
    kind, next_step = _REFUSALS.get(error.errno or 0, ("unreadable", "check the disk and its name"))
    return Refused(
        kind, f"{what}: {'it was gone' if kind == 'vanished' else error.strerror or error}", next_step
    )


def printable(raw: str) -> str:
    r"""A name that every text file can hold: bytes that are not UTF-8 become \\xNN."""
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def open_regular(path: Path) -> int:
    """A descriptor for a regular file; links, pipes and devices are refused, never followed or read.

    Raises:
        Refused: with the kind link, special_file, no_permission, vanished or unreadable.
    """
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise Refused(
                "link", "it is a link, and links are not followed", "copy the picture itself into the project"
            )
        if not stat.S_ISREG(found.st_mode):
            raise Refused("special_file", "it is not a regular file", "remove it from the project folder")
        return os.open(path, flags)
    except OSError as error:
        raise refused_because(error, "it cannot be opened") from None


def composed(name: str) -> str:
    """A name with its accents composed, as it is typed: macOS and some shares take them apart."""
    return unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """A name without case and with its accents composed: equal names may be one file on some file systems."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def hash_file(path: Path, *, may_be_empty: bool = False) -> tuple[str, Fingerprint]:
    """SHA-256 and fingerprint of a regular file that did not change while it was read.

    Args:
        path: the file.
        may_be_empty: whether a file without content is one, as it is where nobody opens it.

    Raises:
        Refused: if the file cannot be opened, is empty, or changed meanwhile.
    """
    descriptor = open_regular(path)
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        before = Fingerprint.of(os.fstat(stream.fileno()))
        if before.size == 0 and not may_be_empty:
            raise Refused("empty_file", "it is empty (0 bytes)", "copy it again from the card or camera")
        digest = hashlib.sha256()
        try:
            while block := stream.read(_BLOCK):
                digest.update(block)
        except OSError as error:
            raise Refused("unreadable", f"reading failed: {error.strerror}", "check the disk") from None
        if Fingerprint.of(os.fstat(stream.fileno())) != before:
            raise Refused("vanished", "it changed during reading", "run again when the copy is complete")
    return digest.hexdigest(), before


def short_hash(*parts: str, length: int = 16) -> str:
    """A stable id made of texts; parts cannot run into each other."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogateescape")
        digest.update(len(raw).to_bytes(8, "little") + raw)
    return digest.hexdigest()[:length]


def fsync_folder(folder: Path) -> None:
    """Make a rename in the folder durable (a no-op where folders cannot be opened)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a whole file or nothing: temporary file, fsync, rename, fsync of the folder.

    Args:
        path: target; its folder is made.
        content: all of it.
        durable: False spares the fsyncs, for what can be made again if the power fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with work.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        work.replace(path)
    except OSError as error:  # a full disk is told without a file
        error.filename = error.filename or str(path)
        raise
    finally:
        work.unlink(missing_ok=True)
    if durable:
        fsync_folder(path.parent)


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Rows as UTF-8 CSV with a header, exactly as they are: for programs, not for spreadsheets."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode("utf-8")


def set_aside(path: Path) -> Path:
    """Keep an unexpected file under another name beside its place; gives that name."""
    return path.rename(path.with_name(f"{path.name}.damaged-{time.time_ns()}"))


def clone(source: Path, target: Path) -> None:
    """Copy a file; a copy-on-write file system shares the blocks."""
    try:
        import fcntl

        with source.open("rb") as src, target.open("wb") as dst:
            fcntl.ioctl(dst.fileno(), _FICLONE, src.fileno())
    except (ImportError, OSError):
        shutil.copyfile(source, target)


def link_or_rename(work: Path, target: Path) -> None:
    """Give a finished file its name, for good after a crash; a file that is there is never replaced.

    Raises:
        FileExistsError: if there is one.
    """
    try:
        target.hardlink_to(work)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(errno.EEXIST, "it is there already", str(target)) from None
        work.rename(target)
    fsync_folder(target.parent)


def holds_something(path: Path) -> bool:
    """Whether a file is there and not empty."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def fsync_file(path: Path) -> None:
    """Make a file's content durable."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
