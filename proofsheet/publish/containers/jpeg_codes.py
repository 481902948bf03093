"""The codes of a JPEG's pixels, written from its coefficients, with no room for other bytes.

Holds `recoded` and `with_more_codes`.
Add here: nothing; libjpeg-turbo reads and writes codes.
Keep out: segments (jpeg.py).
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from proofsheet.publish.containers.part import CannotClean

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_CODES = (
    b"\xff\0" + bytes(range(0x55, 0xAA)) * 4
)  # none is a marker, even behind a byte that fills; few are codes of zeros
_SIDE = 8  # of a block
_PREFIX = "[JSTRUCT] "  # of jpegio's messages
_written = deque[bytes](maxlen=64)  # digests of what `recoded` gave


def recoded(picture: bytes, tables: Sequence[int]) -> bytes:
    """The same coefficients with codes, tables and scans of their own.

    The result has no restarts and no APP segments.

    What this process wrote is known by its digest and not read again.

    Args:
        picture: a JPEG of one frame; all its numbered tables of divisors are in use.
        tables: the number of each component's table.

    Raises:
        CannotClean: if libjpeg-turbo cannot read or write it.
    """
    import jpegio

    if hashlib.sha256(picture).digest() in _written:
        return picture
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.jpg"
        path.write_bytes(picture)
        try:
            found = jpegio.read(str(path))
            found.markers, found.optimize_coding, found.restart_interval = [], True, 0
            slots = sorted(set(tables))
            for place, number in enumerate(slots):
                own = [c for c, t in zip(found.coef_arrays, tables, strict=True) if t == number]
                found.quant_tables[place][~_used(own)] = 1
            found.write(str(path))
        except RuntimeError as error:
            raise CannotClean(f"its coded picture is damaged: {str(error).removeprefix(_PREFIX)}") from error
        done = path.read_bytes()
    _written.append(hashlib.sha256(done).digest())
    return done


def _used(components: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.bool_]:
    """Which of the 8 x 8 coefficients of a block are not zero somewhere."""
    found = np.zeros((_SIDE, _SIDE), np.int32)
    for one in components:
        rows = np.bitwise_or.reduce(one.reshape(-1, _SIDE, one.shape[1]), axis=0)
        found |= np.bitwise_or.reduce(rows.reshape(_SIDE, -1, _SIDE), axis=1)
    return np.not_equal(found, 0)


def with_more_codes(coded: bytes) -> bytes:
    """Coded data with extra bytes after each of its pieces.

    It shows the same picture only if none of its own bytes are missing.
    """
    return _RESTART.sub(lambda restart: _CODES + restart[0], coded) + _CODES
