"""Are labels right? Photographs with a label of 0.7 or more, checked by eye: labels_by_eye.tsv.

Holds `label_accuracy`.
Add here: nothing; add photographs to the list, with what they show and whether the label is right.
Keep out: vectors (encoders.py).

Sources of the list: shared data, the pictures that come with scikit-image and scikit-learn, and Debian's
packages of backgrounds, tuxpaint-stamps-default and gcompris-qt-data. Drawings are left out. An available
photograph is labelled again, to find labels that changed since the check.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.originals import STAMPS, packed, places
from proofsheet.core.files import Refused
from proofsheet.embedding.lite0_encoder import CLASSES, SCORES, Lite0, finish, prepare
from proofsheet.imaging.decode import DecodeLimits, read_picture
from proofsheet.labeling.photo_labels import best_labels
from schemas.settings.labels import LabelSettings

_LIST = Path(__file__).parent / "labels_by_eye.tsv"
_SIDE_PX = 768


def label_accuracy(network: Lite0) -> dict[str, int]:
    """How many photographs are listed, right, at hand, and get the listed label again."""
    with _LIST.open(encoding="utf-8", newline="") as stream:
        rows = {row["sha256"]: row for row in csv.DictReader(stream, delimiter="\t")}
    found = dict.fromkeys(("listed", "right", "at hand", "same label"), 0)
    found |= {"listed": len(rows), "right": sum(row["right"] == "yes" for row in rows.values())}
    for row, content in _at_hand(rows):
        found["at hand"] += 1
        found["same label"] += _label(network, content) == row["label"]
    return found


def _at_hand(rows: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[Mapping[str, str], bytes]]:
    specs = (importlib.util.find_spec(name) for name in ("skimage", "sklearn"))
    folders = [*places(), STAMPS, *(Path(s.origin).parent for s in specs if s and s.origin)]
    left = dict(rows)
    for path in (p for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()):
        for content in packed(path) if path.suffix == ".rcc" else [path.read_bytes()]:
            row = left.pop(hashlib.sha256(content).hexdigest(), None)
            if row is not None:
                yield row, content


def _label(network: Lite0, content: bytes) -> str:
    """The best label of a picture; empty if it cannot be read."""
    try:
        picture = read_picture(io.BytesIO(content), DecodeLimits(10**9, 10**9, _SIDE_PX))
    except Refused:
        return ""
    (row,) = finish([prepare(picture)], "", network.runner())
    if isinstance(row, Refused):
        return ""
    labels = best_labels(row[CLASSES], row[SCORES], LabelSettings())  # type: ignore[arg-type]
    return labels[0][0] if labels else ""
