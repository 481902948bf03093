"""Recent frames in memory, by their content.

Holds `FrameCache`.
Add here: nothing that outlives the process.
Keep out: how frames are read (store.py).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

import polars as pl


class FrameCache:
    """The frames used last, up to a number of bytes; frames are immutable, so that sharing them is safe.

    Args:
        most_bytes: limit for the estimated sizes of all frames in it.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most, self._size = most_bytes, 0
        self._frames: OrderedDict[Hashable, tuple[pl.DataFrame, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> pl.DataFrame | None:
        """The frame under a key, or None."""
        with self._lock:
            if key not in self._frames:
                return None
            self._frames.move_to_end(key)
            return self._frames[key][0]

    def put(self, key: Hashable, frame: pl.DataFrame) -> None:
        """Add a frame; those unused for longest are removed first.

        A frame that exceeds the limit is not added.
        """
        size = int(frame.estimated_size()) + 1024
        with self._lock:
            if key in self._frames or size > self._most:
                return
            self._frames[key] = (frame, size)
            self._size += size
            while self._size > self._most:
                _key, (_frame, gone) = self._frames.popitem(last=False)
                self._size -= gone

    def clear(self) -> None:
        """Forget everything, as a new process would."""
        with self._lock:
            self._frames.clear()
            self._size = 0
