"""CPU time, of this process and of the processes it waited for, and memory of a process tree.

Holds `cpu_seconds`, `rate`, `PeakMemory`.
Add here: another way to measure.
Keep out: what is measured.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType


def used() -> float:
    """CPU seconds of this process, its threads, and the children that ended."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        found = resource.getrusage(who)
        total += found.ru_utime + found.ru_stime
    return total


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds that one call costs."""
    before = used()
    work()
    return used() - before


def rate(work: Callable[[int], object], count: int, rounds: int = 3) -> float:
    """Calls per CPU second: the best of some rounds over the same inputs, after one call that warms up."""
    work(0)
    best = min(cpu_seconds(lambda: [work(k) for k in range(count)]) for _round in range(rounds))
    return count / best


class PeakMemory:
    """Largest proportional set size of a process and its descendants while the block runs, in bytes.

    Args:
        root: id of the process; this one by default.
    """

    def __init__(self, root: int | None = None) -> None:
        self._root = root or os.getpid()

    def __enter__(self) -> PeakMemory:
        self.peak, self._ended = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            self.peak = max(self.peak, tree_bytes(self._root))


def tree_bytes(root: int) -> int:
    """Proportional set size of a process and everything below it (Linux): shared pages count once."""
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return total


def wall_seconds(work: Callable[[], object]) -> float:
    """Seconds by the clock that one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
