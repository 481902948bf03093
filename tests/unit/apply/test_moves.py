"""Every naming form through dry run, apply and undo: nothing apart, nothing lost, and back to what it was."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from proofsheet.apply.disk import Disk
from proofsheet.apply.moves import last_plan, unfinished
from proofsheet.apply.plan import make_plan
from proofsheet.storage.workspace import Project, Workspace
from schemas.apply import FileOperation
from schemas.library import Photo
from schemas.review import ReviewDecision
from schemas.settings.library import PlaceSettings
from tests.support.kit import place_in_memory, tree
from tests.support.namings_kit import (
    DISTINCT,
    NAMINGS,
    OTHER,
    Naming,
    apart,
    applier,
    hand_over,
    look_again,
    namings_project,
    plan_of,
    publish_decisions,
    state,
)

SHARING = [n for n in NAMINGS if any(len(owners) > 1 for owners in n.beside.values())]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory: nothing here needs a real disk, and there are many fsyncs."""
    with place_in_memory() as made:
        yield made


def with_others(
    place: Path, *names: str, pictures: tuple[str, ...] = ("a.jpg",), chosen: str = "first"
) -> Project:
    """One set of a form's pictures and another one, with these files beside them."""
    return namings_project(place, [Naming("a test", pictures, dict.fromkeys(names, (0,)))], chosen=chosen)


@pytest.mark.parametrize("chosen", ["first", "other"])
def test_nothing_is_left_behind_and_all_comes_back(place: Path, chosen: str) -> None:
    namings = NAMINGS if chosen == "first" else DISTINCT
    project = namings_project(place, namings, chosen=chosen)
    before = state(project)
    plan = plan_of(project)
    assert state(project) == before
    assert len(plan.refused) == (len(SHARING) if chosen == "first" else 0)
    assert all("also belongs to" in why for why in plan.refused.values())
    report = applier(project).execute(plan, "sandbox")
    assert (report.sets, report.refused, report.failed) == (len(namings) - len(plan.refused), {}, {})
    assert apart(project.folder, namings) == []
    assert sorted(tree(project.folder).values()) == sorted(before[0].values())
    look_again(project, namings)
    assert plan_of(project).operations == []
    assert applier(project).undo(str(last_plan(project.ledger))).sets == report.sets
    assert state(project) == before


def test_pictures_that_belong_together_take_what_they_share(place: Path) -> None:
    project = namings_project(place, DISTINCT, keep_all=True)
    plan = plan_of(project)
    assert plan.refused == {}
    applier(project).execute(plan, "sandbox")
    assert {p.partition("/")[0] for p in tree(project.folder)} == {"selected"}


def test_the_plan_names_what_goes_along_and_what_blocks(place: Path) -> None:
    shared = Naming("edited", ("a.jpg", "a-edited.jpg"), {"a.jpg.json": (0, 1)})
    project = namings_project(place, [Naming("RAW", ("b.jpg",), {"b.CR2": (0,), "b.CR2.xmp": (0,)}), shared])
    (project.folder / "form 00/.picasa.ini").write_text("[b.jpg]")
    plan = plan_of(project)
    along = {o.source: o.target for o in plan.operations if o.role == "companion"}
    assert along["form 00/b.CR2.xmp"] == "selected/form 00/b.CR2.xmp"
    assert plan.refused["g01"].startswith(
        "form 01/a.jpg.json also belongs to form 01/a-edited.jpg (which goes to review/form 01/), and"
    )
    assert plan.staying == {
        "form 00/.picasa.ini": "it refers to all pictures of its folder, and is not moved"
    }
    applier(project).execute(plan, "sandbox")
    assert (project.folder / "form 00/.picasa.ini").exists()


def test_folders_that_differ_in_the_form_of_accents_alone_are_planned_apart(place: Path) -> None:
    composed, split = place / "library/trip/\u00e9", place / "library/trip/e\u0301"
    for folder, names in (
        (composed, ("a.jpg", OTHER, "a.xmp", "b.xmp")),
        (split, ("b.jpg", "c.jpg", "a.xmp", "b.xmp")),
    ):
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text(f"{folder}{name}")
    project = Workspace(PlaceSettings(library=str(place / "library"), home=str(place / "home"))).project(
        "trip"
    )
    look_again(project, [Naming("x", ("a.jpg", "b.jpg", "c.jpg"))])
    photos = project.store.read(Photo).partition_by(Photo.folder)
    groups = [rows.sort(Photo.file_name)[Photo.photo_id].to_list() for rows in photos]
    publish_decisions(project, groups, [g[0] for g in groups])
    hand_over(project, groups, [g[0] for g in groups])
    plan = plan_of(project)
    along = {o.source: o.target for o in plan.operations if o.role == "companion"}
    assert plan.refused == {}
    assert along == {"\u00e9/a.xmp": "selected/\u00e9/a.xmp", "e\u0301/b.xmp": "selected/e\u0301/b.xmp"}


