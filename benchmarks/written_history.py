"""History files as earlier tools would have written them, from what a judge chose.

Holds `write_history`.
Add here: another habit of a tool.
Keep out: the judge.

Paths come from another machine, winners are in another folder than losers, crops are in pixels here and in
shares there, one log is plain and the other wide, and some rows are wrong; the result has their number.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.made_history import MadeSet

_ROOTS = ("/Users/kim/Eros Mate/{}/", "PROJECT_ROOT/{}/", "training data/{}/", "C:\\work\\{}\\", "{}/")
_SIDES = {1.0: 512, 1.5: 512, 2.0: 640, 3.0: 640}
_PLAIN = ("session_id", "directory", "chosen_path", "crop_x1", "crop_y1", "crop_x2", "crop_y2", "timestamp")


def write_history(folder: Path, sets: Sequence[MadeSet], seed: int, *, dice: bool = False) -> dict[str, Any]:
    """Write a selection log of all projects, and a plain and a wide crop log.

    Args:
        folder: is made.
        sets: what the judge chose.
        seed: of the habits.
        dice: True takes the choices of the judge that throws dice.

    Returns:
        How many rows each file has, and how many of them must be refused.
    """
    rng, folder_rows = np.random.default_rng(seed), {"selection": [], "plain": [], "wide": []}  # type: ignore[var-annotated]
    for number, one in enumerate(sets):
        session, when = (
            f"s{number // 50:03d}",
            f"2025-07-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:00",
        )
        winner = one.dice if dice else one.winner
        paths = [_path(one, k, k == winner, rng) for k in range(len(one.names))]
        losers = [p for k, p in enumerate(paths) if k != winner]
        folder_rows["selection"].append([session, one.set_id, paths[winner], json.dumps(losers), when])
        if one.box is None or dice:
            continue
        stage = one.stages[winner]
        size = _size(one, stage)
        shares = rng.random() < 0.5
        box = (
            [f"{v:.4f}" for v in one.box]
            if shares
            else [str(round(v * s)) for v, s in zip(one.box, (*size, *size), strict=True)]
        )
        if number % 2:
            folder_rows["plain"].append([session, f"/Users/kim/out/{number}", paths[winner], *box, when])
        else:
            folder_rows["wide"].append(
                [session, one.set_id, "", len(paths), winner, paths[winner], *box, when, *_wide(one, paths)]
            )
    bad = [
        [
            "s900",
            "x",
            "/Users/kim/elsewhere/a_stage2_upscaled.jpg",
            '["/Users/kim/elsewhere/a_stage1_generated.jpg"]',
            "",
        ],
        ["s900", "y", folder_rows["selection"][0][2], "[]", ""],
        ["s900", "z", folder_rows["selection"][0][2], "not a list", ""],
    ]
    _write(
        folder / "selection_only_log.csv",
        ("session_id", "set_id", "chosen_path", "neg_paths", "timestamp"),
        folder_rows["selection"] + bad,
    )
    _write(folder / "select_crop_log.csv", _PLAIN, folder_rows["plain"])
    head = (
        "session_id",
        "set_id",
        "directory",
        "image_count",
        "chosen_index",
        "chosen_path",
        *_PLAIN[3:7],
        "timestamp",
    )
    more = [
        n.format(k) for k in range(4) for n in ("image_{}_path", "image_{}_stage", "width_{}", "height_{}")
    ]
    _write(folder / "select_crop_log_wide.csv", (*head, *more), folder_rows["wide"])
    return {**{name: len(rows) for name, rows in folder_rows.items()}, "to be refused": len(bad)}


def _path(one: MadeSet, place: int, won: bool, rng: np.random.Generator) -> str:
    root = _ROOTS[int(rng.integers(len(_ROOTS)))]
    return root.format(one.project + ("_final" if won and rng.random() < 0.5 else "")) + one.names[place]


def _size(one: MadeSet, stage: float) -> tuple[int, int]:
    scale = _SIDES[stage] / max(one.size)
    return round(one.size[0] * scale), round(one.size[1] * scale)


def _wide(one: MadeSet, paths: Sequence[str]) -> list[object]:
    return [
        v
        for path, stage in zip(paths, one.stages, strict=True)
        for v in (path, f"stage{stage:g}", *_size(one, stage))
    ]


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
