"""The part of docs/picks.md about portraits, made of benchmarks/portraits.json.

Holds `portraits_part`, `PICKS` and `RESULTS`.
Add here: how a figure is shown.
Keep out: measuring (portraits.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "portraits.json"
PICKS = ("with faces", "without the network for eyes", "without faces", "sharpest")


def portraits_part() -> str:
    """The part as Markdown; empty if nothing was measured yet."""
    return part(json.loads(RESULTS.read_text("utf-8"))) if RESULTS.is_file() else ""


def _cells(row: Mapping[str, Any]) -> str:
    told = [f"{row[p]['share']:.1%} ({row[p]['low']:.2f}–{row[p]['high']:.2f})" for p in PICKS]
    return f"{row['n']} | " + " | ".join(told)


def part(found: Mapping[str, Any]) -> str:
    """The part of the page as Markdown."""
    lines = [
        f"""## Portraits

Written by `python -m benchmarks.portraits`. {found["photographs"]} photographs with a face,
the eyes 24 pixels apart or more. Every picture of a set is another shot of one photograph: moved and
exposed a little differently. A set is right if the unchanged picture is picked. Closed eyes are drawn: the
eye is filled with the skin around it, and the lashes are an arc. Five fits judge persons that they never saw;
from which difference on sharper eyes count, and the most that differences count, were chosen on all of them.
Intervals are Wilson's, 95 %. "Without faces" is Proofsheet without both packages, "sharpest" the highest
variance of the Laplacian. In {found["unmatched"]} sets the network found no pair of faces.
The photographs come from scikit-image, `../shared/data` and the folders of PROOFSHEET_ORIGINALS: samples of
the public repositories vladmandic/human, vladmandic/face-api and ageitgey/face_recognition (MIT). Photographs
in which the eyes are not open were left out by eye.

| what went wrong in the others | strength | sets | {" | ".join(PICKS)} |
|---|---|---|---|---|---|---|"""
    ]
    lines += [f"| {r['kind']} | {r['strength'] or '–'} | {_cells(r)} |" for r in found["rows"]]
    lines += [f"| **all of the first four kinds** | {s} | {_cells(row)} |" for s, row in found["all"].items()]
    return "\n".join(lines) + "\n"
