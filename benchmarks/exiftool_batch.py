"""Exiftool in one process, file by file, beside exiftool's own batch: one call over the same files.

Holds `exiftool_rows`.
Add here: another kind of command.
Keep out: what is read and written (proofsheet/metadata/exiftool.py).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.photos import photographs
from benchmarks.rows import Row, over
from proofsheet.metadata.exiftool import READING, end_exiftool, fields_of_files, run_exiftool, write_values

_ROUNDS, _TARGET = 3, 0.5
_VALUES = {"XMP-dc:Title": "Möwe", "XMP-dc:Description": "A gull.\nTwo lines.", "IPTC:Keywords": ["a", "b"]}


def exiftool_rows(folder: Path, count: int) -> Iterator[Row]:
    """Files a second by the clock, for exiftool works in a process of its own; the best of some rounds.

    Args:
        folder: for the photographs.
        count: photographs of 2 MP.
    """
    if (program := shutil.which("exiftool")) is None:
        return
    files, note = photographs(2, count, folder / "exiftool")
    reading = [program, *READING, *map(str, files)]

    def row(stage: str, batch: Callable[[], object], ours: Callable[[], object], told: str) -> Row:
        end_exiftool()  # its start counts
        own, peer = len(files) / _seconds(ours), len(files) / _seconds(batch)
        return Row(stage, "files/s", None, peer, None, own, over(own, peer), _TARGET, len(files), told)

    yield row(
        "exiftool reads, in batches ÷ its own batch",
        lambda: _call(reading),
        lambda: fields_of_files(files),
        f"{note}; peer is one call over all files",
    )
    yield row(
        "exiftool reads, file by file ÷ its own batch",
        lambda: _call(reading),
        lambda: [run_exiftool([*READING, file]) for file in files],
        f"{note}; peer is one call over all files",
    )
    told = folder / "values.json"
    told.write_text(json.dumps([{"SourceFile": "*", **_VALUES}]), "utf-8")
    yield row(
        "exiftool writes, file by file ÷ its own batch",
        lambda: _call([program, f"-json={told}", "-overwrite_original", *map(str, files)]),
        lambda: _written(files),
        f"{note}; each file with a JSON file of its own; peer is one call over all files",
    )


def _written(files: Sequence[Path]) -> None:
    for file in files:
        write_values(file, _VALUES)


def _call(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _round in range(_ROUNDS):
        before = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - before)
    return best
