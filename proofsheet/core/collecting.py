"""The garbage collector, while objects are made that stay.

Holds `made_to_stay`.
Add here: another moment in which nothing is garbage.
Keep out: limits of memory.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def made_to_stay() -> Iterator[None]:
    """Inside, nothing is collected, and what is there at the end is never looked through: for imports."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
