"""Numbered manifests behind a pointer: how one generation is replaced by the next.

Holds `Generations`.
Add here: how generations are stored, checked and repaired.
Keep out: the content of a generation (manifest.py) and files of rows (parts.py).

    <folder>/000042.json   a generation; never changed once it has this name
    <folder>/CURRENT       number and SHA-256 of the current one and the one before
    <folder>/tables/       the parts that they name
    <folder>/damaged/      what was set aside
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path

from proofsheet.core.errors import Damaged, StoreError
from proofsheet.core.files import Fingerprint, set_aside, write_atomic
from proofsheet.storage.manifest import MENDS, Manifest, Part, read_manifest
from proofsheet.storage.parts import Parts, refuse_passing, wrong_with

_KEPT, _TRIES = 2, 20
FORMER = ".duckdb"  # up to format 1, a generation was one database with all tables


class FormerFormat(Exception):
    """The current generation is of the former format: the store takes it over."""


class Generations:
    """The generations of one store.

    Args:
        folder: belongs to them alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.parts = folder, Parts(folder)

    def current(self) -> int:
        """Number of the current generation; 0 without one."""
        return next((number for number, _sum in self.pointers()), 0)

    def manifest(self) -> Manifest:
        """The current generation, or the empty one before the first.

        Raises:
            Damaged: if pointer or manifest are.
            StoreTooNew: if a later version wrote it.
            FormerFormat: if an earlier version did.
        """
        for _attempt in range(_TRIES):
            pointers = self.pointers()
            if not pointers:
                return Manifest()
            try:
                return self._manifest(*pointers[0])
            except Damaged:
                if pointers == self.pointers():
                    raise  # else a newer generation came between the two looks
        raise StoreError(f"The store {self.folder} changed faster than it could be read.", "Try again.")

    def mark(self) -> Hashable:
        """What changes with the current generation, and with any touch of its files."""
        try:
            pointers = self.pointers()
            paths = [str(self.path(n)) for n, _sum in pointers[:1]]
            paths += [f"{self.folder}/{f}" for n, found in pointers[:1] for f in self._files(n, found)]
        except StoreError:
            return time.monotonic_ns()
        return (str(self.folder), *pointers, *(_mark(path) for path in paths))

    def path(self, number: int) -> Path:
        """File of a generation."""
        path = self.folder / f"{number:06d}.json"
        former = path.with_suffix(FORMER)
        return former if former.exists() and not path.exists() else path

    def remove_leftovers(self) -> None:
        """Remove what an interrupted writer left; call it under the write lock."""
        for pattern in (".*.tmp*", "tables/*/.*.tmp"):
            for leftover in self.folder.glob(pattern):
                leftover.unlink()

    def add(self, parts: Mapping[str, Part]) -> int:
        """Make these tables the current generation and drop all but the last two.

        Call it under the write lock.

        Returns:
            Its number.
        """
        before, number = self.pointers(), self._next()
        content = Manifest(number, parts).content()
        write_atomic(self.folder / f"{number:06d}.json", content)
        self._point([(number, hashlib.sha256(content).hexdigest()), *before])
        self._drop()
        return number

    def known_parts(self) -> list[Part]:
        """The parts of all stored generations."""
        return [part for number, found in self.pointers() for part in self._parts(number, found).values()]

    def repair(self, on_news: Callable[[str], None]) -> None:
        """Set what is damaged aside and go on from the generation before, or from the tables that are whole.

        Missing parts are made again from ledger, cache and disk. Nothing is deleted. Call it under the run
        lock.

        Raises:
            StoreTooNew: if a later version wrote it; nothing is set aside for that.
        """
        if self.folder.exists() and not self.folder.is_dir():
            on_news(
                f"a folder was in the place of the store and was set aside as {set_aside(self.folder).name}"
            )
        try:
            pointers = self.pointers()
        except Damaged:
            on_news(f"the pointer was damaged and set aside as {self._set_aside(self.folder / 'CURRENT')}")
            pointers = []
        damaged = {number: self._damaged(number, found) for number, found in pointers}
        if not any(damaged.values()):
            return
        readable = [(number, found) for number, found in pointers if self.path(number) not in damaged[number]]
        former = self._parts(*readable[0]) if readable else {}
        for path in dict.fromkeys(p for paths in damaged.values() for p in paths):
            on_news(f"{self._told(path)} was damaged and set aside as {self._set_aside(path)}")
        whole = [(number, found) for number, found in pointers if not damaged[number]]
        self._point(whole)
        kept = {name: part for name, part in former.items() if (self.folder / part.file).exists()}
        if kept and not whole:
            self.add(kept)
        on_news(
            f"going on from generation {self.current()}"
            + ("" if whole or not kept else f", with {len(kept)} tables")
        )

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
            raise Damaged(
                self.folder / "CURRENT", "it does not say which generation is the current one", MENDS
            ) from None
        except OSError as error:
            refuse_passing(error, self.folder)
            raise Damaged(self.folder / "CURRENT", str(error.strerror), MENDS) from error
        return found

    def check(self) -> None:
        """Compare the bytes of the current generation with those that were written.

        Raises:
            Damaged: if the pointer, the manifest or a part is.
            StoreTooNew: if a later version wrote it.
        """
        for number, found in self.pointers()[:1]:
            for file, digest in {self.path(number).name: found, **self._files(number, found)}.items():
                if wrong := wrong_with(f"{self.folder}/{file}", digest):
                    raise Damaged(self.folder / file, wrong, MENDS)

    def named(self) -> set[str]:
        """Files of rows that a generation names."""
        return {part.file for part in self.known_parts()}

    def _manifest(self, number: int, found: str) -> Manifest:
        path = self.path(number)
        if path.suffix == FORMER:
            raise FormerFormat
        try:
            content = path.read_bytes()
        except OSError as error:
            refuse_passing(error, path)
            gone = isinstance(error, FileNotFoundError)
            raise Damaged(path, "it is gone" if gone else str(error.strerror), MENDS) from error
        if hashlib.sha256(content).hexdigest() != found:
            raise Damaged(path, "its content has changed", MENDS)
        return read_manifest(content, path)

    def _parts(self, number: int, found: str) -> Mapping[str, Part]:
        """The parts of a generation.

        It is empty for a damaged generation, or one of the former format, which holds its rows itself.
        """
        try:
            return self._manifest(number, found).parts
        except (Damaged, FormerFormat):
            return {}

    def _files(self, number: int, found: str) -> dict[str, str]:
        return {part.file: part.sha256 for part in self._parts(number, found).values()}

    def _damaged(self, number: int, found: str) -> list[Path]:
        """The files of a generation that are not as they were written."""
        files = {self.path(number): found} | {
            self.folder / f: s for f, s in self._files(number, found).items()
        }
        return [path for path, digest in files.items() if wrong_with(path, digest, again=True)]

    def _told(self, path: Path) -> str:
        return (
            f"generation {int(path.stem)}"
            if path.parent == self.folder
            else f"a file of the table {path.parent.name}"
        )

    def _point(self, pointers: Sequence[tuple[int, str]]) -> None:
        if not pointers:
            (self.folder / "CURRENT").unlink(missing_ok=True)
            return
        text = "".join(f"{number} {found}\n" for number, found in pointers[:_KEPT])
        write_atomic(self.folder / "CURRENT", text.encode("ascii"))

    def _drop(self) -> None:
        """Remove the manifests before the last two; the files that they alone named wait for the clean-up."""
        kept, named = {n for n, _sum in self.pointers()}, self.named()
        for path in self.folder.glob("[0-9]*"):
            if path.suffix in {".json", FORMER} and int(path.stem) not in kept:
                if path.suffix != FORMER:
                    with contextlib.suppress(StoreError):  # one that says nothing names nothing
                        self.parts.let_go(read_manifest(path.read_bytes(), path).files().keys() - named)
                path.unlink()

    def _set_aside(self, path: Path) -> str:
        if not path.exists():
            return "nothing: it was gone"
        target = self.folder / "damaged" / f"{path.name}-{time.time_ns()}"
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        return f"damaged/{target.name}"

    def _next(self) -> int:
        """A number that no generation ever had."""
        names = [*self.folder.glob("[0-9]*.*"), *self.folder.glob("damaged/[0-9]*.*")]
        numbers = [p.name.partition(".")[0] for p in names]
        return 1 + max([self.current(), *(int(n) for n in numbers if n.isdecimal() and len(n) == 6)])


def _mark(path: str) -> Fingerprint | None:
    try:
        return Fingerprint.at(path)
    except OSError:
        return None