def test_raw_and_jpeg_that_are_both_photos_go_the_same_way(place: Path) -> None:
    project = with_others(place, "a.jpg.xmp", "a.CR2.xmp", "a.xmp", pictures=("a.jpg", "a.CR2"))
    plan = plan_of(project)
    assert {o.target.partition("/")[0] for o in plan.operations if "/a" in o.source} == {"selected"}
    assert {o.target.partition("/")[0] for o in plan.operations if "/other" in o.source} == {"review"}


def two_sets(place: Path, first: str, second: str, *beside: str) -> tuple[Project, list[list[str]]]:
    """Two pictures of one folder, each in a set with another picture."""
    project = namings_project(place, [Naming("x", (first, second, "b.jpg"), dict.fromkeys(beside, (0, 1)))])
    ids = {r[Photo.file_name]: r[Photo.photo_id] for r in project.store.read(Photo).to_dicts()}
    groups = [[ids[first], ids["b.jpg"]], [ids[second], ids[OTHER]]]
    publish_decisions(project, groups, [g[0] for g in groups])
    return project, groups


def verdict(number: int, group: list[str]) -> dict[str, object]:
    told = {
        ReviewDecision.action: "approved",
        ReviewDecision.photo_ids: group,
        ReviewDecision.chosen_photo_id: group[0],
        ReviewDecision.crop: None,
    }
    return {ReviewDecision.group_id: f"g{number:02}", **told}


def test_sets_that_share_a_file_go_together_or_stay_together(place: Path) -> None:
    project, groups = two_sets(place, "a.jpg", "a.png", "a.xmp")
    rows = [verdict(k, g) for k, g in enumerate(groups)]
    assert "a.png (which stays)" in make_plan(project, rows[:1]).refused["g00"]
    elsewhere = make_plan(project, [rows[0] | {ReviewDecision.chosen_photo_id: groups[0][1]}, rows[1]])
    assert "a.jpg (which goes to review/form 00/)" in elsewhere.refused["g01"]
    (project.folder / "form 00/b.xmp").symlink_to(project.folder / "form 00/a.xmp")
    blocked = make_plan(project, rows).refused
    assert "form 00/b.xmp is not moved: it is a link" in blocked["g00"]
    assert "shares files with set g00" in blocked["g01"]
    (project.folder / "form 00/b.xmp").unlink()
    assert make_plan(project, rows, 1).counts == {"beyond the limit of pilot mode: left for later": 2}
    plan = make_plan(project, rows)
    assert {o.unit for o in plan.operations} == {"g00"}
    late = next(o for o in plan.operations if o.source.endswith(OTHER))
    (project.folder / late.target).parent.mkdir(parents=True)
    (project.folder / late.target).write_bytes(b"late")
    assert sorted(applier(project).execute(plan, "sandbox").refused) == ["g00", "g01"]
    assert (project.folder / "form 00/a.xmp").exists()
    (project.folder / late.target).unlink()
    assert applier(project).execute(make_plan(project, rows), "sandbox").sets == 2


def test_raw_in_another_set_than_its_jpeg_leaves_both_unless_they_go_alike(place: Path) -> None:
    project, groups = two_sets(place, "a.jpg", "a.CR2", "a.xmp")
    rows = [verdict(k, g) for k, g in enumerate(groups)]
    assert "a.CR2 (which stays)" in make_plan(project, rows[:1]).refused["g00"]
    assert make_plan(project, rows).counts == {"planned": 2}


def test_what_comes_beside_a_picture_after_the_run_goes_along(place: Path) -> None:
    project = with_others(place, "a.xmp")
    (project.folder / "form 00/a.CR2").write_bytes(b"raw")
    assert "form 00/a.CR2" in {o.source for o in plan_of(project).operations}


