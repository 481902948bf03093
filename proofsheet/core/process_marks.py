"""Is a process that was noted down still the same one, and alive?

Holds process marks and the search for processes by a mark in their environment.
Add here: what must be known of other processes.
Keep out: locks (locks.py) and the ending of processes that are not ours.

A process id alone is not enough: ids are reused, and after a boot they start from the beginning. A mark is
`pid:start:boot`, with the start time and the boot id of the system (Linux). On other systems the mark holds
the id alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_WRITING = 0o3  # O_WRONLY | O_RDWR


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
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def with_environment(name: str, value: str) -> list[int]:
    """Ids of the other processes of this user with this environment variable (Linux; elsewhere none)."""
    wanted = f"{name}={value}".encode()
    found = []
    for folder in _processes():
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid() and _start_of(pid)]


def files_being_written() -> Iterator[str]:
    """Paths that some process of this user has open for writing (Linux; elsewhere none)."""
    for process in _processes():
        try:
            for link in (process / "fd").iterdir():
                target = os.readlink(link)  # noqa: PTH115 - a deleted file's link is no path
                if target.startswith(os.sep) and _open_for_writing(process / "fdinfo" / link.name):
                    yield target
        except OSError:
            continue


def _processes() -> Iterator[Path]:
    if _PROC.is_dir():
        yield from (p for p in _PROC.iterdir() if p.name.isdigit())


def _start_of(pid: int) -> str | None:
    """Start time in clock ticks since boot.

    None if the process is gone or a zombie, or the system has no such time.
    """
    try:
        fields = (_PROC / str(pid) / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else fields[19]


def _open_for_writing(info: Path) -> bool:
    for line in info.read_text("ascii").splitlines():
        if line.startswith("flags:"):
            return bool(int(line.split()[1], 8) & _WRITING)
    return False
