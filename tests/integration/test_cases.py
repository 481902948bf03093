"""Inputs on which a former version failed, made by the programs of the people who met them.

The answer beside the right one.

The programs lie outside the repository; without them these tests are skipped. Each kind has tests of its own
beside its rules."""

from __future__ import annotations

import csv
import io
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from proofsheet.core.clock import utc_now
from proofsheet.core.config import load
from proofsheet.proof.text_review import review
from proofsheet.review.decision_request import DecisionRequest
from proofsheet.review.session import ReviewSession
from proofsheet.storage.workspace import Project, Workspace
from schemas.groups import Duplicate, PhotoGroup
from schemas.library import ExifFact, GenerationFact, OtherFile, Photo, Quarantine
from schemas.proof import MetadataQuality
from schemas.vision import ImageQuality, Preview
from tests.support.kit import SHARED, Shell, tree

CASES = SHARED.parent / "cases"
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CASES.is_dir(), reason=f"the programs of {CASES} are not there"),
]
needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed: copies are not made"
)
SETTINGS = (
    '[place]\nlibrary = "library"\nhome = "home"\n[photos]\nworkers = 1\n[encoder]\nencoder = "embedded"\n'
)
EMBEDDED = '[model]\nbackend = "embedded"\n'
PRIVATE = (b"A. Example", b"48.2083", b"secret place", b"c2pa", b"caBX")


def case(program: str, *words: object) -> None:
    """Run one of the programs to its end."""
    subprocess.run([sys.executable, CASES / program, *map(str, words)], check=True, timeout=60)


@contextmanager
def served(program: str, folder: Path) -> Iterator[str]:
    """The model server of a program, while it serves; gives its settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, CASES / program, folder, "--serve", str(port)])
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f'[model]\nbackend = "ollama"\nollama_url = "http://127.0.0.1:{port}"\ncanary = false\n'
    finally:
        server.kill()
        server.wait()


def run_served(shell: Shell, program: str) -> pl.DataFrame:
    """Run the project Trip with pictures and model server of a program; gives the texts that are current."""
    with served(program, shell.folder / "library" / "Trip") as model:
        (shell.folder / "proofsheet.toml").write_text(SETTINGS + model, "utf-8")
        shell("run", "Trip")
    return project(shell, "Trip").store.read(MetadataQuality).filter(pl.col(MetadataQuality.is_current))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "library").mkdir()
    (tmp_path / "proofsheet.toml").write_text(SETTINGS + EMBEDDED, "utf-8")
    return Shell(tmp_path)


def project(shell: Shell, name: str) -> Project:
    return Workspace(load(shell.folder, {}).place).project(name)


@needs_exiftool
def test_private_data_in_copies(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """No byte of place, note or manifest is in a copy."""
    case("01-private-data-in-copies.py", shell.folder / "library" / "Trip")
    shell("run", "Trip")
    for name, words in (
        ("first-directory.tif", "Red blocks on soft ground."),
        ("c2pa.png", "A green field behind a grey wall."),
    ):
        shell("words", "edit", "Trip", name, "--caption", words)
    shell("run", "Trip")
    trip, before = project(shell, "Trip"), tree(shell.folder / "library")
    for photo in trip.store.read(Photo)[Photo.photo_id]:
        review(trip.ledger, photo, "approved", "", utc_now())
    monkeypatch.setenv("PROOFSHEET_PUBLISH_TARGET", f"folder:{shell.folder / 'site'}")
    told = shell.json("publish", "Trip", "--yes")
    assert (told["published"], told["failed"]) == (2, [])
    copies = [p for p in (shell.folder / "site").rglob("*") if p.is_file()]
    assert sorted(p.suffix for p in copies) == [".png", ".tif"]
    assert [(p.name, said) for p in copies for said in PRIVATE if said in p.read_bytes()] == []
    shown = subprocess.run(
        ["exiftool", "-a", "-u", "-G1", *copies], capture_output=True, check=True, text=True
    ).stdout
    assert "Example" not in shown
    assert "48.2" not in shown
    assert "2024:05:06" in shown
    assert tree(shell.folder / "library") == before


def test_refusals_and_model_talk(shell: Shell) -> None:
    """Both captions are refused with rule and span, and none is in the CSV."""
    rows = run_served(shell, "02-refusals-and-model-talk.py")
    assert rows.height == 2
    for row in rows.to_dicts():
        (first, *_more) = [i for i in row["issues"] if i["field"] == "caption"]
        assert first["rule"]
        assert first["end"] > first["start"]
        assert row["accepted_caption"] is None
    exported = project(shell, "Trip").export_file.read_text("utf-8")
    assert list(csv.DictReader(exported.splitlines())) == []


def test_keywords_with_marks(shell: Shell) -> None:
    """The numbers go, the words stay."""
    rows = run_served(shell, "03-keywords-with-marks.py")
    assert rows.height == 4
    assert {tuple(words) for words in rows[MetadataQuality.accepted_keywords]} == {
        ("boat", "pier", "water", "wood", "calm")
    }


def test_companions(shell: Shell) -> None:
    """Everything of a stem goes with its picture, and comes back."""
    folder = shell.folder / "library" / "Trip"
    case("04-companions.py", folder)
    (shell.folder / "proofsheet.toml").write_text(
        SETTINGS + EMBEDDED + '[apply]\nmode = "production"\n', "utf-8"
    )
    shell("run", "Trip")
    before, session = tree(folder), ReviewSession(project(shell, "Trip"), 0.05)
    for k, one in enumerate(session.proposals().sets):
        session.decide(
            DecisionRequest(f"v{k}", one.group_id, one.version, "pick", one.row["chosen_photo_id"]), utc_now()
        )
    session.submit("batch-1", utc_now())
    shell("apply", "Trip", "--sign-off", "Kim", "--note", "tried on copies")
    plan = shell.json("apply", "Trip")
    assert plan["counts"] == {"planned": 2}
    shell.json("apply", "Trip", "--plan", plan["plan"], "--yes")
    places = {path.rpartition("/")[2]: path.rpartition("/")[0] for path in tree(folder)}
    assert set(places) == {path.rpartition("/")[2] for path in before}
    for stem in ("IMG_0400", "IMG_0401", "IMG_0100"):
        assert len({place for name, place in places.items() if name.startswith(stem)}) == 1, places
    assert {place.partition("/")[0] for place in places.values()} == {"selected", "review"}
    shell.json("undo", "Trip", "--yes")
    assert tree(folder) == before


def test_a_thinking_model(shell: Shell) -> None:
    """All three are described: the model is asked not to think."""
    captions = run_served(shell, "05-thinking-model.py")
    assert captions.height == 3
    assert set(captions[MetadataQuality.model]) == {"sees:8b"}


def test_one_broken_project(shell: Shell) -> None:
    """The damaged ledger is named with the next step; the other two are as always."""
    case("06-one-damaged-ledger.py", shell.folder / "library")
    shell("run", "--all")
    (ledger,) = (shell.folder / "home" / "ledger").glob("b-*.sqlite")
    case("06-one-damaged-ledger.py", shell.folder / "library", "--damage", ledger)
    (shell.folder / "library" / "a" / "later.jpg").write_bytes(
        (shell.folder / "library" / "a" / "DSC_0001.jpg").read_bytes()
    )
    told = shell("status", code=3)
    assert "b: " in told.stdout + told.stderr
    assert str(ledger) in told.stdout + told.stderr
    shell("run", "--all", code=3)
    assert [project(shell, name).store.read(Photo).height for name in ("a", "c")] == [2, 1]


def test_a_renamed_project(shell: Shell) -> None:
    """The caption of a person comes along."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    made = [shutil.which("sh") or "sh", str(CASES / "07-renamed-project.sh"), str(shell.folder / "renamed")]
    said = subprocess.run(
        made, capture_output=True, check=True, text=True, timeout=600, env=os.environ | {"PATH": path}
    )
    assert "right: the caption came along" in said.stdout


