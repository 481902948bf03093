"""Recent frames in memory, by their content.

Holds `FrameCache`.
Add here: nothing that outlives the process.
Keep out: how frames are read (store.py).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Hashable

import polars as pl
from cachetools import LRUCache


class FrameCache:
    """The frames used last, up to a number of bytes; frames are immutable, so that sharing them is safe.

    Args:
        most_bytes: limit for the estimated sizes of all frames in it.
    """

    def __init__(self, most_bytes: int) -> None:
        self._frames: LRUCache[Hashable, pl.DataFrame] = LRUCache(most_bytes, getsizeof=_size)
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> pl.DataFrame | None:
        """The frame under a key, or None."""
        with self._lock:
            return self._frames.get(key)

    def put(self, key: Hashable, frame: pl.DataFrame) -> None:
        """Add a frame; those unused for longest are removed first.

        A frame that exceeds the limit is not added.
        """
        with self._lock, contextlib.suppress(ValueError):
            self._frames.setdefault(key, frame)

    def clear(self) -> None:
        """Forget everything, as a new process would."""
        with self._lock:
            self._frames.clear()


def _size(frame: pl.DataFrame) -> int:
    return int(frame.estimated_size()) + 1024
