"""Is a process that was noted down still the same one, and alive?

Holds process marks and the search for processes by a mark in their environment.
Add here: what must be known of other processes.
Keep out: locks (locks.py) and the ending of processes that are not ours.

A process id alone is not enough: ids are reused, and after a boot they start from the beginning. A mark is
`pid:start:boot`, with the start time and the boot id of the system (Linux). On other systems the mark holds
the id alone. The start time of psutil is no mark: it changes when the clock of the machine is set.
psutil is imported where it is used: every command makes a mark, and few look for processes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def boot_id() -> str:
    """Identity of this boot of the machine, if the system has one."""
    path = _PROC / "sys/kernel/random/boot_id"
    return path.read_text("ascii").strip() if path.exists() else ""


def process_mark(pid: int | None = None) -> str:
    """The mark of a process, this one by default."""
    number = os.getpid() if pid is None else pid
    return f"{number}:{_start_of(number) or ''}:{boot_id()}"


def is_alive(mark: str) -> bool:
    """True if the very process of this mark still runs."""
    number, start, boot = ([*mark.split(":"), "", ""])[:3]
    if not number.isdigit() or (boot and boot != boot_id()):
        return False
    if start:
        return _start_of(int(number)) == start
    import psutil

    return psutil.pid_exists(int(number))


def with_environment(name: str, value: str) -> list[int]:
    """Ids of the other processes of this user with this environment variable."""
    import psutil

    return [
        one.pid
        for one in psutil.process_iter(["environ", "status"])
        if (one.info["environ"] or {}).get(name) == value
        and one.pid != os.getpid()
        and one.info["status"] != psutil.STATUS_ZOMBIE
    ]


def files_being_written() -> Iterator[str]:
    """Paths that some process of this user has open for writing (Linux; elsewhere none)."""
    import psutil

    for process in psutil.process_iter(["open_files"] if psutil.LINUX else []):
        yield from (file.path for file in process.info.get("open_files") or () if file.mode != "r")


def _start_of(pid: int) -> str | None:
    """Start time in clock ticks since boot.

    None if the process is gone or a zombie, or the system has no such time.
    """
    try:
        fields = (_PROC / str(pid) / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else fields[19]
