"""Locks between processes that say who holds them.

Holds `acquire`, `lock_owner` and `home_lock`.
Add here: nothing but locking.
Keep out: what is done under a lock.
The operating system frees a lock when its process dies, however it dies; the note beside it is for people.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from proofsheet.core.errors import Locked
from proofsheet.core.process_marks import process_mark


def home_lock(home: Path) -> Path:
    """The lock of the one `proofsheet up` of a home."""
    return home / "locks" / "up.lock"


def _last_owner(path: Path) -> str:
    """The process that holds (or last held) the lock, in words."""
    try:
        note = json.loads(_note(path).read_text("utf-8"))
        return f"{note['who']} (process {note['pid']} on {note['host']}, since {note['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"


def lock_owner(path: Path) -> str | None:
    """Who holds the lock now, in words, or None if it is free."""
    if not path.exists():
        return None
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _last_owner(path)
    lock.release()
    return None


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _say_nothing(_message: str) -> None:
    """Default of `on_news`."""


@contextmanager
def acquire(
    path: Path, who: str, *, wait_s: float = -1, on_news: Callable[[str], None] = _say_nothing
) -> Iterator[None]:
    """Hold the lock at `path`.

    Args:
        path: lock file; made if missing.
        who: what this process is doing, shown to other processes that wait.
        wait_s: seconds to wait; negative waits for ever, 0 does not wait.
        on_news: called with the process that holds the lock, and when the lock of a dead process is taken
            over.

    Raises:
        Locked: if the lock was not free in time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if wait_s == 0:
            raise Locked(
                f"The lock {path.name} is held by {_last_owner(path)}.", "Wait for it to end, or stop it."
            ) from None
        on_news(f"waiting for {_last_owner(path)}")
        try:
            lock.acquire(timeout=wait_s, poll_interval=0.1)
        except Timeout:
            raise Locked(
                f"The lock {path.name} was still held after {wait_s:g} s by {_last_owner(path)}.",
                "Wait for it to end, or stop it.",
            ) from None
    try:
        if _note(path).exists():
            on_news(f"took over the lock of {_last_owner(path)}, which ended without freeing it")
        note = {
            "who": who,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "mark": process_mark(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        _note(path).write_text(json.dumps(note), "utf-8")
        yield
    finally:
        _note(path).unlink(missing_ok=True)
        lock.release()
