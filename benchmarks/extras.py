"""Are the models of extras right? `python -m benchmarks.extras` writes the figures of docs/models.md.

Holds the comparison of OCR with lines checked by eye, and flags on harmless photographs.
Add here: another model of an extra.
Keep out: the photographs (originals.py).

`ocr_by_eye.tsv` has every line of OCR with a score of 0.8 or more. A line is right if all its letters and
digits are; spaces and marks do not count.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.originals import originals, stamps
from benchmarks.timing import cpu_seconds
from proofsheet.imaging.scaling import Pixels
from proofsheet.labeling.content_score import content_model
from proofsheet.labeling.ocr import ocr_model
from proofsheet.models.intervals import wilson
from schemas.labels import ContentFlag, OcrText
from schemas.settings.labels import FlagSettings, OcrSettings

_LIST = Path(__file__).parent / "ocr_by_eye.tsv"
_TIMED = 4
Named = Sequence[tuple[str, Pixels]]


def main() -> None:
    """Write the figures of all extras."""
    photographs = list(originals())
    sys.stdout.write(f"OCR: {_ocr(photographs)}\nflags: {_flags([*photographs, *stamps()])}\n")


def _ocr(photographs: Named) -> str:
    with _LIST.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    listed = {(row["photograph"], row["text"]) for row in rows}
    settings = OcrSettings(read="all")
    read, lines = ocr_model(settings).load(), set()
    for name, pixels in photographs:
        entries: Any = read(pixels)[OcrText.lines]
        lines |= {(name, line["text"]) for line in entries if line["score"] >= settings.least}
    spent = cpu_seconds(lambda: [read(pixels) for _name, pixels in photographs[:_TIMED]])
    right, with_text = sum(row["right"] == "yes" for row in rows), {name for name, _text in lines}
    return (
        f"{len(photographs)} photographs, {len(with_text)} with lines; of the listed lines "
        f"{_share(right, len(rows))} are right; {len(lines & listed)} of {len(listed)} different ones "
        f"were read again, {len(lines - listed)} others; "
        f"{1000 * spent / _TIMED:.0f} cpu-ms a photograph"
    )


def _flags(photographs: Named) -> str:
    """All photographs are harmless, so every flag is a false one."""
    settings = FlagSettings(model="open_nsfw")
    read = content_model(settings).load()
    scores = [float(str(read(pixels)[ContentFlag.nsfw_score])) for _name, pixels in photographs]
    spent = cpu_seconds(lambda: [read(pixels) for _name, pixels in photographs[:_TIMED]])
    false = _share(sum(score >= settings.least for score in scores), len(scores))
    return (
        f"{false} flagged; highest score {max(scores):.2f}; {1000 * spent / _TIMED:.0f} cpu-ms a photograph"
    )


def _share(part: int, whole: int) -> str:
    low, high = wilson(part, whole)
    return f"{part} of {whole} ({100 * part / whole:.1f} %, {100 * low:.1f}–{100 * high:.1f})"


if __name__ == "__main__":
    main()
