"""How long the files of a long-kept library take to come in: `python -m benchmarks.moving_over`.

Holds the made files and the measurement.
Add here: another file that people bring along.
Keep out: what is learnt from it (judging.py).

15 projects, 77,304 vectors of 512 numbers in single files with one index, 21,250 choices and 7,194 crops. No
picture is there, as in projects finished long ago.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from schemas.history import CROP_FILE, PLAIN_COLUMNS, SELECTION_COLUMNS, SELECTION_FILE

_PROJECTS, _VECTORS, _CHOICES, _CUTS, _NUMBERS = 15, 77_304, 21_250, 7_194, 512
_STAGES = ("stage1_generated", "stage1.5_face_swapped", "stage2_upscaled", "stage3_enhanced")
_RUN = """
import resource, sys
from dagster_project.cli import main
try:
    main(sys.argv[1:])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def main() -> None:
    """Make the files, import them, print seconds and memory."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _make(place)
        environment = {"PROOFSHEET_LIBRARY": str(place / "library"), "PROOFSHEET_HOME": str(place / "home")}
        data = str(place / "ai_data")
        _measured(
            "vectors", ["vectors", "import", "--all", data, "--encoder", "open_clip ViT-B-32"], environment
        )
        _measured(
            "vectors again",
            ["vectors", "import", "--all", data, "--encoder", "open_clip ViT-B-32"],
            environment,
        )
        _measured("choices", ["history", "import", str(place / SELECTION_FILE)], environment)
        _measured("cuts", ["history", "import", str(place / CROP_FILE), "--project", "mojo1"], environment)


def _measured(what: str, words: Sequence[str], environment: dict[str, str]) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *words],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, peak = time.monotonic() - began, int(done.stderr.split()[-1]) / 1024
    Console().print(
        f"{what}: {seconds:.1f} s, peak {peak:.0f} MB: {done.stdout.splitlines()[0]}",
        soft_wrap=True,
        markup=False,
    )


def _sets() -> Iterator[tuple[str, list[str]]]:
    """Project and file names of each set: every stage has its own time."""
    moment = 0
    for number in range(_VECTORS // len(_STAGES)):
        names = []
        for stage in _STAGES:
            moment += 88
            names.append(f"2025{moment // 86400 % 28 + 701:04d}_{moment % 86400:06d}{number:05d}_{stage}.png")
        yield f"mojo{number % _PROJECTS + 1}", names


def _make(place: Path) -> None:
    rng, sets = np.random.default_rng(1), list(_sets())
    for number in range(_PROJECTS):
        (place / "library" / f"mojo{number + 1}").mkdir(parents=True)
    (place / "ai_data" / "embeddings").mkdir(parents=True)
    (place / "ai_data" / "cache").mkdir()
    with (place / "ai_data" / "cache" / "processed_images.jsonl").open("w", encoding="utf-8") as index:
        for number, (project, name) in enumerate((p, n) for p, names in sets for n in names):
            np.save(
                place / "ai_data" / "embeddings" / f"{number:032x}.npy",
                rng.normal(size=_NUMBERS).astype(np.float32),
            )
            told = {
                "image_path": f"training data/{project}/{name}",
                "embedding_file": f"data/ai_data/embeddings/{number:032x}.npy",
            }
            index.write(json.dumps(told) + "\n")
    with (place / SELECTION_FILE).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(SELECTION_COLUMNS)
        for number in range(_CHOICES):
            project, names = sets[number % len(sets)]
            losers = json.dumps(
                [f"/Users/kim/Eros Mate/{project}/{n}" for n in names[: 3 - number // len(sets)]]
            )
            writer.writerow(
                [f"s{number // 100}", number, f"{project}_final/{names[3]}", losers, "20250708_060416"]
            )
    with (place / CROP_FILE).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(PLAIN_COLUMNS)
        for number in range(_CUTS):
            writer.writerow(
                [f"s{number}", "crop", f"crop/{sets[number][1][3]}", 0.1, 0.1, 0.9, 0.9, "20250708_060416"]
            )


if __name__ == "__main__":
    main()
