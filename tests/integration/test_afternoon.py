"""The author of a long-kept archive moves over in one go.

Names, logs, vectors, then training, review, texts, moves, undo.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageFilter

from proofsheet.core.clock import utc_now
from proofsheet.core.config import load
from proofsheet.review.decision_request import DecisionRequest
from proofsheet.review.session import ReviewSession
from proofsheet.storage.workspace import Project, Workspace
from schemas.choices import Choice
from schemas.groups import PhotoGroup
from schemas.library import Photo
from schemas.words import Caption
from tests.support.kit import Shell, pixels, tree
from tests.support.model_server import ModelServer

pytestmark = pytest.mark.long
PROJECTS = ("mojo1", "Eleni_raw")
SETS, OPEN, GONE = 20, 4, 20  # sets a project, of which the last are in no log; sets whose pictures are gone
STAGES = ((1.0, "generated"), (1.5, "face_swapped"), (2.0, "upscaled"))
HOME = "/Users/kim/Eros Mate"


def picture(seed: int, stage: float, spoilt: bool) -> Image.Image:
    """One scene at a stage: a later one is sharper, unless something went wrong."""
    rgb = (pixels(seed, 96, 64) * 0.3).astype(np.uint8)
    x, y = (seed * 7) % 48, (seed * 5) % 32
    rgb[y : y + 32, x : x + 48] = np.random.default_rng(seed).integers(90, 255, (32, 48, 3), dtype=np.uint8)
    return Image.fromarray(rgb).filter(ImageFilter.GaussianBlur(4.0 if spoilt else 1.2 - 0.5 * stage))


def named(start: datetime, rng: np.random.Generator, count: int) -> tuple[list[str], datetime]:
    """Names of the stages of one set: each has a time stamp of its own, 20 to 295 s after the one before."""
    names, now = [], start
    for stage, label in STAGES[-count:]:
        names.append(f"{now:%Y%m%d_%H%M%S}_stage{stage:g}_{label}.png")
        now += timedelta(seconds=float(np.clip(rng.lognormal(np.log(88), 0.6), 20, 295)))
    return names, now


class Archive:
    """His folders.

    A library of raw folders, logs with winners in other folders, crops of no project, vectors with one index.

    Attributes:
        sets: project to the names of each set, in order; the last one is the highest stage.
        winners: name of the winner of each logged set.
    """

    def __init__(self, place: Path) -> None:
        self.place, self.rng = place, np.random.default_rng(5)
        self.sets: dict[str, list[list[str]]] = {}
        self.winners: dict[str, list[str]] = {}
        index: list[str] = []
        choices, crops = [], []
        for number, project in enumerate(PROJECTS):
            self._pictures(project, 1000 * number)
            for k, names in enumerate(self.sets[project][:-OPEN]):
                winner = self.winners[project][k]
                losers = [f"training data/{project.removesuffix('_raw')}/{n}" for n in names if n != winner]
                choices.append(
                    [
                        f"s{k // 10}",
                        f"{k}",
                        f"{HOME}/{project.removesuffix('_raw')}_final/{winner}",
                        json.dumps(losers),
                    ]
                )
                crops.append([f"s{k}", "crop", f"crop/{winner}", 10, 6, 90, 60])
        for k in range(GONE):
            names, _end = named(datetime(2024, 1, 1) + timedelta(hours=k), self.rng, 2)
            choices.append(
                [f"g{k}", f"{k}", f"PROJECT_ROOT/mojo1_final/{names[1]}", json.dumps([f"mojo1/{names[0]}"])]
            )
            index += [self._vector(f"training data/mojo1/{n}") for n in names]
        self._write("selection_only_log.csv", "session_id,set_id,chosen_path,neg_paths,timestamp", choices)
        header = "session_id,directory,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp"
        self._write("select_crop_log.csv", header, crops)
        (place / "ai_data" / "cache").mkdir(parents=True)
        (place / "ai_data" / "cache" / "processed_images.jsonl").write_text("\n".join(index), "utf-8")

    def _pictures(self, project: str, first: int) -> None:
        folder, now = self.place / "library" / project, datetime(2025, 7, 8, 6, 4, 16)
        folder.mkdir(parents=True)
        self.sets[project], self.winners[project] = [], []
        for k in range(SETS):
            names, now = named(now, self.rng, 2 + k % 2)
            spoilt = k % 4 == 1
            for name, (stage, _label) in zip(names, STAGES[-len(names) :], strict=True):
                picture(first + k, stage, spoilt and name == names[-1]).save(folder / name)
            (folder / f"{names[-1].removesuffix('.png')}.txt").write_text("seed", "utf-8")
            self.sets[project].append(names)
            self.winners[project].append(names[-2] if spoilt else names[-1])

    def _vector(self, path: str) -> str:
        folder = self.place / "ai_data" / "embeddings"
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.iterdir()))
        np.save(folder / f"{number:x}.npy", self.rng.normal(size=512).astype(np.float32))
        return json.dumps({"image_path": path, "embedding_file": f"data/ai_data/embeddings/{number:x}.npy"})

    def _write(self, name: str, header: str, rows: Sequence[Sequence[Any]]) -> None:
        with (self.place / name).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(header.split(","))
            writer.writerows([*row, "20250709_120000"] for row in rows)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as found:
        yield found


def test_an_archive_moves_over_in_one_afternoon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ModelServer
) -> None:
    archive = Archive(tmp_path)
    model = (
        f'[model]\nbackend = "ollama"\nollama_url = "{server.url}"\noff = ["rating", "score_multi", '
        '"prompt_recon"]\n'
    )
    places = (
        '[place]\nlibrary = "library"\nhome = "home"\n[photos]\nworkers = 1\n[encoder]\nencoder = '
        '"embedded"\n'
    )
    (tmp_path / "proofsheet.toml").write_text(f'{places}{model}[apply]\nmode = "production"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    shell, originals = Shell(tmp_path), tree(tmp_path / "library")

    logged = 2 * (SETS - OPEN)
    (chosen,) = shell.json("history", "import", "selection_only_log.csv")["files"]
    assert (chosen["rows"], chosen["accepted"], chosen["refused"]) == (logged + GONE, logged + GONE, {})
    (crops,) = shell.json("history", "import", "select_crop_log.csv")["files"]
    assert (crops["accepted"], crops["refused"]) == (
        logged,
        {},
    )  # the name of a crop is in one project of the library
    taken = shell.json("vectors", "import", "--all", "ai_data", "--encoder", "open_clip ViT-B-32")
    assert (taken["kept"], taken["without_pictures"], taken["refused"]) == (2 * GONE, 2 * GONE, {})

    shell("run", "--all")
    for name in PROJECTS:
        assert exact_sets(project(shell, name), archive.sets[name]) >= 0.98
    assert history_counts(shell) == dict.fromkeys(PROJECTS, (SETS, SETS - OPEN))

    said = shell("models", "train").stdout
    assert (
        "sets with a choice, at least" not in said
    )  # there are enough of them, and what follows says whether it serves
    assert [m for m in shell.json("models", "list")["models"] if m["kind"] == "ranker"]
    mojo, chooses = project(shell, "mojo1"), override_open_sets(project(shell, "mojo1"))
    assert len(chooses) == OPEN
    shell("run", "mojo1")
    described = names_of(mojo, set(mojo.store.read(Caption)[Caption.photo_id]))
    assert described == {*archive.winners["mojo1"][:-OPEN], *names_of(mojo, chooses)}
    choices = mojo.store.read(Choice)
    assert names_of(mojo, {i for ids in choices[Choice.chosen_photo_ids] for i in ids}) == described

    shell("apply", "mojo1", "--sign-off", "Kim", "--note", "tried on copies")
    plan = shell.json("apply", "mojo1")
    assert tree(tmp_path / "library") == originals
    assert plan["counts"] == {"planned": OPEN}
    shell.json("apply", "mojo1", "--plan", plan["plan"], "--yes")
    after = tree(tmp_path / "library")
    assert sorted(after.values()) == sorted(originals.values())
    assert len([p for p in after if "/selected/" in p and p.endswith(".png")]) == OPEN
    assert shell.json("undo", "mojo1", "--yes")["sets"] == OPEN
    assert tree(tmp_path / "library") == originals


def project(shell: Shell, name: str) -> Project:
    return Workspace(load(shell.folder, {}).place).project(name)


def exact_sets(found: Project, wanted: Sequence[Sequence[str]]) -> float:
    """Share of the sets that hold all of their stages and nothing else."""
    names = dict(found.store.read(Photo).select(Photo.photo_id, Photo.file_name).iter_rows())
    groups = found.store.read(PhotoGroup).group_by(PhotoGroup.group_id).agg(pl.col(PhotoGroup.photo_id))
    made = {frozenset(names[i] for i in ids) for ids in groups[PhotoGroup.photo_id]}
    return len(made & {frozenset(s) for s in wanted}) / len(wanted)


def history_counts(shell: Shell) -> dict[str, tuple[int, int]]:
    """Sets of each project, and how many of them imported history decided."""
    told = shell.json("status")["projects"]
    return {
        name: (state["by_history"] + state["reviewed"] + state["open"], state["by_history"])
        for name, state in told.items()
    }


def override_open_sets(found: Project) -> set[str]:
    """Choose another picture than the proposed one in every set that nobody decided, and hand it over.

    The chosen photos.
    """
    session, chosen = ReviewSession(found, 0.05), set[str]()
    decided = {
        r[Choice.group_id]
        for r in found.store.read(Choice).to_dicts()
        if r[Choice.decided_by] != "suggestion"
    }
    for k, one in enumerate(s for s in session.proposals().sets if s.group_id not in decided):
        other = next(i for i in one.row["photo_ids"] if i != one.row["chosen_photo_id"])
        session.decide(DecisionRequest(f"v{k}", one.group_id, one.version, "pick", other), utc_now())
        chosen.add(other)
    session.submit("batch-1", utc_now())
    return chosen


def names_of(found: Project, ids: set[str]) -> set[str]:
    names = dict(found.store.read(Photo).select(Photo.photo_id, Photo.file_name).iter_rows())
    return {names[i] for i in ids}
