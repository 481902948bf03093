"""What cannot be moved stops its own set, with its reason, there and back: rights, long names, odd times."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from proofsheet.apply.crop_files import cut_name
from proofsheet.apply.disk import Disk, refuse_too_long
from proofsheet.apply.moves import last_plan, unfinished
from proofsheet.apply.plan import Plan, make_plan, with_keep_all
from proofsheet.apply.sandbox import make_sandbox
from proofsheet.core.errors import UsageError
from proofsheet.review.submission import submitted
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project
from schemas.groups import PhotoGroup
from schemas.library import Photo
from schemas.review import ReviewDecision
from tests.support.kit import place_in_memory, tree, where_rights_count
from tests.support.namings_kit import Naming, applier, look_again, namings_project, plan_of, state


@pytest.fixture
def place() -> Iterator[Path]:
    with place_in_memory() as made:
        yield made


def test_a_set_with_a_folder_that_cannot_be_listed_stays_with_its_reason_there_and_back(place: Path) -> None:
    beside = {"CaptureOne/Settings1/a.jpg.cos": (0,)}
    project = namings_project(place, [Naming("x", ("a.jpg",), beside), Naming("y", ("b.jpg",), beside)])
    with where_rights_count():
        closed = project.folder / "form 00/CaptureOne/Settings1"
        closed.chmod(0)
        plan = plan_of(project)
        assert "Settings1 cannot be listed: Permission denied" in plan.refused["g00"]
        assert {o.group_id for o in plan.operations} == {"g01"}
        closed.chmod(0o755)
        applier(project).execute(plan_of(project), "sandbox")
        closed = project.folder / "selected/form 00/CaptureOne/Settings1"
        closed.chmod(0)
        report = applier(project).undo(str(last_plan(project.ledger)))
        assert (report.sets, list(report.refused)) == (1, ["g00"])
        closed.chmod(0o755)
        assert applier(project).undo(report.plan_id).sets == 2
    assert tree(project.folder).keys() >= {f"form 0{k}/CaptureOne/Settings1/a.jpg.cos" for k in range(2)}


@pytest.mark.parametrize("mode", [0o644, 0])
def test_pictures_of_a_folder_that_may_not_be_entered_stop_their_set_alone(place: Path, mode: int) -> None:
    project = namings_project(place, [Naming("x", ("a.jpg",)), Naming("y", ("b.jpg",))])
    (project.folder / "form 00").chmod(mode)
    with where_rights_count():
        plan = plan_of(project)
    (project.folder / "form 00").chmod(0o755)
    assert list(plan.refused) == ["g00"]
    assert "Permission denied" in plan.refused["g00"]
    assert {o.group_id for o in plan.operations} == {"g01"}


def with_cuts(project: Project) -> Plan:
    """The plan, with a cut of every winner."""
    rows = with_keep_all(submitted(project).standing(), project)
    return make_plan(project, [{**row, ReviewDecision.crop: [0.1, 0.1, 0.5, 0.5]} for row in rows])


LONG = f"{'x' * 251}.jpg"


def test_a_name_that_a_cut_would_make_too_long_stops_its_set_alone(place: Path) -> None:
    project = namings_project(place, [Naming("x", (LONG,)), Naming("y", ("b.jpg",))])
    Image.new("RGB", (64, 48), "red").save(project.folder / "form 01/b.jpg")
    look_again(project, [Naming("x", (LONG,)), Naming("y", ("b.jpg",))])
    plan = with_cuts(project)
    assert list(plan.refused) == ["g00"]
    assert "would have 260 bytes; this disk allows 255." in plan.refused["g00"]
    assert applier(project).execute(plan, "sandbox").sets == 1
    assert unfinished(project.ledger) == []


def test_a_path_that_is_too_long_is_refused_before_anything_is_moved(place: Path) -> None:
    deep = place / "/".join(["d" * 200] * 19)
    deep /= "d" * (3990 - len(str(deep)))
    refuse_too_long(deep / ("x" * (4094 - len(str(deep)))))
    with pytest.raises(UsageError, match=r"The path of .* would have 4096 bytes; this disk allows 4095"):
        refuse_too_long(deep / ("x" * (4095 - len(str(deep)))))


class Short(Disk):
    """A disk that takes no name beginning with x at its new place."""

    def before(self, what: str, path: Path) -> None:
        if what in {"link", "write"} and (path.name.startswith("x") or what == "write"):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))


def test_a_disk_that_refuses_a_name_for_good_leaves_its_set_and_finishes_the_plan(place: Path) -> None:
    project = namings_project(place, [Naming("x", ("x.jpg",), {"x.xmp": (0,), "x.jpg.xmp": (0,)})])
    before = state(project)
    report = applier(project, Short()).execute(plan_of(project), "sandbox")
    assert "File name too long" in report.refused["g00"]
    assert (report.failed, unfinished(project.ledger)) == ({}, [])
    assert state(project) == before


class Stopped(Disk):
    """A disk that is there until the first change."""

    def before(self, what: str, path: Path) -> None:
        raise KeyboardInterrupt


def test_a_plan_of_a_former_version_with_such_a_cut_can_be_finished_and_undone(place: Path) -> None:
    for undo in (True, False):
        project = namings_project(place / str(undo), [Naming("x", (LONG,))])
        Image.new("RGB", (64, 48), "red").save(project.folder / "form 00" / LONG)
        look_again(project, [Naming("x", (LONG,))])
        plan = plan_of(project)
        winner = plan.operations[0]
        cut = replace(
            winner,
            kind="crop",
            role="crop",
            source=winner.target,
            target=cut_name(winner.target),
            box=[0, 0, 1, 1],
        )
        before = state(project)
        plan = replace(plan, operations=[*plan.operations, cut])
        if undo:
            with pytest.raises(KeyboardInterrupt):
                applier(project, Stopped()).execute(plan, "sandbox")
            assert applier(project).undo(plan.plan_id).refused == {}
        else:
            assert "File name too long" in applier(project).execute(plan, "sandbox").refused["g00"]
        assert unfinished(project.ledger) == []
        assert state(project)[0] == before[0]


def test_a_time_that_no_journal_holds_stops_its_set_alone_there_and_back(place: Path) -> None:
    project = namings_project(place, [Naming("x", ("a.jpg",)), Naming("y", ("b.jpg",), {"b.xmp": (0,)})])
    if not odd_time(project.folder / "form 00/a.jpg"):
        pytest.skip("this disk keeps no such times")
    plan = plan_of(project)
    assert list(plan.refused) == ["g00"]
    assert "modification time is centuries away; give it another time" in plan.refused["g00"]
    applier(project).execute(plan, "sandbox")
    for name in ("b.xmp", "b.jpg.pp3"):  # written since, and new since
        (project.folder / "selected/form 01" / name).write_text("x")
        odd_time(project.folder / "selected/form 01" / name)
        report = applier(project).undo(str(last_plan(project.ledger)))
        assert "modification time is centuries away" in report.refused["g01"]
        os.utime(project.folder / "selected/form 01" / name)
    assert applier(project).undo(report.plan_id).sets == 1


def odd_time(path: Path) -> bool:
    """Give a file a time of the year 10680; False if the disk does not keep it."""
    os.utime(path, (2**38, 2**38))
    return path.stat().st_mtime == 2**38


def test_originals_that_may_only_be_read_are_copied_into_a_sandbox(place: Path) -> None:
    project = namings_project(place, [Naming("x", ("a.jpg",), {"a.xmp": (0,)})])
    told = {
        PhotoGroup.project: project.key,
        PhotoGroup.group_id: "g",
        PhotoGroup.position: 0,
        PhotoGroup.group_size: 2,
    }
    told |= {
        PhotoGroup.cause: "similar",
        PhotoGroup.evidence: "",
        PhotoGroup.keep_all: False,
        PhotoGroup.document: False,
    }
    photos = project.store.read(Photo)[Photo.photo_id]
    rows = [{**told, PhotoGroup.photo_id: photo, PhotoGroup.grouped_by: "a test"} for photo in photos]
    project.store.publish({PhotoGroup: PhotoGroup.frame(rows)}, Stamp())
    for path in (project.folder / "form 00").iterdir():
        path.chmod(0o444)
    before = state(project)
    with where_rights_count():
        box = make_sandbox(project, 1)
    copies = {p.relative_to(box.folder).as_posix(): p.stat() for p in box.folder.rglob("*") if p.is_file()}
    assert (box.photos, box.companions, tree(box.folder)) == (2, 2, before[0])
    assert {name: found.st_mtime_ns for name, found in copies.items()} == before[1]
    assert {found.st_mode & 0o777 for found in copies.values()} == {0o444}
