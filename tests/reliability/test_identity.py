"""Facts follow their pictures: ten kinds of changes outside, none lost, none at another picture."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from proofsheet.core.config import load
from proofsheet.library.identity_records import paths_of_photos
from proofsheet.review.status import project_status
from proofsheet.storage.workspace import Project, Workspace
from schemas.identity import GonePhoto, IdentityQuestion
from schemas.library import Photo
from schemas.words import Caption
from tests.reliability.changed_files import (
    EACH,
    KINDS,
    change_everything,
    library_of_kinds,
    lost_and_wrong,
    write_numbers,
    written_numbers,
)
from tests.reliability.serving import Up
from tests.support.kit import configuration, only_project, run
from tests.support.model_server import ModelServer
from tests.support.words_kit import PATIENT, described_project

LOOKED = "photos,gone_photos,identity_questions"


@pytest.mark.long
def test_facts_follow_pictures_through_ten_kinds_of_changes(tmp_path: Path, figure: Any) -> None:
    library_of_kinds(tmp_path / "library")
    settings = configuration(tmp_path / "library", tmp_path / "home")
    project = only_project(settings)
    run(settings, project, until=LOOKED)
    write_numbers(project)
    assert len(written_numbers(project)) == EACH * len(KINDS)
    later = change_everything(project.folder)
    run(settings, project, until=LOOKED)
    for act in later:
        act()
    run(settings, project, until=LOOKED)
    lost, wrong = lost_and_wrong(project)
    found = project.store.read(Photo)
    assert (wrong, lost, found.height) == ({}, set(), EACH * len(KINDS))
    assert project.store.read(GonePhoto).height == project.store.read(IdentityQuestion).height == 0
    assert project_status(project).written_of_gone == 0
    paths = paths_of_photos(project.ledger)
    assert sum(len({path for _since, path in paths[p]}) > 1 for p in found[Photo.photo_id]) >= 6 * EACH
    figure(
        "facts follow their pictures through renames, moves, edits, copies and swaps by other programs",
        pictures=found.height,
        kinds=len(KINDS),
        lost=len(lost),
        at_another_picture=len(wrong),
    )


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """A running system that looks at its library every second."""
    library_of_kinds(tmp_path / "library")
    (tmp_path / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[watch]\nquiet_s = 2\ninterval_s = 1\n'
        '[encoder]\nencoder = "embedded"\n[labels]\nmodel = "none"\n[faces]\nmodel = "none"\n'
    )
    started = Up(tmp_path).wait()
    yield started
    started.kill_everything()


def wait_for_runs(up: Up, more_than: int, seconds: float = 240) -> int:
    """Until there are more runs that ended well than before and none is left to do; gives their number."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        states = [r["status"] for r in up.runs()]
        if states.count("SUCCESS") > more_than and set(states) <= {"SUCCESS"}:
            return len(states)
        assert "FAILURE" not in states, up.log.read_text()
        time.sleep(0.5)
    raise TimeoutError(f"{states}\n{up.log.read_text()}")


@pytest.mark.slow
def test_facts_follow_pictures_where_the_sensor_runs_the_project(up: Up, figure: Any) -> None:
    runs = wait_for_runs(up, 0)
    (project,) = Workspace(load(up.folder, {}).place).projects()
    write_numbers(project)
    later = change_everything(project.folder)
    runs = wait_for_paths(up, project, runs)
    for act in later:
        act()
    wait_for_paths(up, project, runs)
    lost, wrong = lost_and_wrong(project)
    found = project.store.read(Photo)
    assert (wrong, lost, found.height) == ({}, set(), EACH * len(KINDS))
    assert project.store.read(GonePhoto).height == project.store.read(IdentityQuestion).height == 0
    figure(
        "facts follow their pictures where the sensor starts the runs",
        pictures=found.height,
        kinds=len(KINDS),
        lost=len(lost),
        at_another_picture=len(wrong),
    )


def wait_for_paths(up: Up, project: Project, runs: int) -> int:
    """Until the table of photos names the files that are there; gives the number of runs."""
    while True:
        runs = wait_for_runs(up, runs)
        there = {str(p.relative_to(project.folder)) for p in project.folder.rglob("*.*") if p.is_file()}
        if set(project.store.read(Photo)[Photo.path]) == there:
            return runs


@pytest.mark.long
def test_a_model_is_asked_nothing_about_pictures_that_were_renamed_moved_or_tagged(tmp_path: Path) -> None:
    with ModelServer() as server:
        settings, project = described_project(tmp_path, server, 6, **PATIENT)
        assert run(settings, project).success
        texts = dict(project.store.read(Caption).select(Caption.photo_id, Caption.caption).iter_rows())
        asked = len(server.received)
        for n, path in enumerate(sorted(project.folder.rglob("*.jpg"))):
            if n % 3 == 0:
                path.write_bytes(jpeg_with_comment(path.read_bytes()))
            path.rename(path.with_name(f"renamed {n}.jpg") if n % 2 else project.folder / f"moved {n}.jpg")
        assert run(settings, project).success
        assert len(server.received) == asked
    after = project.store.read(Caption).select(Caption.photo_id, Caption.caption).iter_rows()
    assert dict(after) == texts
    assert {PurePosixPath(p).name[:5] for p in project.store.read(Photo)[Photo.path]} == {"renam", "moved"}


def jpeg_with_comment(data: bytes) -> bytes:
    """The same picture with another segment, as programs write it."""
    comment = b"five stars"
    return data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
