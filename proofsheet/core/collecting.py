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
    """For imports: inside, nothing is collected, and no later collection looks at these objects."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
