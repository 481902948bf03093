"""The look through the library.

How much it opens, keeps and asks for, and what it does with a damaged ledger.
"""

from __future__ import annotations

import errno
import json
import sys
from collections import Counter
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.automation import look_around
from proofsheet.library.watching import MOST_AT_ONCE, MOST_OPENED, Memory, Tick, Watched, look_through
from proofsheet.review.status import project_status
from proofsheet.storage.health import each_alone
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.training.retraining_trigger import new_overrides
from schemas.review import ReviewBatch
from tests.support.kit import NOW, configuration, place_in_memory, where_rights_count

FOLDERS = 300
COUNTED: Counter[str] = Counter()
BATCH = {"batch_id": "b", "up_to": 1, "number": 1, "submitted_at": NOW}


def _count(event: str, arguments: tuple[object, ...]) -> None:
    if event == "os.scandir" or (event == "sqlite3.connect" and "/ledger/" in str(arguments[0])):
        COUNTED[event] += 1


@pytest.fixture(scope="module")
def counting() -> None:
    sys.addaudithook(_count)


class Library:
    """Folders, and looks at them at times of our choosing."""

    def __init__(self, place: Path, folders: int) -> None:
        for number in range(folders):
            (place / "library" / f"shoot {number:05d}").mkdir(parents=True)
            (place / "library" / f"shoot {number:05d}" / "a.jpg").write_bytes(b"x" * (number + 1))
        self.workspace = Workspace(configuration(place / "library", place / "home").place)
        self.now, self.before = 0.0, dict[str, Watched]()
        self.asked: list[str] = []

    def look(self) -> Tick:
        self.now += 40
        found = look_through(self.workspace, self.workspace.remember(), self.before, 30, self.now)
        self.before = found.watched
        self.asked += found.runs
        return found

    def settle(self) -> None:
        while not self.asked or self.look().runs:
            self.look()


