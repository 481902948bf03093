"""docs/performance.md, made of benchmarks/results.json.

Holds `write_page`.
Add here: how a figure is shown.
Keep out: measuring.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
RESULTS = Path(__file__).parent / "results.json"
_INTRO = """# Performance

Written by `make bench`. Every ratio compares numbers of one run on one machine, in CPU time. Higher ratios
are better. A row with a ratio below 0.7 of its target counts as failed. Limit: the maximum of the machine (a
bare decode, a bare matrix product). Peer: the best other program, in its own environment. Naive: the simplest
implementation.

"""


def write_page(results: Mapping[str, Any]) -> None:
    """Write the page."""
    PAGE.write_text(page(results), "utf-8")


def page(results: Mapping[str, Any]) -> str:
    """The page as Markdown."""
    lines = [
        _INTRO + f"Machine: {results['machine']}.\n",
        "| stage | unit | limit | peer | naive | project | ratio | target | |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    notes = []
    for row in (row for rows in results["groups"].values() for row in rows):
        state = (
            "not available"
            if row["ratio"] is None
            else "ok"
            if row["ratio"] >= row["target"]
            else _below(row)
        )
        numbers = [_number(row[n]) for n in ("limit", "peer", "naive", "project", "ratio", "target")]
        lines.append(f"| {row['stage']} | {row['unit']} | " + " | ".join(numbers) + f" | {state} |")
        notes.append(f"* **{row['stage']}** (n = {row['n']:,}): {row['note']}")
    lines += ["", "## What was used", "", *notes, "", "## Grouping without order, at growing sizes", ""]
    lines += [
        "| vectors | CPU s | limit CPU s | limit ÷ project | peak MB of the process | MB of the vectors |",
        "|---|---|---|---|---|---|",
    ]
    for point in results["curve"]:
        values = (point["cpu_s"], point["limit_cpu_s"], point["ratio"], point["peak_mb"], point["own_mb"])
        lines.append(f"| {point['vectors']:,.0f} | " + " | ".join(_number(v) for v in values) + " |")
    lines += [
        "",
        (
            "Exact neighbours of made vectors in sets of four and complete-link over them; the limit "
            "is the bare bfloat16 product."
        ),
    ]
    if results.get("missing_peers"):
        lines += [
            "",
            "## Peers that could not be asked",
            "",
            *(f"* {k}: {v}" for k, v in results["missing_peers"].items()),
        ]
    return "\n".join(lines) + "\n"


def _below(row: Mapping[str, Any]) -> str:
    return "below target" if row["ratio"] >= 0.7 * row["target"] else "failed"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    write_page(json.loads(RESULTS.read_text("utf-8")))
