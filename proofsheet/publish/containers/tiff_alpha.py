"""Rows of a TIFF with a channel of transparency, without the colours of its transparent pixels.

Holds `uncovered_rows`.
Add here: another form of such rows.
Keep out: packing (tiff_rows.py), tags and pages (tiff.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proofsheet.publish.containers import tiff_tags as tag
from proofsheet.publish.containers.directories import Directories, Directory
from proofsheet.publish.containers.part import CannotClean
from proofsheet.publish.containers.tiff_rows import Piece, number_of
from proofsheet.publish.containers.transparent import Pixels, covers, uncovered

_EXTRA, _ALPHA = 338, (1, 2)  # what samples beyond colours are; those that are transparency
_PLAIN, _DIFFERENCES = 1, 2  # predictors


def alpha_of(found: Directories, page: Directory) -> int | None:
    """The sample of a page that is its transparency."""
    extra = page.entries[_EXTRA].numbers(found.order) if _EXTRA in page.entries else []
    place = next((n for n, kind in enumerate(extra) if kind in _ALPHA), None)
    return None if place is None else number_of(found, page, tag.SAMPLES, 1) - len(extra) + place


def uncovered_rows(
    found: Directories, page: Directory, predictor: int, pieces: Sequence[Piece], rows: Sequence[bytes]
) -> list[bytes]:
    """Rows of all strips or tiles.

    Args:
        found: the file.
        page: of the strips or tiles.
        predictor: how their rows are stored.
        pieces: the strips or tiles; with planes apart, those of one plane after the other.
        rows: their rows, as the predictor left them.

    Raises:
        CannotClean: if their form is not known here.
    """
    alpha, samples = alpha_of(found, page), number_of(found, page, tag.SAMPLES, 1)
    if alpha is None:
        return list(rows)
    bits = number_of(found, page, tag.BITS, 1)
    if bits not in (8, 16, 32) or predictor not in (_PLAIN, _DIFFERENCES) or not 0 <= alpha < samples:
        raise CannotClean("it may have colours under transparent pixels, in a form that is not known here")
    apart = number_of(found, page, tag.PLANES, 1) == 2
    many = len(pieces) // samples if apart else len(pieces)
    kind, new = np.dtype(f"{found.order}u{bits // 8}"), list(rows)
    for first in range(many):
        places = range(first, len(pieces), many)
        planes = [np.frombuffer(rows[n], kind).reshape(pieces[n].rows, pieces[n].width, -1) for n in places]
        pixels = np.concatenate(planes, axis=2)
        if predictor == _DIFFERENCES:
            pixels = np.cumsum(pixels, axis=1, dtype=kind)
        if covers(pixels, alpha):
            stored = _stored(uncovered(pixels, alpha), predictor).astype(kind)
            for one, n in zip(np.split(stored, len(planes), axis=2), places, strict=True):
                new[n] = one.tobytes()
    return new


def _stored(pixels: Pixels, predictor: int) -> Pixels:
    if predictor != _DIFFERENCES:
        return pixels
    left: Pixels = np.pad(pixels, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    return np.subtract(pixels, left)
