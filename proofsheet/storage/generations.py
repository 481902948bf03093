"""Numbered files behind a pointer: how one immutable file is replaced by the next.

Holds `Generations`.
Add here: how generations are kept, checked and mended.
Keep out: what stands in the files (store.py).

    <folder>/000042.duckdb   a generation; never changed once it has this name
    <folder>/CURRENT         number and SHA-256 of the current one and the one before
    <folder>/damaged/        what was set aside
"""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from proofsheet.core.errors import Damaged, StoreError, of_the_disk
from proofsheet.core.files import Fingerprint, fsync_file, fsync_folder, set_aside, write_atomic

_KEPT = 2
_PASSING = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.ESTALE, errno.ETIMEDOUT}
MENDS = "Nothing has to be restored: the next run of the project sets it aside and makes the tables again."


def file_sum(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Generations:
    """The generations of one file.

    Args:
        folder: belongs to them alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> int:
        """Number of the current generation; 0 if there is none."""
        return next((number for number, _sum in self.pointers()), 0)

    def identity(self) -> Hashable:
        """What changes with the current generation, and with any touch of its file."""
        number, found = next(iter(self.pointers()), (0, ""))
        try:
            mark = Fingerprint.of(self.path(number).stat())
        except OSError:
            mark = None
        return (str(self.folder), number, found, mark)

    def mark(self) -> Hashable:
        """The same for a pointer that may be damaged."""
        try:
            return self.identity()
        except StoreError:
            return time.monotonic_ns()

    def path(self, number: int) -> Path:
        """File of a generation."""
        return self.folder / f"{number:06d}.duckdb"

    def work_file(self) -> Path:
        """A name for the next generation while it is being made; what an interrupted writer left is removed."""
        self.remove_leftovers()
        return self.folder / f".{self._next():06d}.tmp"

    def remove_leftovers(self) -> None:
        """Remove unfinished generations; call it under the write lock."""
        for leftover in self.folder.glob(".*.tmp*"):
            leftover.unlink()

    def add(self, work: Path) -> int:
        """Make the finished work file the current generation and drop all but the last two.

        Returns:
            Its number.
        """
        fsync_file(work)
        number = self._next()
        before = self.pointers()
        work.replace(self.path(number))
        fsync_folder(self.folder)
        self._point([(number, file_sum(self.path(number))), *before])
        kept = {n for n, _sum in self.pointers()}
        for path in self.folder.glob("[0-9]*.duckdb"):
            if int(path.stem) not in kept:
                path.unlink()
        return number

    def repair(self, on_news: Callable[[str], None]) -> None:
        """Set what is damaged aside and go on from the generation before, or from none; call it under the run lock.

        A generation is whole if its bytes are those that were written. What is missing is made again from ledger, cache and
        disk. Nothing is deleted.
        """
        if self.folder.exists() and not self.folder.is_dir():
            on_news(f"a file lay in the place of the store and was set aside as {set_aside(self.folder).name}")
        try:
            pointers = self.pointers()
        except Damaged:
            on_news(f"the pointer was damaged and set aside as {self._set_aside(self.folder / 'CURRENT')}")
            pointers = []
        whole = [(number, found) for number, found in pointers if self._is_whole(number, found)]
        for number, _found in pointers:
            if number not in dict(whole):
                on_news(f"generation {number} was damaged and set aside as {self._set_aside(self.path(number))}")
        if whole != pointers:
            on_news(f"going on from generation {whole[0][0] if whole else 0}")
            self._point(whole)

    def pointers(self) -> list[tuple[int, str]]:
        """Number and SHA-256 of the current generation and the one before it.

        Raises:
            Damaged: if the pointer cannot be read.
            StoreError: if the system cannot read any file now.
        """
        try:
            lines = (self.folder / "CURRENT").read_text("ascii").splitlines()
            found = [(int(number), digest) for number, digest in (line.split() for line in lines)]
            if not found:
                raise ValueError
        except FileNotFoundError:
            return []
        except ValueError:
            raise Damaged(self.folder / "CURRENT", "it does not say which generation is the current one", MENDS) from None
        except OSError as error:
            _refuse_passing(error, self.folder)
            raise Damaged(self.folder / "CURRENT", str(error.strerror), MENDS) from error
        return found

    def check(self) -> None:
        """Compare the bytes of the current generation with those that were written.

        Raises:
            Damaged: if the pointer or the generation is.
        """
        for number, found in self.pointers()[:1]:
            if not self._is_whole(number, found):
                wrong = "it is not as it was written" if self.path(number).exists() else "it is gone"
                raise Damaged(self.path(number), wrong, MENDS)

    def _point(self, pointers: Sequence[tuple[int, str]]) -> None:
        if not pointers:
            (self.folder / "CURRENT").unlink(missing_ok=True)
            return
        text = "".join(f"{number} {found}\n" for number, found in pointers[:_KEPT])
        write_atomic(self.folder / "CURRENT", text.encode("ascii"))

    def _is_whole(self, number: int, found: str) -> bool:
        try:
            return file_sum(self.path(number)) == found
        except OSError as error:
            _refuse_passing(error, self.folder)
            return False

    def _set_aside(self, path: Path) -> str:
        if not path.exists():
            return "nothing: it was gone"
        target = self.folder / "damaged" / f"{path.name}-{time.time_ns()}"
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        return f"damaged/{target.name}"

    def _next(self) -> int:
        """A number that no generation ever had."""
        names = [*self.folder.glob("[0-9]*.duckdb"), *self.folder.glob("damaged/[0-9]*")]
        return 1 + max([self.current(), *(int(p.name.split(".")[0]) for p in names)])


def _refuse_passing(error: OSError, folder: Path) -> None:
    """An error that says nothing of the file is none of its damage: nothing is set aside for it."""
    if error.errno in _PASSING:
        raise of_the_disk(error, folder) from error
