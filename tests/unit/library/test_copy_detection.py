from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from proofsheet.core.process_marks import files_being_written, is_alive, process_mark, with_environment
from proofsheet.core.run_log import RunLog
from proofsheet.library.copy_detection import FolderState, Look, judge, look_at
from proofsheet.library.disk_diff import News, disk_news
from proofsheet.storage.cleaning import clean
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Workspace
from schemas.library import OtherFile, Photo, Quarantine
from tests.support.kit import configuration, save_picture


def test_a_folder_is_ready_after_two_looks_and_a_quiet_time() -> None:
    a = Look("a", None)
    first = judge(None, a, 0, 10)
    assert not first.ready
    second = judge(first.state, a, 9, 10)
    assert (second.ready, second.reason) == (False, "quiet for 9 s of 10 s")
    third = judge(second.state, a, 10, 10)
    assert third.ready
    fourth = judge(third.state, a, 99, 10)
    assert (fourth.ready, fourth.reason) == (False, "unchanged")


def test_two_looks_are_needed_however_late_the_second_comes() -> None:
    assert not judge(None, Look("a", None), 1e9, 10).ready


def test_each_version_is_handed_over_once() -> None:
    seen: FolderState | None = None
    ready = 0
    for now, signature in enumerate("aaaabbbbbaaaa"):
        found = judge(seen, Look(signature, None), float(now), 2)
        seen, ready = found.state, ready + found.ready
    assert ready == 3


def test_unfinished_copies_and_open_files_are_waited_for() -> None:
    seen = FolderState("a", 0)
    found = judge(seen, Look("a", "x.jpg.part"), 100, 10)
    assert (found.ready, found.reason) == (False, "waits for the end of the copy of 'x.jpg.part'")
    found = judge(seen, Look("a", None), 100, 10, writer="x.jpg")
    assert (found.ready, found.reason) == (False, "somebody is writing 'x.jpg'")


def test_a_look_sees_every_change_and_no_hidden_file(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "a" / "p.jpg", 1)
    first = look_at(tmp_path)
    (tmp_path / ".DS_Store").write_text("x")
    assert look_at(tmp_path) == first
    times = path.stat()
    with path.open("r+b") as stream:
        stream.seek(30)
        stream.write(b"\x01")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    second = look_at(tmp_path)
    assert second.signature != first.signature
    (tmp_path / "b.jpg.part").write_bytes(b"")
    assert look_at(tmp_path).unfinished == "b.jpg.part"


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="this system does not tell open files")
def test_a_file_that_is_being_written_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "p.jpg"
    with path.open("wb"):
        assert str(path) in files_being_written()
    with path.open("rb"):
        assert str(path) not in files_being_written()


def test_process_marks_tell_the_living_from_the_dead() -> None:
    assert is_alive(process_mark())
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], env=os.environ | {"SOME_MARK": "42"}
    )
    time.sleep(0.3)
    mark = process_mark(child.pid)
    assert is_alive(mark)
    assert with_environment("SOME_MARK", "42") == [child.pid]
    number, start, boot = mark.split(":")
    assert not is_alive(f"{number}:{int(start) + 1}:{boot}")
    assert not is_alive(f"{number}:{start}:another-boot")
    child.kill()
    child.wait()
    assert not is_alive(mark)


