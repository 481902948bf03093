"""Cleaning up what is only expensive and no longer used.

Holds `clean`.
Add here: another kind of file that can be made again.
Keep out: store, ledger, exports and what was set aside.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from proofsheet.workspace import Workspace

_DAY_S = 86_400


@dataclass(frozen=True)
class Cleaned:
    """What was removed."""

    files: int
    bytes: int


def clean(workspace: Workspace, reader: str, keep_days: int, now: float) -> Cleaned:
    """Remove caches of other code versions, damaged chunks and logs that are older than `keep_days`.

    Args:
        workspace: its home is cleaned.
        reader: version of the code that reads pictures now; its cache stays.
        keep_days: age from which a file is removed.
        now: seconds.
    """
    files, size = 0, 0
    for path in _removable(workspace.home, reader):
        with contextlib.suppress(FileNotFoundError):  # a run beside us was faster
            found = path.stat()
            if now - found.st_mtime > keep_days * _DAY_S:
                path.unlink()
                files, size = files + 1, size + found.st_size
    for folder in (workspace.home / "cache").glob("*/*"):
        with contextlib.suppress(OSError):  # it is not empty
            folder.rmdir()
    return Cleaned(files, size)


def _removable(home: Path, reader: str) -> Iterator[Path]:
    for folder in (home / "cache").glob("*/look-*"):
        if folder.name != f"look-{reader}":
            yield from folder.iterdir()
    yield from (home / "cache").glob("*/*/*.damaged")
    yield from (p for p in (home / "logs").rglob("*") if p.is_file())
