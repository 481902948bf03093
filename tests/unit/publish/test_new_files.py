"""New files in a folder of the user: names, collisions, full disks, and processes that die."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from proofsheet.apply.disk import Disk, TargetTaken
from proofsheet.core.errors import Locked, UsageError
from proofsheet.core.progress import Quiet
from proofsheet.publish import copy_run
from proofsheet.publish.conversion.conversion_run import ConversionRow, convert_pictures, planned_conversion
from proofsheet.publish.conversion.formats import ConversionOptions
from proofsheet.publish.copy_plan import refuse_inside
from proofsheet.publish.copy_run import CopyReport
from proofsheet.publish.new_files import NewFiles, NoRoom
from schemas.settings.photos import PhotoSettings
from tests.support.conversion_kit import scanned
from tests.support.kit import save_picture, tree

WEBP = ConversionOptions("webp")
ONE = PhotoSettings(workers=1)


class Killed(BaseException):
    """The process dies."""


class Dying(Disk):
    """Dies, or gets an error of the system, at the nth call that changes the disk."""

    def __init__(self, at: int, problem: Callable[[Path], BaseException]) -> None:
        super().__init__()
        self.left, self.problem = at, problem

    def before(self, what: str, path: Path) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.problem(path)


def convert(folder: Path, out: Path, cache: Path, disk: Disk | None = None) -> CopyReport[ConversionRow]:
    plan = planned_conversion(scanned(folder, cache), out, WEBP)
    return convert_pictures(plan, NewFiles(out, disk), WEBP, ONE, Quiet())


@pytest.fixture(autouse=True)
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of runs; only writing is looked at, and it happens in this process anyway."""

    def run(function: Callable[[object], object], tasks: Sequence[object], **_limits: object) -> object:
        return ((number, function(task)) for number, task in enumerate(tasks))

    monkeypatch.setattr(copy_run, "run_apart", run)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number, name in enumerate(("a.png", "day/b.png", "day/c.jpg")):
        save_picture(tmp_path / "in" / name, number)
    return tmp_path / "in"


def visible(out: Path) -> dict[str, str]:
    return {n: h for n, h in tree(out).items() if "/." not in f"/{n}"} if out.exists() else {}


def test_folders_stay_and_a_second_run_writes_nothing(photos: Path, tmp_path: Path) -> None:
    before = tree(photos)
    report = convert(photos, tmp_path / "out", tmp_path / "cache")
    assert [(r.target, r.state) for r in report.rows] == [
        ("a.webp", "written"),
        ("day/b.webp", "written"),
        ("day/c.webp", "written"),
    ]
    files, times = tree(tmp_path / "out"), [p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")]
    again = convert(photos, tmp_path / "out", tmp_path / "cache")
    assert {r.state for r in again.rows} == {"there"}
    assert tree(tmp_path / "out") == files
    assert [p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")] == times
    assert tree(photos) == before


def test_other_content_under_the_name_is_never_replaced(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "day").mkdir(parents=True)
    (out / "a.webp").write_bytes(b"mine")
    (out / "day" / "B.webp").write_bytes(b"mine too")
    report = convert(photos, out, tmp_path / "cache")
    assert "is there already with other content" in report.refused["a.png"]
    assert "some disks take b.webp for it" in report.refused["day/b.png"]
    assert [r.target for r in report.rows] == ["day/c.webp"]
    assert (out / "a.webp").read_bytes() == b"mine"


def test_names_that_would_be_one_file_are_found_before_anything_is_written(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    names = ("a.jpg", "A.png", "caf\u00e9.png", "cafe\u0301.jpg", "b.png", "x/q.png", "X/q.jpg")
    for number, name in enumerate(names):
        save_picture(folder / name, number)
    plan = planned_conversion(scanned(folder, tmp_path / "cache"), out, WEBP)
    assert [c.target for c in plan.copies] == ["b.webp"]
    assert set(plan.refused) == set(names) - {"b.png"}
    assert "would have the name of that of a.jpg" in plan.refused["A.png"]
    assert not out.exists()


def test_a_folder_that_differs_in_case_and_a_link_that_leads_out_are_refused(
    photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "Day").mkdir(parents=True)
    report = convert(photos, out, tmp_path / "cache")
    assert "some disks take day for it" in report.refused["day/b.png"]
    (out / "Day").rmdir()
    (out / "day").symlink_to(photos)
    report = convert(photos, out, tmp_path / "cache")
    assert "leads out of" in report.refused["day/b.png"]
    assert sorted(p.name for p in photos.iterdir()) == ["a.png", "day"]


def test_new_files_are_not_written_among_originals(photos: Path, tmp_path: Path) -> None:
    for out in (photos, photos / "new", photos / "day" / ".." / "new"):
        with pytest.raises(UsageError, match="would become photos"):
            refuse_inside(out, [photos])
    refuse_inside(tmp_path / "in2", [photos])


def steps(photos: Path, tmp_path: Path) -> int:
    """Calls that change the disk in a whole run."""
    counting = Dying(0, lambda p: OSError())
    convert(photos, tmp_path / "counted", tmp_path / "cache", counting)
    return -counting.left


def test_a_kill_at_every_write_leaves_no_half_file_and_the_next_run_finishes(
    photos: Path, tmp_path: Path
) -> None:
    convert(photos, tmp_path / "whole", tmp_path / "cache")
    whole, count = tree(tmp_path / "whole"), steps(photos, tmp_path)
    assert count >= 8
    for at in range(1, count + 1):
        out = tmp_path / f"out{at}"
        with pytest.raises(Killed):
            convert(photos, out, tmp_path / "cache", Dying(at, lambda _p: Killed()))
        assert visible(out).items() <= whole.items()
        convert(photos, out, tmp_path / "cache")
        assert tree(out) == whole


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS])
def test_an_error_of_the_disk_at_every_write_is_reported_and_leaves_no_half_file(
    photos: Path, tmp_path: Path, code: int
) -> None:
    convert(photos, tmp_path / "whole", tmp_path / "cache")
    whole = tree(tmp_path / "whole")
    for at in range(1, steps(photos, tmp_path) + 1):
        out = tmp_path / f"out{at}"
        failing = Dying(at, lambda p: OSError(code, os.strerror(code), str(p)))
        report = convert(photos, out, tmp_path / "cache", failing)
        assert report.refused
        assert len(report.refused) + len(report.rows) == 3
        assert visible(out).items() <= whole.items()
        if code in (errno.ENOSPC, errno.EROFS):
            assert all("make room and run again" in why for why in report.refused.values())
        else:
            assert len(report.refused) == 1
        convert(photos, out, tmp_path / "cache")
        assert tree(out) == whole


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_while_the_content_is_written(tmp_path: Path) -> None:
    class Full(Disk):
        def before(self, what: str, path: Path) -> None:
            if what == "write":
                path.symlink_to("/dev/full")

    files = NewFiles(tmp_path / "out", Full())
    with pytest.raises(NoRoom, match="No space left"):
        files.write("a.webp", b"x" * 100)
    assert visible(tmp_path / "out") == {}


def test_two_writers_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        NewFiles(tmp_path / "out").lock("one"),
        pytest.raises(Locked, match="one"),
        NewFiles(tmp_path / "out").lock("two"),
    ):
        pass


def test_a_file_in_the_place_of_a_folder_is_refused(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "day").write_text("mine")
    report = convert(photos, tmp_path / "out", tmp_path / "cache")
    assert set(report.refused) == {"day/b.png", "day/c.jpg"}
    with pytest.raises((TargetTaken, OSError)):
        NewFiles(tmp_path / "out").write("day/x.webp", b"x")