def test_a_tick_over_hundreds_of_folders_keeps_a_number_and_opens_no_ledger(
    tmp_path: Path, counting: None
) -> None:
    library = Library(tmp_path, FOLDERS)
    instance, cursor, runs, now = dg.DagsterInstance.ephemeral(), None, Counter[str](), 0.0
    for _ in range(FOLDERS // MOST_AT_ONCE + 4):
        COUNTED.clear()
        now += 40
        context = dg.build_sensor_context(instance, cursor=cursor)
        found = look_around(context, library.workspace, 30, now)
        cursor = found.cursor
        requests = found.run_requests or []
        assert len(requests) <= 2 * MOST_AT_ONCE
        runs.update(str(r.run_key) for r in requests)
        assert len(str(cursor)) < 20
        assert len(str(found.skip_reason)) < 4000
        assert COUNTED["os.scandir"] <= FOLDERS + 2 * MOST_AT_ONCE + 4
    assert (len(runs), set(runs.values())) == (FOLDERS, {1})
    assert f"{FOLDERS} unchanged" in str(found.skip_reason)
    COUNTED.clear()
    look_around(dg.build_sensor_context(instance, cursor=cursor), library.workspace, 30, now + 40)
    assert COUNTED["sqlite3.connect"] == 0
    assert len(list((library.workspace.home / "watch").iterdir())) == 2


def test_a_ledger_is_opened_once_for_each_change_and_not_too_many_at_once(
    tmp_path: Path, counting: None
) -> None:
    library = Library(tmp_path, 30)
    library.settle()
    for project in library.workspace.projects()[:10]:
        project.ledger.add(ReviewBatch, [BATCH])
    library.asked.clear()
    whole, rest = divmod(10, MOST_AT_ONCE)
    most = [library.look().opened for _ in range(whole + 1)]
    assert most == [*[MOST_AT_ONCE] * whole, rest]
    assert len(library.asked) == len({*library.asked}) == 10
    library.look()  # closing a ledger may have written its log back into it
    COUNTED.clear()
    assert library.look().runs == {}
    assert COUNTED["sqlite3.connect"] == 0
    assert MOST_OPENED > MOST_AT_ONCE


def test_a_tick_that_was_cut_off_asks_again_for_the_same_runs(tmp_path: Path) -> None:
    library = Library(tmp_path, 3)
    instance = dg.DagsterInstance.ephemeral()

    def tick(cursor: str | None, now: float) -> dg.SensorResult:
        return look_around(dg.build_sensor_context(instance, cursor=cursor), library.workspace, 30, now)

    first = tick(None, 0)
    cut_off = tick(first.cursor, 40)
    again = tick(first.cursor, 45)
    assert [r.run_key for r in cut_off.run_requests or []] == [r.run_key for r in again.run_requests or []]
    assert len(again.run_requests or []) == 3
    assert not tick(again.cursor, 80).run_requests


@pytest.mark.parametrize(
    "cursor", ['{"folders": {"a": {"signature": "s", "since": 1.0, "done": "s"}}}', "99", "-1", "x"]
)
def test_a_cursor_of_a_former_version_or_without_its_file_begins_afresh(tmp_path: Path, cursor: str) -> None:
    library = Library(tmp_path, 1)
    context = dg.build_sensor_context(dg.DagsterInstance.ephemeral(), cursor=cursor)
    found = look_around(context, library.workspace, 30, 0)
    assert "waits for a second look" in str(found.skip_reason)
    assert str(found.cursor).isdecimal()


def test_what_is_remembered_survives_and_a_damaged_file_is_as_none(tmp_path: Path) -> None:
    library, memory = Library(tmp_path, 2), Memory(tmp_path / "home")
    library.look()
    memory.write(1, library.before)
    assert memory.read(1) == library.before
    for text in ("", "[]", "no json", json.dumps({"a": 1}), json.dumps({"a": [[1]]})):
        (tmp_path / "home" / "watch" / "1.json").write_text(text)
        assert memory.read(1) == {}


def test_a_damaged_ledger_asks_for_one_run_that_says_so_and_holds_up_nobody(tmp_path: Path) -> None:
    library = Library(tmp_path, 3)
    bad = library.workspace.projects()[1]
    bad.ledger.add(ReviewBatch, [BATCH])
    whole = bad.ledger.path.read_bytes()
    bad.ledger.path.write_bytes(b"")
    told = [library.look(), library.look(), library.look()]
    assert all("is damaged: it is empty (0 bytes)" in tick.text() for tick in told)
    of_it = [key for key in library.asked if key.startswith(bad.key)]
    assert [key.startswith(f"{bad.key}-damaged-") for key in of_it] == [True]
    assert len(library.asked) == 3
    bad.ledger.path.write_bytes(whole)
    library.asked.clear()
    library.look()
    library.look()
    assert [key.startswith(bad.key) for key in library.asked] == [True]
    assert library.look().text() == "3 unchanged"


def test_a_ledger_that_is_put_back_runs_its_finished_folder_again(tmp_path: Path) -> None:
    library = Library(tmp_path, 1)
    (project,) = library.workspace.projects()
    project.ledger.add(ReviewBatch, [BATCH])
    library.settle()
    whole = project.ledger.path.read_bytes()
    project.ledger.path.write_bytes(b"no ledger")
    library.look()
    project.ledger.path.write_bytes(whole)
    library.look()
    assert [key.split("-")[-2] for key in library.asked[1:]] == ["damaged", "restored"]
    assert library.look().text() == "1 unchanged"


def test_a_folder_that_cannot_be_listed_holds_up_nobody_and_runs_when_it_can() -> None:
    with place_in_memory() as place:
        library = Library(place, 3)
        first, bad, _third = library.workspace.projects()
        with where_rights_count():
            library.look()
            bad.folder.chmod(0)
            assert "cannot be listed: Permission denied" in library.look().text()
            assert len(library.asked) == 2
            assert "cannot be listed: Permission denied" in library.look().text()
            asked = each_alone([first, bad], project_status)
            bad.folder.chmod(0o755)
            library.look()
    assert [p.name for p, _state in asked.results] == [first.name]
    assert [(t.project, "Permission denied" in t.problem) for t in asked.troubles] == [(bad.name, True)]
    assert library.asked[2].startswith(bad.key)
    assert len(library.asked) == 3


def test_an_error_of_the_disk_stops_one_project_alone(tmp_path: Path) -> None:
    def verb(project: Project) -> int:
        if project.name.endswith("1"):
            raise OSError(errno.ESTALE, "Stale file handle")
        return 1

    asked = each_alone(Library(tmp_path, 3).workspace.projects(), verb)
    assert len(asked.results) == 2
    assert asked.troubles[0].problem.endswith("shoot 00001: Stale file handle.")


def test_retraining_reads_a_store_only_after_a_new_generation(tmp_path: Path) -> None:
    library = Library(tmp_path, 3)
    assert new_overrides(library.workspace)[0] == 0
    bad = library.workspace.projects()[0]
    bad.store.folder.mkdir(parents=True)
    (bad.store.folder / "CURRENT").write_bytes(b"\xff\xfe")
    assert new_overrides(library.workspace)[0] == 0
