"""Is a folder complete, or is somebody still copying into it?

Holds `look_at`, `judge` and `FolderState`.
Add here: another sign of copying.
Keep out: Dagster; time and listing come as arguments.

A folder is settled if size, modification time and change time of every file were the same over at least two
scans and a quiet time, no file has the name of an unfinished copy, and (on systems that can report it) nobody
has a file open for writing. The change time cannot be set back, so a copy that keeps old times is seen as
well. The number of a file (inode) does not count: exFAT, FUSE and shares give another at each mount.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from proofsheet.core.files import short_hash
from proofsheet.core.folder_walk import walk
from proofsheet.core.volumes import lasting_mark

UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", ".!ut")


@dataclass(frozen=True)
class Look:
    """One scan of a folder: a hash of every file's fingerprint, and a file that is plainly unfinished."""

    signature: str
    unfinished: str | None


@dataclass(frozen=True)
class FolderState:
    """What is remembered of a folder between looks.

    Attributes:
        signature: as of the last scan.
        since: time of the first scan with this signature, in seconds.
        done: signature of the version that was handed over last.
    """

    signature: str
    since: float
    done: str = ""


@dataclass(frozen=True)
class Judgement:
    """Whether a folder may be read now, and why (not)."""

    state: FolderState
    ready: bool
    reason: str


def look_at(folder: Path, forgetful: Collection[int] = ()) -> Look:
    """The present state of a folder under its name.

    Hidden and ignored files are not part of it.

    Args:
        folder: to look at.
        forgetful: devices with change times that do not last (volumes.py).

    Raises:
        StoreError: if the folder cannot be listed.
    """
    parts: list[str] = [folder.name]
    unfinished: str | None = None
    for entry in walk(folder):
        if entry.why is not None or entry.hidden:
            continue
        if entry.name.lower().endswith(UNFINISHED):
            unfinished = entry.name
        mark = None if entry.stat is None else lasting_mark(entry.stat, forgetful)
        parts.append(f"{entry.name}\0{mark}")
    return Look(short_hash(*parts, length=24), unfinished)


def judge(
    before: FolderState | None, look: Look, now: float, quiet_s: float, writer: str | None = None
) -> Judgement:
    """Decide on one folder.

    Args:
        before: the saved state, None at the first scan.
        look: the present look.
        now: seconds.
        quiet_s: how long nothing may have changed.
        writer: a file that somebody has open for writing.
    """
    done = before.done if before else ""
    if before is None or before.signature != look.signature:
        seen = FolderState(look.signature, now, done)
        if look.signature == done:
            return Judgement(seen, False, "unchanged since the last run")
        return Judgement(seen, False, "new or changed: waits for a second scan")
    seen = before
    if look.signature == done:
        return Judgement(seen, False, "unchanged")
    if look.unfinished is not None:
        return Judgement(seen, False, f"waits for the end of the copy of {look.unfinished!r}")
    quiet = now - before.since
    if quiet < quiet_s:
        return Judgement(seen, False, f"quiet for {quiet:.0f} s of {quiet_s:g} s")
    if writer is not None:
        return Judgement(seen, False, f"somebody is writing {writer!r}")
    return Judgement(
        FolderState(look.signature, before.since, look.signature), True, f"settled: quiet for {quiet:.0f} s"
    )