def test_a_raw_that_went_along_is_the_photo_of_its_old_place_once_it_can_be_read(place: Path) -> None:
    project = with_others(place, "a.CR2")
    applier(project).execute(plan_of(project), "sandbox")
    look_again(project, [Naming("a test", ("a.jpg", "a.CR2"))])
    found = {
        r[Photo.file_name]: (r[Photo.path], r[Photo.folder], r[Photo.state])
        for r in project.store.read(Photo).to_dicts()
    }
    assert found["a.CR2"] == ("selected/form 00/a.CR2", "form 00", "selected")


def test_undo_brings_back_what_programs_wrote_and_removed_since(place: Path) -> None:
    project = with_others(place, "a.xmp", "a.txt", "a.json")
    applier(project).execute(plan_of(project), "sandbox")
    new = {"a.xmp": b"edited since", "a.jpg.pp3": b"new", "CaptureOne/Settings1/a.jpg.cos": b"new too"}
    for name, content in new.items():
        (project.folder / "selected/form 00" / name).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / "selected/form 00" / name).write_bytes(content)
    (project.folder / "selected/form 00/a.json").unlink()
    report = applier(project).undo(str(last_plan(project.ledger)))
    assert (report.sets, report.refused, report.gone) == (1, {}, ["selected/form 00/a.json"])
    assert all((project.folder / "form 00" / name).read_bytes() == content for name, content in new.items())
    assert not [p for p in tree(project.folder) if p.startswith(("selected", "review"))]
    assert last_plan(project.ledger) is None


@pytest.mark.parametrize("why", ["name taken", "picture changed"])
def test_a_set_that_cannot_come_back_whole_stays(place: Path, why: str) -> None:
    project = with_others(place, "a.xmp", "a.json")
    applier(project).execute(plan_of(project), "sandbox")
    taken = project.folder / ("form 00/a.xmp" if why == "name taken" else "selected/form 00/a.jpg")
    content = taken.read_bytes() if taken.exists() else None
    taken.write_bytes(b"another")
    before = tree(project.folder)
    assert list(applier(project).undo(str(last_plan(project.ledger))).refused) == ["g00"]
    assert tree(project.folder) == before
    taken.unlink()
    if content is not None:
        taken.write_bytes(content)
        row = next(
            r
            for r in project.ledger.rows(FileOperation).to_dicts()
            if r["target"] == "selected/form 00/a.jpg"
        )
        os.utime(taken, ns=(row["modified_ns"], row["modified_ns"]))
    assert applier(project).undo(str(last_plan(project.ledger))).sets == 1


class Stopped(BaseException):
    """As a kill would: nothing of ours runs afterwards."""


class Stopping(Disk):
    """Ends before its n-th change of the disk, or refuses that change."""

    def __init__(self, at: int, code: int) -> None:
        super().__init__()
        self.at, self.code, self.count = at, code, 0

    def before(self, what: str, path: Path) -> None:
        self.count += 1
        if self.count == self.at:
            raise Stopped if self.code == 0 else OSError(self.code, os.strerror(self.code), str(path))


def test_forms_in_many_folders_and_shared_files_survive_every_stop(place: Path) -> None:
    wanted = [
        n for n in NAMINGS if n.by in {"Capture One", "Picasa, gThumb", "Pixel: RAW", "Takeout: edited"}
    ]
    project, stops = namings_project(place, wanted, chosen="other"), 0
    before = state(project)
    for at in range(1, 200, 5):
        disk = Stopping(at, (0, errno.ENOSPC, errno.EIO, errno.EACCES)[at % 4])
        for way in ("there", "back"):
            plan = plan_of(project)
            disk = Stopping(at, disk.code)
            try:
                if way == "there":
                    applier(project, disk).execute(plan, "sandbox")
                else:
                    applier(project).execute(plan, "sandbox")
                    applier(project, disk).undo(str(last_plan(project.ledger)))
            except Stopped:
                pass
            stops += disk.count >= at
            assert disk.code == 0 or apart(project.folder, wanted) == []
            for left in unfinished(project.ledger) if way == "there" else ():
                applier(project).resume(left)
            if left := unfinished(project.ledger) or [p for p in [last_plan(project.ledger)] if p]:
                assert apart(project.folder, wanted) == [] or way == "back"
                applier(project).undo(left[0])
            assert state(project) == before, (at, way)
        if disk.count < at:
            break
    assert stops > 20
