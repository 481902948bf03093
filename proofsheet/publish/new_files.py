"""New files in a folder of the user: whole under their names or not at all, and never over another one.

Holds `NewFiles` and `NoRoom`.
Add here: another reason not to write.
Keep out: what is written (conversion/, privacy_copies.py).
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Literal

from proofsheet.apply.disk import PART, Disk, TargetTaken
from proofsheet.core.files import Refused, folded, open_regular, short_hash
from proofsheet.core.locks import acquire

_NO_MORE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
Written = Literal["written", "there"]


class NoRoom(Exception):
    """The disk takes no more files."""


class NewFiles:
    """Files below a folder.

    Args:
        folder: of the new files; it is made when the first one is written.
        disk: writes them; a test may interrupt it.
    """

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder, self._disk = folder, disk or Disk()
        self._names: dict[Path, dict[str, str]] = {}

    @contextmanager
    def lock(self, who: str) -> Iterator[None]:
        """Hold the folder: two writers at once would share the name of unfinished work.

        Raises:
            Locked: if another process writes there.
        """
        user = getattr(os, "getuid", lambda: "")()
        place = Path(tempfile.gettempdir()) / f"proofsheet-{user}"
        with acquire(place / f"{short_hash(str(self.folder.resolve()))}.lock", who, wait_s=0):
            yield

    def write(self, name: str, content: bytes) -> Written:
        """Write a new file; one with the same content that is there already stays.

        Args:
            name: path below the folder.
            content: all of it.

        Raises:
            TargetTaken: if another file, or a name that some disks take for it, is there.
            NoRoom: if the disk is full or read-only; later files would fail as well.
            OSError: if the disk refuses this one.
        """
        target = self.folder / name
        if os.path.lexists(target):
            if _holds(target, content):
                return "there"
            raise TargetTaken(f"{target} is there already with other content; move it away")
        try:
            self._make_folders(PurePosixPath(name).parent)
            self._disk.clear(target)
            self._disk.write_new(target, content)
        except OSError as error:
            self._clear(target)
            if error.errno in _NO_MORE:
                raise NoRoom(f"{self.folder}: {error.strerror}") from error
            raise
        return "written"

    def _make_folders(self, below: PurePosixPath) -> None:
        """Make the folders of a file, unless one leads elsewhere or has a twin."""
        place = self.folder
        for part in below.parts:
            twin = self._twin(place, part)
            if twin != part:
                raise TargetTaken(f"{place / twin} is there already, and some disks take {part} for it")
            place = place / part
        if not place.resolve().is_relative_to(self.folder.resolve()):
            raise TargetTaken(f"{place} is a link that leads out of {self.folder}")
        self._disk.make_folder(place)
        if below.parts:
            self._names.pop(place.parent, None)

    def _twin(self, place: Path, part: str) -> str:
        """The folder of that name there, in its own spelling; the name itself if there is none."""
        if place not in self._names:
            there = [p.name for p in place.iterdir()] if place.is_dir() else []
            self._names[place] = {folded(n): n for n in there if not n.endswith(PART)}
        return part if (place / part).is_dir() else self._names[place].get(folded(part), part)

    def _clear(self, target: Path) -> None:
        try:
            self._disk.clear(target)
        except OSError:
            return  # it is hidden, and the next run writes over it


def _holds(target: Path, content: bytes) -> bool:
    """Whether a regular file has this content."""
    try:
        with os.fdopen(open_regular(target), "rb") as stream:
            return os.fstat(stream.fileno()).st_size == len(content) and stream.read() == content
    except (Refused, OSError):
        return False