def test_pictures_and_what_is_told_of_them(shell: Shell) -> None:
    """Look-alikes, generated pictures, bins, colour profiles, large texts, places and dates.

    A project each, in one library.
    """
    library = shell.folder / "library"
    case("10-system-folders.py", library)
    for name, program in (
        ("pages", "08-lookalikes.py"),
        ("made", "09-facts-of-generated-pictures.py"),
        ("colour", "11-colour-profile.py"),
        ("large", "12-large-metadata.py"),
        ("places", "13-gps-and-dates.py"),
    ):
        case(program, library / name)
    shell("run", "--all")
    assert {found.name for found in Workspace(load(shell.folder, {}).place).projects()} == {
        *("Trip", "pages", "made", "colour", "large", "places")
    }
    trip = project(shell, "Trip")
    assert (trip.store.read(Photo).height, trip.store.read(OtherFile)[OtherFile.path].to_list()) == (
        1,
        ["#recycle"],
    )
    assert "#recycle" in shell("status").stdout

    pages = project(shell, "pages")
    assert (
        pages.store.read(PhotoGroup)[PhotoGroup.group_id].n_unique(),
        pages.store.read(Duplicate).height,
    ) == (8, 0)

    made = project(shell, "made").store.read(GenerationFact)
    facts = {tuple(row.values()) for row in made.select("prompt", "negative_prompt", "seed").to_dicts()}
    assert facts == {
        ("a red boat", None, 77),
        ("灯塔, 暴风雨, 夜晚", "模糊, text", 4242),
        ("a boat", "fog", 4242),
    }
    assert made[GenerationFact.model].to_list().count("seaModel_v2") == 2

    shown = [
        np.asarray(Image.open(io.BytesIO(j)).convert("RGB"), float)
        for j in _previews(project(shell, "colour"))
    ]
    assert len(shown) == 2
    assert np.abs(shown[0] - shown[1]).mean() < 1.5  # below 1 before JPEG; the preview adds some tenths

    large = project(shell, "large")
    assert (large.store.read(Photo).height, large.store.read(Quarantine).height) == (1, 0)
    assert "left out" in " ".join(
        " ".join(notes) for notes in large.store.read(ImageQuality)[ImageQuality.notes]
    )

    exif = project(shell, "places").store.read(ExifFact)
    assert (
        exif[ExifFact.latitude_deg].drop_nulls().len() == exif[ExifFact.longitude_deg].drop_nulls().len() == 0
    )
    assert datetime(2024, 5, 6, 7, 8, 9) in exif[ExifFact.taken_at].to_list()


def _previews(found: Project) -> list[bytes]:
    cache = found.cache
    paths = (
        found.store.read(Preview).select(pl.coalesce(Preview.preview_path, Preview.thumb_path)).to_series()
    )
    return [(cache / path).read_bytes() for path in paths]
