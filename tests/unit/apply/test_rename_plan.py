"""Renaming: names by facts, what keeps its name, circles, what a run sees afterwards, and the way back."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from proofsheet.apply.executor import Applier
from proofsheet.apply.file_positions import present_paths
from proofsheet.apply.move_plan import whole_moves
from proofsheet.apply.moves import last_plan
from proofsheet.core.errors import UsageError
from proofsheet.library.companions import companions
from proofsheet.storage.workspace import Project
from schemas.apply import ApplyPlan
from schemas.identity import GonePhoto, IdentityQuestion, PhotoIdentity
from schemas.library import Photo
from schemas.settings.apply import ApplySettings
from tests.support.kit import NOW, tree
from tests.support.rename_kit import Shot, dated_project, look_again, mover, rename_plan

AT = datetime(2025, 7, 8, 6, 4, 16)
CAMERAS = ("X100", "D750", "Pixel 7")


def targets(project: Project, template: str, **clocks: object) -> dict[str, str]:
    return {o.source: o.target for o in rename_plan(project, template, **clocks).operations}


def ids(project: Project) -> dict[str, str]:
    """Content to photo."""
    return dict(project.store.read(Photo).select(Photo.content_hash, Photo.photo_id).iter_rows())


def burst(count: int) -> list[Shot]:
    """Pictures of three cameras, 20 a second each; one writes no fractions, one RAW too, some are copies."""
    shots = []
    for k in range(count):
        camera, number = CAMERAS[k % 3], k // 3
        taken, ms = AT + timedelta(seconds=number // 20), number % 20 * 50
        stem = f"card {k % 3}/IMG_{number:04}"
        beside = (f"{stem}.JPG.xmp", f"{stem}.CR2") if k % 3 == 1 else (f"{stem}.xmp",)
        content = b"twice" if k % 50 == 0 else b""
        shots.append(
            Shot(f"{stem}.JPG", taken, None if k % 3 == 0 else ms, camera, 60, None, beside, content)
        )
    return shots


@pytest.mark.long
def test_a_thousand_pictures_of_bursts_are_renamed_once_without_loss_and_back(tmp_path: Path) -> None:
    shots = burst(1000)
    project = dated_project(tmp_path, shots)
    before, pairs = tree(project.folder), ids(project)
    plan = rename_plan(project)
    assert plan.counts["planned"] == 1000
    assert not plan.refused
    mover(project).execute(plan, "sandbox")
    after = tree(project.folder)
    assert sorted(after.values()) == sorted(before.values())
    moved = {o.source: o.target for o in plan.operations}
    assert len(set(moved.values())) == len(before)
    for shot in shots:
        beside = companions([moved[shot.path]], after)[moved[shot.path]]
        assert {moved[f] for f in shot.beside if not f.endswith(".CR2")} <= set(beside)
    assert {"card 1/20250708_060416050_D750_IMG_0001.CR2", "card 0/20250708_060416_X100_IMG_0001.JPG"} <= set(
        after
    )
    assert rename_plan(project).operations == []  # before a run
    look_again(project)
    assert (ids(project), rename_plan(project).operations) == (pairs, [])
    assert project.store.read(GonePhoto).is_empty()
    assert project.store.read(IdentityQuestion).is_empty()
    mover(project).undo(str(last_plan(project.ledger)))
    assert tree(project.folder) == before
    look_again(project)
    assert ids(project) == pairs


def test_names_of_one_second_get_fractions_then_numbers_in_shooting_order(tmp_path: Path) -> None:
    shots = [Shot(f"{n}.jpg", AT, ms) for n, ms in (("c", 300), ("b", 100), ("a", 100), ("d", None))]
    assert targets(dated_project(tmp_path, shots), "{taken}_{subsec}{n?}") == {
        "a.jpg": "20250708_060416_100.jpg",
        "b.jpg": "20250708_060416_100_2.jpg",
        "c.jpg": "20250708_060416_300.jpg",
        "d.jpg": "20250708_060416.jpg",
    }


def test_numbers_follow_the_moment_across_zones_while_names_have_the_local_time(tmp_path: Path) -> None:
    shots = [
        Shot("tokyo.jpg", AT + timedelta(hours=7), camera="A", offset_min=540),
        Shot("berlin.jpg", AT + timedelta(minutes=-10), camera="B", offset_min=120),
        Shot("lisbon.jpg", AT, camera="C", place=(38.72, -9.14)),  # summer time by GPS: +60
    ]
    pytest.importorskip("tzfpy")
    assert targets(dated_project(tmp_path, shots), "{seq:02} {taken:%H%M} {zone}") == {
        "berlin.jpg": "01 0554 +0200.jpg",
        "tokyo.jpg": "02 1304 +0900.jpg",
        "lisbon.jpg": "03 0604 +0100.jpg",
    }


def test_a_clock_is_corrected_by_hand_or_by_a_picture_of_another_camera(tmp_path: Path) -> None:
    shots = [Shot("a.jpg", AT), Shot("b.jpg", AT + timedelta(minutes=90), camera="D750")]
    project = dated_project(tmp_path, shots)
    assert targets(project, "{taken:%H%M}{n?}", shifts=["x100=+1h30m"])["a.jpg"] == "0734.jpg"
    assert targets(project, "{taken:%H%M}{n?}", syncs=["a.jpg=b.jpg"])["a.jpg"] == "0734.jpg"
    for clocks, words in (
        ({"shifts": ["X10=+1h"]}, "Did you mean 'X100'"),
        ({"shifts": ["X100=1h"]}, "no shift of a clock"),
        ({"shifts": ["X100"]}, "names no camera"),
        ({"syncs": ["a.jpg=a.jpg"]}, "two cameras"),
        ({"syncs": ["a.jpg=z.jpg"]}, "0 photos are named 'z.jpg'"),
        ({"shifts": ["X100=+1h"], "syncs": ["a.jpg=b.jpg"]}, "second correction"),
    ):
        with pytest.raises(UsageError, match=words):
            rename_plan(project, "{taken}", **clocks)


def test_a_picture_without_a_date_keeps_its_name_unless_that_of_its_file_is_allowed(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("a.jpg"), Shot("Screenshot 2024-05-06 at 07.08.09.png")])
    plan = rename_plan(project, "{taken}{n?}")
    assert "no date" in plan.refused["a.jpg"]
    assert [o.target for o in plan.operations] == ["20240506_070809.png"]
    assert len(targets(project, "{taken}{n?}", file_time=True)) == 2


def test_equal_names_without_a_number_keep_the_later_ones_and_the_plan_says_so(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("a.jpg", AT), Shot("b.png", AT)])
    plan = rename_plan(project, "{taken}")
    assert [o.source for o in plan.operations] == ["a.jpg"]
    assert "Add {n?}" in plan.refused["b.png"]
    assert plan.warnings[0].startswith("The template has no {n?}")


@pytest.mark.parametrize("other", ["20250708_060416.jpg", "20250708_060416.JPG"])
def test_a_name_that_is_taken_in_any_case_stays_taken(tmp_path: Path, other: str) -> None:
    project = dated_project(tmp_path, [Shot("a.jpg", AT), Shot("b.jpg", AT + timedelta(1))])
    (project.folder / other).write_bytes(b"of others")
    before = tree(project.folder)
    plan = rename_plan(project, "{taken}")
    assert "is taken" in plan.refused["a.jpg"]
    mover(project).execute(plan, "sandbox")
    assert tree(project.folder).items() >= {p: h for p, h in before.items() if p != "b.jpg"}.items()


def test_a_name_that_differs_in_accents_alone_is_taken(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("a.jpg", AT, camera="caf\u00e9")])
    (project.folder / "cafe\u0301.jpg").mkdir()
    assert "is taken" in rename_plan(project, "{camera}").refused["a.jpg"]


@pytest.mark.parametrize(
    ("names", "cameras"),
    [
        (("a.jpg", "b.jpg"), ("b", "a")),  # a swap
        (("a.jpg", "b.jpg", "c.jpg"), ("b", "c", "a")),  # a circle
        (("a.jpg", "b.jpg", "c.jpg"), ("b", "c", "d")),  # a chain
        (("A.jpg", "b.jpg"), ("a", "B")),  # case alone
        (("cafe\u0301.jpg", "b.jpg"), ("caf\u00e9", "c")),  # the form of accents alone
        (("a.jpg", "b.jpg", "c.jpg"), ("B", "a", "C")),
    ],
)
@pytest.mark.parametrize("equal", [False, True])
def test_names_are_exchanged_within_one_plan_and_back(
    tmp_path: Path, names: tuple[str, ...], cameras: tuple[str, ...], equal: bool
) -> None:
    content = b"the same bytes" if equal else b""
    shots = [
        Shot(n, AT, camera=c, beside=(n.replace(".jpg", ".xmp"),), content=content)
        for n, c in zip(names, cameras, strict=True)
    ]
    project = dated_project(tmp_path, shots)
    before, pairs = (
        tree(project.folder),
        dict(project.store.read(Photo).select("photo_id", "path").iter_rows()),
    )
    plan = rename_plan(project, "{camera}")
    assert dict(whole_moves(plan)) == {n: f"{c}.jpg" for n, c in zip(names, cameras, strict=True)}
    report = mover(project).execute(plan, "sandbox")
    assert (report.refused, report.failed) == ({}, {})
    after = tree(project.folder)
    for name, camera in zip(names, cameras, strict=True):
        assert after[f"{camera}.xmp"] == before[name.replace(".jpg", ".xmp")]
        assert after[f"{camera}.jpg"] == before[name]
    assert len(after) == len(before)
    assert rename_plan(project, "{camera}").operations == []
    look_again(project)
    wanted = {i: f"{cameras[names.index(path)]}.jpg" for i, path in pairs.items()}
    assert dict(project.store.read(Photo).select("photo_id", "path").iter_rows()) == wanted
    look_again(project)
    assert dict(project.store.read(Photo).select("photo_id", "path").iter_rows()) == wanted
    mover(project).undo(str(last_plan(project.ledger)))
    assert tree(project.folder) == before
    look_again(project)
    assert dict(project.store.read(Photo).select("photo_id", "path").iter_rows()) == pairs


def test_a_shot_that_is_left_keeps_its_name_from_the_others(tmp_path: Path) -> None:
    shots = [Shot("a.jpg", AT, camera="b"), Shot("b.jpg", AT, camera="c"), Shot("d.jpg", AT, camera="e")]
    project = dated_project(tmp_path, shots)
    (project.folder / "b.jpg").write_bytes(b"edited since")
    plan = rename_plan(project, "{camera}")
    assert "has changed since the last run" in plan.refused["b.jpg"]
    assert "b.jpg is there" in plan.refused["a.jpg"]
    assert [o.source for o in plan.operations] == ["d.jpg"]


def test_a_file_that_changes_between_plan_and_execution_is_not_touched(tmp_path: Path) -> None:
    shots = [
        Shot("a.jpg", AT, camera="b", beside=("a.xmp",)),
        Shot("b.jpg", AT, camera="c", beside=("b.xmp",)),
    ]
    project = dated_project(tmp_path, shots)
    plan = rename_plan(project, "{camera}")
    (project.folder / "b.jpg").write_bytes(b"edited since")
    before = tree(project.folder)
    report = mover(project).execute(plan, "sandbox")
    assert set(report.refused) == {"a.jpg", "b.jpg"}
    assert tree(project.folder) == before


def test_first_names_stay_known_through_several_renamings(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("IMG_1.jpg", AT, beside=("IMG_1.jpg.xmp",))])
    for template in ("{taken}_{name}", "{name}_{camera}", "{camera}-{taken:%Y}"):
        mover(project).execute(rename_plan(project, template), "sandbox")
    look_again(project)
    assert targets(project, "{name}") == {
        "X100-2025.jpg": "IMG_1.jpg",
        "X100-2025.jpg.xmp": "IMG_1.jpg.xmp",
    }
    assert project.ledger.rows(PhotoIdentity)[PhotoIdentity.first_path].to_list() == ["IMG_1.jpg"]
    assert project.ledger.rows(ApplyPlan)[ApplyPlan.verb].to_list() == ["rename"] * 3


def test_an_older_plan_is_not_undone_while_a_newer_one_has_its_files(tmp_path: Path) -> None:
    project = dated_project(
        tmp_path, [Shot("a.jpg", AT, beside=("a.xmp",)), Shot("b.jpg", AT, camera="D750")]
    )
    first = mover(project).execute(rename_plan(project, "{taken}{n?}"), "sandbox").plan_id
    second = mover(project).execute(rename_plan(project, "{camera}"), "sandbox").plan_id
    before = tree(project.folder)
    report = mover(project).undo(first)
    assert second in report.refused["a.jpg"]
    assert "Undo that plan first" in report.refused["a.jpg"]
    assert tree(project.folder) == before
    assert not mover(project).undo(second).refused
    assert not mover(project).undo(first).refused
    assert set(tree(project.folder)) == {"a.jpg", "a.xmp", "b.jpg"}


def test_a_file_written_beside_a_renamed_picture_returns_with_its_first_name(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("IMG_1.jpg", AT)])
    plan = mover(project).execute(rename_plan(project, "{camera}"), "sandbox").plan_id
    (project.folder / "X100.jpg.xmp").write_text("new")
    assert not mover(project).undo(plan).refused
    assert set(tree(project.folder)) == {"IMG_1.jpg", "IMG_1.jpg.xmp"}


def test_a_file_written_beside_pictures_that_exchanged_names_returns_with_its_own(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("a.jpg", AT, camera="b"), Shot("b.jpg", AT, camera="a")])
    plan = mover(project).execute(rename_plan(project, "{camera}"), "sandbox").plan_id
    (project.folder / "a.jpg.xmp").write_text("of what is b.jpg else")
    assert not mover(project).undo(plan).refused
    assert set(tree(project.folder)) == {"a.jpg", "b.jpg", "b.jpg.xmp"}


def test_stages_stay_sets_and_a_template_that_would_part_them_is_told(tmp_path: Path) -> None:
    shots = [Shot(f"x_stage{k}_a.png", AT + timedelta(seconds=k)) for k in (1, 2)]
    project = dated_project(tmp_path, shots)
    assert "1 sets of stages would be dissolved" in rename_plan(project, "{taken}_stage{stage}").warnings[-1]
    plan = rename_plan(project, "{taken}{n?}")
    assert not plan.warnings
    mover(project).execute(plan, "sandbox")
    look_again(project)
    assert set(project.store.read(Photo).select(Photo.series, Photo.stage).rows()) == {("x", 1.0), ("x", 2.0)}


def test_names_that_windows_refuses_keep_the_shot_where_it_is(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("a.jpg", AT, camera="CON"), Shot("b.jpg", AT, camera="a/b?c")])
    plan = rename_plan(project, "{camera}")
    assert "Windows does not take" in plan.refused["a.jpg"]
    assert [o.target for o in plan.operations] == ["a-b-c.jpg"]


def test_a_name_too_long_for_the_disk_keeps_the_shot_where_it_is(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("a.jpg", AT, camera="é" * 130)])
    assert "bytes" in rename_plan(project, "{camera}").refused["a.jpg"]


def test_an_unrun_project_says_so(tmp_path: Path) -> None:
    (tmp_path / "library/trip").mkdir(parents=True)
    project = dated_project(tmp_path, [])
    with pytest.raises(UsageError, match="no photos yet"):
        rename_plan(project)


def test_composed_names_are_written(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("a.jpg", AT, camera=unicodedata.normalize("NFD", "é"))])
    assert [o.target for o in rename_plan(project, "{camera}").operations] == ["é.jpg"]


def test_a_name_of_passage_that_is_taken_leaves_the_exchange_and_what_waits_for_it(tmp_path: Path) -> None:
    shots = [Shot(f"{n}.jpg", AT, camera=c) for n, c in (("a", "b"), ("b", "a"), ("d", "e"))]
    project = dated_project(tmp_path, shots)
    passage = next(o.target for o in rename_plan(project, "{camera}").operations if "~" in o.target)
    (project.folder / passage).write_bytes(b"of somebody")
    plan = rename_plan(project, "{camera}")
    assert plan.refused.keys() == {"a.jpg", "b.jpg"}
    assert all(f"{passage} is there already" in why for why in plan.refused.values())
    assert [(o.source, o.target) for o in plan.operations] == [("d.jpg", "e.jpg")]
    assert plan.counts["planned"] == 1


def test_of_several_plans_that_were_undone_the_last_tells_where_a_photo_is(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("a.jpg", AT), Shot("b.jpg", AT, camera="D750")])
    first, second = (ids(project)[tree(project.folder)[n]] for n in ("a.jpg", "b.jpg"))
    for hour in range(2):
        done = mover(project).execute(rename_plan(project, "{camera}"), "sandbox")
        applier = Applier(project, ApplySettings(), NOW + timedelta(hours=hour))
        assert not applier.undo(done.plan_id).refused
        if not hour:
            (project.folder / "a.jpg").rename(project.folder / "moved by hand.jpg")
            (project.folder / "b.jpg").rename(project.folder / "a.jpg")
            look_again(project)
    assert present_paths(project) == {first: "moved by hand.jpg", second: "a.jpg"}


def test_files_that_name_pictures_of_a_folder_are_told_when_these_are_renamed(tmp_path: Path) -> None:
    project = dated_project(tmp_path, [Shot("card/a.jpg", AT), Shot("X100.jpg", AT)])
    for path in ("card/.picasa.ini", "card/descript.ion", "descript.ion"):
        (project.folder / path).write_text("[a.jpg]")
    assert rename_plan(project, "{camera}").staying.keys() == {"card/.picasa.ini", "card/descript.ion"}