def test_news_are_counted_without_opening_files(tmp_path: Path) -> None:
    for name in ("new.jpg", "known.jpg", "changed.jpg"):
        save_picture(tmp_path / name)
    from datetime import UTC, datetime

    rows = []
    for name, size in (("known.jpg", None), ("changed.jpg", 1), ("gone.jpg", 1)):
        found = (tmp_path / name).stat() if size is None else None
        at = (
            datetime.fromtimestamp(found.st_mtime_ns // 1000 / 1e6, UTC).replace(tzinfo=None)
            if found
            else datetime(2000, 1, 1)
        )
        rows.append({"path": name, "size_bytes": found.st_size if found else size, "modified_at": at})
    schema = {n: Photo.polars_schema()[n] for n in ("path", "size_bytes", "modified_at")}
    news = disk_news(tmp_path, pl.DataFrame(rows, schema=schema), Quarantine.frame(), OtherFile.frame())
    assert (news.new, news.changed, news.gone) == (1, 1, 1)


def test_files_that_apply_moved_are_neither_new_nor_gone(tmp_path: Path) -> None:
    for name in ("selected/a.jpg", "back.jpg", "new.jpg"):
        save_picture(tmp_path / name)
    before = pl.DataFrame({"path": ["a.jpg", "review/back.jpg", "gone.jpg"]})
    moves = pl.DataFrame(
        {
            "kind": ["move"] * 3,
            "source": ["a.jpg", "back.jpg", "gone.jpg"],
            "target": ["selected/a.jpg", "review/back.jpg", "other.jpg"],
        }
    )
    news = disk_news(tmp_path, Photo.frame(), Quarantine.frame(), before, moves)
    assert news == News(new=1, changed=0, gone=1, moved=1, moved_back=1)
    assert news.in_words() == "1 new, 1 gone, 1 moved or renamed here, 1 moved back by undo"


def test_a_run_log_is_lines_events_and_a_summary(tmp_path: Path) -> None:
    log = RunLog(tmp_path, "4711abcd-rest")
    log.step("photos", rows=3, decoded=2, changed=True)
    log.refused("unreadable", "bad\nname.jpg: broken")
    log.error("table_gate", "photos: a value\nin two lines")
    summary = json.loads(log.close().read_text())
    assert summary["success"] is False
    assert (summary["pictures_opened"], summary["written"]) == (2, ["photos"])
    assert (summary["refused"], summary["errors"]) == ({"unreadable": 1}, {"table_gate": 1})
    (lines,) = tmp_path.glob("*.log")
    assert len(lines.read_text().splitlines()) == 3
    (events,) = (p for p in tmp_path.glob("*.json") if "summary" not in p.name)
    assert [json.loads(line)["event"] for line in events.read_text().splitlines()] == [
        "step",
        "refused",
        "error",
    ]


def test_cleaning_removes_old_caches_and_logs_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    home = tmp_path / "home"
    old = [home / "cache/p/look-old/a.parquet", home / "cache/p/look-now/b.damaged", home / "logs/p/x.log"]
    old.append(home / "cache/p/previews-old/ab/abc-thumb.jpg")
    kept = [
        home / "cache/p/look-now/c.parquet",
        home / "cache/p/hashes/d.parquet",
        home / "store/p/000001.duckdb",
        home / "store/p/damaged/x",
        home / "ledger/p.sqlite",
        home / "exports/p/metadata.csv",
    ]
    for path in [*old, *kept]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1234")
    workspace = Workspace(configuration(tmp_path / "library", home).place)
    assert clean(workspace, {"look-now"}, 14, time.time()).files == 0
    found = clean(workspace, {"look-now"}, 14, time.time() + 15 * 86400)
    assert (found.files, found.bytes) == (4, 16)
    assert not any(p.exists() for p in old)
    assert all(p.exists() for p in kept)


def test_cleaning_removes_rows_that_no_generation_names(tmp_path: Path) -> None:
    (tmp_path / "library" / "one").mkdir(parents=True)
    workspace = Workspace(configuration(tmp_path / "library", tmp_path / "home").place)
    store = workspace.projects()[0].store
    for number in range(3):
        row = {"project": store.project, "path": str(number), "role": "other", "extension": ""}
        store.publish({OtherFile: OtherFile.frame([row])}, Stamp(str(number)))
    files = list(store.folder.glob("tables/*/*"))
    assert clean(workspace, set(), 14, time.time()).files == 0
    for file in files:
        os.utime(file, (1, 1))
    found = clean(workspace, set(), 14, time.time())
    assert (found.files, found.bytes > 0) == (1, True)
    assert store.read(OtherFile)["path"].to_list() == ["2"]
    store.check()
