"""File operations that lose nothing: each can be interrupted and repeated.

Holds `Disk`, `as_journalled` and `refuse_too_long`.
Add here: another operation on files of the library.
Keep out: what is moved where (plan.py, executor.py).

A move gives the file its new name before it removes the old one, and never takes a name that is in use:
`link` fails on an existing target, in one step and on every POSIX file system with links. Without links, or
on another file system, the content is copied beside the target, made durable, compared by hash, and only then
renamed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from pathlib import Path

from proofsheet.core.errors import UsageError
from proofsheet.core.files import Fingerprint, Refused, folded, fsync_folder, hash_file

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_BLOCK = 1 << 20
PART = ".proofsheet-part"
_LONGEST = {"PC_NAME_MAX": 255, "PC_PATH_MAX": 4096}  # bytes, where the system does not say


class TargetTaken(Exception):
    """A name that is there already, or one that some file systems take for it."""


def as_journalled(path: Path, *, may_be_empty: bool = False) -> tuple[str, Fingerprint]:
    """SHA-256 and fingerprint of a file, as the journal can hold them.

    Raises:
        Refused: as `hash_file` does, and for a time that is no 64-bit number of nanoseconds.
    """
    content, mark = hash_file(path, may_be_empty=may_be_empty)
    if not -(1 << 63) <= mark.mtime_ns < 1 << 63:
        raise Refused(
            "odd_time", "its modification time is centuries away", "give it another time, with `touch`"
        )
    return content, mark


def refuse_too_long(target: Path) -> None:
    """Refuse a name, or a path with it, that the disk cannot hold.

    Raises:
        UsageError: with the number of bytes.
    """
    there = next(f for f in target.parents if os.path.lexists(f))
    name, part = (len(os.fsencode(n)) for n in (target.name, _part(target).name))
    whole = len(os.fsencode(target.parent)) + len("/") + max(name, part)
    for what, size, most in (
        ("name", name, _longest(there, "PC_NAME_MAX")),
        ("path", whole, _longest(there, "PC_PATH_MAX") - 1),
    ):
        if size > most:
            raise UsageError(
                f"The {what} of {target} would have {size} bytes; this disk allows {most}.",
                "Give it a shorter name.",
            )


def _longest(folder: Path, what: str) -> int:
    try:
        return os.pathconf(folder, what)
    except (AttributeError, OSError, ValueError):
        return _LONGEST[what]


class Disk:
    """Every mutating call passes `before` first; a test may stop there.

    All paths are absolute. Names in folders are remembered while an instance lives: a name that others make
    meanwhile in another spelling is missed, the very same name never is.
    """

    def __init__(self) -> None:
        self._names: dict[Path, dict[str, str]] = {}

    def before(self, what: str, path: Path) -> None:
        """Called before every call that changes the disk.

        Args:
            what: name of the call.
            path: what it changes.
        """

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, durable in the folder above each."""
        if folder.is_dir():
            return
        self.make_folder(folder.parent)
        self.before("mkdir", folder)
        folder.mkdir(exist_ok=True)
        fsync_folder(folder.parent)

    def move(self, source: Path, target: Path, content_hash: str, *, former: bool = False) -> None:
        """Give a file another name; if both names are there already and are one file, the old one goes.

        Args:
            source: the file.
            target: its new name; its folder is there.
            content_hash: SHA-256 that a copy must have.
            former: whether the file had this name before; then names that differ only in case or accents were
                already beside each other.

        Raises:
            TargetTaken: if the new name, or a twin of it, is another file.
            OSError: if the disk refuses; the file has its old name then, or both.
        """
        if not self._same_file(source, target):
            self.refuse_taken(target, twins=not former)
            try:
                self.before("link", target)
                os.link(source, target, follow_symlinks=False)
            except FileExistsError:
                raise TargetTaken(f"{target} is there already") from None
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                self._copy(source, target, content_hash, former=former)
            self._names.get(target.parent, {})[folded(target.name)] = target.name
            fsync_folder(target.parent)
        self.remove(source)

    def remove(self, path: Path) -> None:
        """Take a name away, durably."""
        self.before("unlink", path)
        path.unlink()
        self._names.get(path.parent, {}).pop(folded(path.name), None)
        fsync_folder(path.parent)

    def remove_folder(self, folder: Path) -> bool:
        """Remove a folder if it is empty; False if it is not."""
        self.before("rmdir", folder)
        try:
            folder.rmdir()
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                return False
            raise
        fsync_folder(folder.parent)
        return True

    def clear(self, target: Path) -> None:
        """Remove unfinished work for a target, left by an interrupted process."""
        work = _part(target)
        if work.exists():
            self.before("unlink", work)
            work.unlink()

    def write_new(self, target: Path, content: bytes, modified_ns: int | None = None) -> None:
        """Write a file that must not be there yet, whole and durable or not at all.

        Raises:
            TargetTaken: if the name, or a twin of it, is there.
        """
        self.refuse_taken(target)
        work = _part(target)
        self.before("write", work)
        with work.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if modified_ns is not None:
            os.utime(work, ns=(modified_ns, modified_ns))
        self._name(work, target)

    def replace(
        self, target: Path, content: bytes, content_hash: str, modified_ns: int | None = None
    ) -> None:
        """Give a file other content in one step, with its rights and its modification time.

        Args:
            target: the file.
            content: of it afterwards.
            content_hash: SHA-256 that it must have before.
            modified_ns: its modification time afterwards; None keeps it.

        Raises:
            UsageError: if it has another content, or another user owns it; it is not touched.
            OSError: if the disk refuses; the file has its old content then.
        """
        work, found = _part(target), target.stat()
        self.before("write", work)
        with work.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        self.before("attributes", work)
        _keep_owner(work, found, target)
        shutil.copystat(target, work)
        os.utime(work, ns=(found.st_atime_ns, found.st_mtime_ns if modified_ns is None else modified_ns))
        self.before("replace", target)
        if hash_file(target, may_be_empty=True)[0] != content_hash:
            work.unlink()
            raise UsageError(f"{target} has just changed.", "It is not touched; plan again.")
        os.replace(work, target)  # noqa: PTH105 - over an open name, in one step
        fsync_folder(target.parent)

    def refuse_taken(self, target: Path, *, twins: bool = True) -> None:
        """Refuse a name that is there, whatever a file system thinks of its case and accents.

        Args:
            target: the name.
            twins: whether a name that differs in case or accents alone is refused too.

        Raises:
            TargetTaken: naming what is there.
        """
        if os.path.lexists(target):
            raise TargetTaken(f"{target} is there already")
        if not twins:
            return
        if target.parent not in self._names:
            there = [p.name for p in target.parent.iterdir()] if target.parent.is_dir() else []
            self._names[target.parent] = {folded(n): n for n in there if not n.endswith(PART)}
        if (twin := self._names[target.parent].get(folded(target.name))) is not None:
            raise TargetTaken(
                f"{target.parent / twin} is there already, and some disks take {target.name} for it"
            )

    def _copy(self, source: Path, target: Path, content_hash: str, *, former: bool) -> None:
        """A copy that is compared before it gets its name; the source stays."""
        work, digest = _part(target), hashlib.sha256()
        found = source.stat()
        self.before("copy", work)
        with source.open("rb") as old, work.open("wb") as new:
            shutil.copyfileobj(old, new, _BLOCK)
            new.flush()
            os.fsync(new.fileno())
        with work.open("rb") as new:
            while block := new.read(_BLOCK):
                digest.update(block)
        if digest.hexdigest() != content_hash:
            work.unlink()
            raise OSError(errno.EIO, "the copy differs from the original", str(source))
        _keep_owner(work, found, source)
        shutil.copystat(source, work)
        os.utime(work, ns=(found.st_atime_ns, found.st_mtime_ns))
        self._name(work, target, former=former)

    def _name(self, work: Path, target: Path, *, former: bool = False) -> None:
        """Give finished work its name, which must be free."""
        self.before("name", target)
        try:
            os.link(work, target)
        except FileExistsError:
            work.unlink()
            raise TargetTaken(f"{target} is there already") from None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self.refuse_taken(
                target, twins=not former
            )  # no links here at all: look once more, then rename; the run lock keeps our own writers out
            work.rename(target)
        work.unlink(missing_ok=True)
        fsync_folder(target.parent)

    @staticmethod
    def _same_file(source: Path, target: Path) -> bool:
        try:
            return os.path.samestat(source.lstat(), target.lstat())
        except FileNotFoundError:
            return False


def _keep_owner(work: Path, found: os.stat_result, original: Path) -> None:
    """Give unfinished work the owner and the group of a file, or remove the work.

    Raises:
        UsageError: if this user may not.
    """
    made = work.stat()
    if (made.st_uid, made.st_gid) == (found.st_uid, found.st_gid):
        return
    try:
        os.chown(work, found.st_uid, found.st_gid)
    except OSError as error:
        work.unlink()
        raise UsageError(
            f"{original} belongs to user {found.st_uid}, group {found.st_gid}, which a new file cannot get: "
            f"{error.strerror or error}.",
            "It is not touched; run Proofsheet as its owner, or as root.",
        ) from error


def _part(target: Path) -> Path:
    """Path of unfinished work: hidden, and the same for the same target.

    A repeated operation writes over it.
    """
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    return target.with_name(f".{digest}{PART}")
