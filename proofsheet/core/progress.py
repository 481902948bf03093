"""Progress of long work.

Holds the Protocol and two small implementations.
Add here: another listener that needs no Dagster and no terminal.
Keep out: rendering (the command line) and Dagster's log (resources).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Progress(Protocol):
    """Called after every finished picture; it should be fast."""

    def step(self, what: str, done: int, total: int) -> None:
        """`done` of `total` are finished."""


class Quiet:
    """Listens and says nothing."""

    def step(self, what: str, done: int, total: int) -> None:
        """Ignore it."""


class Lines:
    """A line now and then, with rate and time left.

    Args:
        write: takes a line.
        every_s: seconds between lines; the last one always comes.
        clock: seconds that only grow.
    """

    def __init__(
        self, write: Callable[[str], None], every_s: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write, self._every_s, self._clock = write, every_s, clock
        self._began: dict[str, float] = {}
        self._last = 0.0

    def step(self, what: str, done: int, total: int) -> None:
        """Write a line if it is time for one."""
        now = self._clock()
        began = self._began.setdefault(what, now)
        if done == 1 and done < total:
            self._last = now
        if done < total and now - self._last < self._every_s:
            return
        self._last = now
        rate = done / (now - began) if now > began else 0.0
        left = f", {(total - done) / rate:.0f} s left" if rate and done < total else ""
        self._write(f"{what}: {done} of {total} ({rate:.1f}/s{left})")
        if done >= total:
            del self._began[what]
