"""Does OCR read right? `python -m benchmarks.ocr` reads photographs and compares with lines checked by eye.

Holds the comparison.
Add here: nothing; add lines to ocr_by_eye.tsv, each with its photograph and whether it is right.
Keep out: the photographs (originals.py).

The list has every line with a score of 0.8 or more. A line is right if all its letters and digits are; spaces
and marks do not count.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

from benchmarks.originals import originals
from benchmarks.timing import cpu_seconds
from proofsheet.labeling.ocr import ocr_model
from proofsheet.models.intervals import wilson
from schemas.labels import OcrText
from schemas.settings_extras import OcrSettings

_LIST = Path(__file__).parent / "ocr_by_eye.tsv"
_TIMED = 4


def main() -> None:
    """Read the photographs, and write the figures."""
    with _LIST.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    listed = {(row["photograph"], row["text"]) for row in rows}
    right = sum(row["right"] == "yes" for row in rows)
    settings = OcrSettings(read="all")
    read = ocr_model(settings).load()
    pictures = list(originals())
    lines = set()
    for name, pixels in pictures:
        entries: Any = read(pixels)[OcrText.lines]
        lines |= {(name, line["text"]) for line in entries if line["score"] >= settings.least}
    spent = cpu_seconds(lambda: [read(pixels) for _name, pixels in pictures[:_TIMED]])
    low, high = wilson(right, len(rows))
    sys.stdout.write(
        f"{len(pictures)} photographs, {len({name for name, _text in lines})} with lines; "
        f"{right} of {len(rows)} listed lines are right ({100 * low:.0f}–{100 * high:.0f} %); "
        f"{len(lines & listed)} of {len(listed)} different ones were read again, "
        f"{len(lines - listed)} others; "
        f"{1000 * spent / _TIMED:.0f} cpu-ms a photograph\n"
    )


if __name__ == "__main__":
    main()
