"""Cleaning up what is only expensive and no longer used.

Holds `clean`.
Add here: another kind of file that can be made again.
Keep out: rows that a generation of the store names, ledger, exports and what was set aside.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from proofsheet.storage.health import each_alone
from proofsheet.storage.workspace import Workspace
from schemas.library import Photo

_DAY_S = 86_400
_VERSIONED = ("look-*", "previews-*")


@dataclass(frozen=True)
class Cleaned:
    """What was removed."""

    files: int
    bytes: int


def clean(workspace: Workspace, current: Collection[str], keep_days: int, now: float) -> Cleaned:
    """Remove outdated files.

    These are caches of other versions, previews of pictures that are gone, damaged chunks and logs older than
    `keep_days`.

    Files of rows that no generation names any more are removed too; a short grace time is enough for them.

    Args:
        workspace: its home is cleaned.
        current: names of the cache folders that are in use now; they stay.
        keep_days: age from which a file is removed.
        now: seconds.
    """
    files, size = 0, 0
    for path in _removable(workspace, current):
        with contextlib.suppress(FileNotFoundError):  # a run beside us was faster
            found = path.stat()
            if now - found.st_mtime > keep_days * _DAY_S:
                path.unlink()
                files, size = files + 1, size + found.st_size
    for folder in sorted((workspace.home / "cache").glob("*/*/**/"), reverse=True):
        with contextlib.suppress(OSError):  # it is not empty
            folder.rmdir()
    unnamed = each_alone([*workspace.projects(), workspace.shared], lambda p: p.store.tidy()).results
    sizes = [one for _project, found in unnamed for one in found]
    return Cleaned(files + len(sizes), size + sum(sizes))


def _removable(workspace: Workspace, current: Collection[str]) -> Iterator[Path]:
    home = workspace.home
    for folder in (f for pattern in _VERSIONED for f in (home / "cache").glob(f"*/{pattern}")):
        if folder.name not in current:
            yield from (p for p in folder.rglob("*") if p.is_file())
    sound = each_alone(workspace.projects(), lambda p: set(p.store.read(Photo)[Photo.content_hash]))
    for project, present in sound.results:
        for preview in project.cache.glob("previews-*/*/*.jpg"):
            if preview.name.partition("-")[0] not in present:
                yield preview
    yield from (home / "cache").glob("*/*/*.damaged")
    yield from (p for p in (home / "logs").rglob("*") if p.is_file())
