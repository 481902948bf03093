"""Which disks forget when a file was changed.

Holds `forgetful_devices` and `lasting_mark`.
Add here: a file system that keeps no change time.
Keep out: what is done with a mark.

Most file systems keep a change time (ctime) that no program can set back. exFAT and FAT have no room for it:
the system makes one up while the disk is mounted, and it is another one after the next mount. There, size and
modification time are all that lasts.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from proofsheet.core.files import Fingerprint

FORGETFUL = frozenset({"exfat", "vfat", "msdos", "umsdos"})
_MOUNTS = Path("/proc/self/mountinfo")


def forgetful_devices(mounts: Path = _MOUNTS) -> frozenset[int]:
    """Devices with a file system that keeps no change time (Linux; elsewhere none are known)."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return frozenset()
    found = set()
    for line in lines:
        before, _dash, after = line.partition(" - ")
        kind, fields = after.split(" ")[0], before.split(" ")
        if kind in FORGETFUL and len(fields) > 2:
            major, _colon, minor = fields[2].partition(":")
            found.add(os.makedev(int(major), int(minor)))
    return frozenset(found)


def lasting_mark(found: os.stat_result, forgetful: Collection[int]) -> tuple[int, ...]:
    """Size and times of a file as far as they are the same after the next mount."""
    mark = Fingerprint.of(found)
    return (
        (mark.size, mark.mtime_ns) if found.st_dev in forgetful else (mark.size, mark.mtime_ns, mark.ctime_ns)
    )
