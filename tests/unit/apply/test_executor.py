"""Apply and undo: plans, moves, refusals, and what a run sees afterwards."""

from __future__ import annotations

import errno
import os
import shutil
import unicodedata
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from proofsheet.apply.disk import Disk, TargetTaken
from proofsheet.apply.executor import Applier
from proofsheet.apply.moves import last_plan
from proofsheet.apply.plan import Plan, make_plan, with_keep_all
from proofsheet.apply.sandbox import make_sandbox
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.review.decision_request import DecisionRequest
from proofsheet.review.session import ReviewSession
from proofsheet.review.submission import submitted
from proofsheet.storage.workspace import Project, Workspace
from schemas.apply import FileOperation
from schemas.choices import Proposal
from schemas.groups import PhotoGroup
from schemas.library import OtherFile, Photo
from schemas.settings.apply import ApplySettings
from tests.support.kit import NOW, tree
from tests.support.review_kit import COMPANIONS, chosen_project, decide_all, run_choosing

Made = tuple[Configuration, Project]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("apply")
    _settings, project = chosen_project(place)
    decide_all(project, reject_every=5)
    return place


@pytest.fixture
def made(base: Path, tmp_path: Path) -> Made:
    """A copy of a project with submitted verdicts: four approved, one picked, one rejected."""
    from tests.support.kit import configuration

    shutil.copytree(base, tmp_path / "p")
    settings = configuration(
        tmp_path / "p/library", tmp_path / "p/home", photos={"workers": 1}, encoder={"encoder": "embedded"}
    )
    return settings, Workspace(settings.place).project("harbour")


def plan_of(project: Project) -> Plan:
    return make_plan(project, with_keep_all(submitted(project).standing(), project))


def applier(project: Project, disk: Disk | None = None) -> Applier:
    return Applier(project, ApplySettings(), NOW, disk)


def stats(folder: Path) -> dict[str, int]:
    return {p.relative_to(folder).as_posix(): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


def test_the_plan_changes_nothing_and_has_a_stable_hash(made: Made) -> None:
    _, project = made
    before, times = tree(project.folder), stats(project.folder)
    plan = plan_of(project)
    assert plan.plan_id == plan_of(project).plan_id
    assert (tree(project.folder), stats(project.folder)) == (before, times)
    assert plan.counts == {"planned": 5, "rejected: left as they are": 1}
    moves = [o for o in plan.operations if o.kind == "move"]
    assert len(moves) == 5 * 2 * (1 + len(COMPANIONS))
    assert all(
        o.target.startswith("selected/" if o.role == "winner" else ("selected/", "review/")) for o in moves
    )


def test_winners_others_companions_and_cuts_go_where_they_belong(made: Made) -> None:
    _, project = made
    before = tree(project.folder)
    plan = plan_of(project)
    report = applier(project).execute(plan, "sandbox")
    after = tree(project.folder)
    assert (report.sets, report.refused, report.failed) == (5, {}, {})
    moved = {o.source: o.target for o in plan.operations if o.kind == "move"}
    assert {moved.get(p, p): h for p, h in before.items()} == {
        p: h for p, h in after.items() if "_crop" not in p
    }
    for name in (p for p in after if p.endswith(".png") and "_crop" not in p and "/" in p):
        stem = name.removesuffix(".png")
        assert all(f"{stem}{kind}" in after for kind in COMPANIONS)
    cuts = [p for p in after if p.endswith("_crop.png")]
    assert len(cuts) == sum(o.kind == "crop" for o in plan.operations) == 2
    with Image.open(project.folder / cuts[0]) as cut:
        assert cut.size == (34, 26)
    assert any("day two" in p for p in after if p.startswith("selected/"))


def test_a_run_afterwards_sees_the_same_photos_sets_and_decisions(made: Made) -> None:
    settings, project = made
    ids = sorted(project.store.read(Photo)[Photo.photo_id])
    groups = project.store.read(PhotoGroup)
    chosen = project.store.read(Proposal).select(Proposal.group_id, Proposal.chosen_photo_id)
    applier(project).execute(plan_of(project), "sandbox")
    run_choosing(settings, "harbour")
    photos = project.store.read(Photo)
    assert sorted(photos[Photo.photo_id]) == ids
    assert photos[Photo.state].value_counts().sort(Photo.state).rows() == [
        ("in place", 2),
        ("review", 5),
        ("selected", 5),
    ]
    assert project.store.read(PhotoGroup).equals(groups)
    assert project.store.read(Proposal).select(Proposal.group_id, Proposal.chosen_photo_id).equals(chosen)
    assert project.store.read(OtherFile)[OtherFile.role].to_list().count("cut") == 2
    assert plan_of(project).operations == []
    assert plan_of(project).counts["applied already"] == 5


def test_undo_restores_paths_hashes_and_times_and_removes_folders(made: Made) -> None:
    settings, project = made
    before, times = tree(project.folder), stats(project.folder)
    applier(project).execute(plan_of(project), "sandbox")
    report = applier(project).undo(str(last_plan(project.ledger)))
    assert (report.sets, report.refused, report.failed) == (5, {}, {})
    assert (tree(project.folder), stats(project.folder)) == (before, times)
    assert not (project.folder / "selected").exists()
    assert last_plan(project.ledger) is None
    run_choosing(settings, "harbour")
    assert set(project.store.read(Photo)[Photo.state]) == {"in place"}


def test_another_verdict_after_apply_moves_the_pictures_again(made: Made) -> None:
    settings, project = made
    applier(project).execute(plan_of(project), "sandbox")
    run_choosing(settings, "harbour")
    session = ReviewSession(project, 0.05)
    one = next(
        p for p in session.proposals().sets if session.one(p.group_id)["verdict"]["action"] == "approved"
    )
    other = next(i for i in one.row["photo_ids"] if i != one.row["chosen_photo_id"])
    seen = session.one(one.group_id)["verdict"]["verdict_id"]
    session.decide(
        DecisionRequest("again", one.group_id, one.version, "pick", other, known_id=seen),
        NOW + timedelta(hours=1),
    )
    assert plan_of(project).operations == []
    session.submit("batch-2", NOW)
    plan = plan_of(project)
    roles = {o.role: o.target.partition("/")[0] for o in plan.operations if o.role in {"winner", "other"}}
    assert roles == {"winner": "selected", "other": "review"}
    assert applier(project).execute(plan, "sandbox").refused == {}


@pytest.mark.parametrize("twin", ["same", "case", "nfd"])
def test_an_existing_target_or_a_twin_of_it_is_never_written_over(made: Made, twin: str) -> None:
    _, project = made
    target = Path(
        next(o.target for o in plan_of(project).operations if o.role == "winner" and o.target.count("/") == 1)
    )
    name = {
        "same": target.name,
        "case": target.name.upper(),
        "nfd": unicodedata.normalize("NFD", target.name),
    }[twin]
    (project.folder / "selected").mkdir()
    (project.folder / "selected" / name).write_bytes(b"somebody else's")
    plan = plan_of(project)
    assert len(plan.refused) == 1
    assert "there already" in next(iter(plan.refused.values()))
    report = applier(project).execute(plan, "sandbox")
    assert report.sets == 4
    assert (project.folder / "selected" / name).read_bytes() == b"somebody else's"


def test_accented_twins_are_one_name(tmp_path: Path) -> None:
    (tmp_path / unicodedata.normalize("NFD", "é.jpg")).write_bytes(b"1")
    with pytest.raises(TargetTaken, match="is there already"):
        Disk().refuse_taken(tmp_path / unicodedata.normalize("NFC", "é.jpg"))


def test_a_target_that_appears_after_the_plan_leaves_the_whole_set(made: Made) -> None:
    _, project = made
    plan = plan_of(project)
    late = [o for o in plan.operations if o.kind == "move"][5]
    (project.folder / late.target).parent.mkdir(parents=True, exist_ok=True)
    (project.folder / late.target).write_bytes(b"late")
    before = {
        p: h
        for p, h in tree(project.folder).items()
        if p in {o.source for o in plan.operations if o.group_id == late.group_id}
    }
    report = applier(project).execute(plan, "sandbox")
    assert list(report.refused) == [late.group_id]
    assert report.sets == 4
    after = tree(project.folder)
    assert all(after[p] == h for p, h in before.items())
    assert (project.folder / late.target).read_bytes() == b"late"


def test_a_changed_or_vanished_file_and_a_shared_companion_are_refused_with_their_reason(made: Made) -> None:
    _, project = made
    sets = list(plan_of(project).by_set().values())
    (project.folder / sets[0][0].source).write_bytes(b"changed")
    (project.folder / sets[1][0].source).unlink()
    reasons = " | ".join(plan_of(project).refused.values())
    assert "has changed since the last run" in reasons
    assert "it was gone" in reasons
    assert len(plan_of(project).refused) == 2


def test_links_outward_are_refused(made: Made, tmp_path: Path) -> None:
    _, project = made
    (tmp_path / "elsewhere").mkdir()
    (project.folder / "selected").symlink_to(tmp_path / "elsewhere")
    plan = plan_of(project)
    assert len(plan.refused) == 5
    assert all("is a link" in r for r in plan.refused.values())
    assert list((tmp_path / "elsewhere").iterdir()) == []


class OtherFileSystem(Disk):
    """Refuses links into `selected/`, as another file system mounted there would."""

    def before(self, what: str, path: Path) -> None:
        if what == "link" and "selected" in path.parts:
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(path))


def test_another_file_system_gets_a_compared_copy_with_its_time(made: Made) -> None:
    _, project = made
    before, times = tree(project.folder), stats(project.folder)
    plan = plan_of(project)
    report = applier(project, OtherFileSystem()).execute(plan, "sandbox")
    assert (report.sets, report.failed) == (5, {})
    moved = {o.source: o.target for o in plan.operations if o.kind == "move"}
    after, later = tree(project.folder), stats(project.folder)
    assert all(after[moved.get(p, p)] == h and later[moved.get(p, p)] == times[p] for p, h in before.items())
    assert not [p for p in after if "part" in p]


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no second file system is here")
def test_a_real_move_between_file_systems(tmp_path: Path) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        if Path(other).stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("both lie on one file system")
        source, target = tmp_path / "a.bin", Path(other) / "b.bin"
        source.write_bytes(b"x" * 5000)
        os.utime(source, ns=(1, 1_600_000_000_123_456_789))
        import hashlib

        Disk().move(source, target, hashlib.sha256(source.read_bytes()).hexdigest())
        assert not source.exists()
        assert (target.read_bytes(), target.stat().st_mtime_ns) == (b"x" * 5000, 1_600_000_000_123_456_789)
        target.write_bytes(b"y")
        source.write_bytes(b"z")
        with pytest.raises(TargetTaken):
            Disk().move(source, target, "0" * 64)
        assert source.read_bytes() == b"z"


def test_a_copy_that_differs_from_the_plan_is_thrown_away(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "selected" / "a"
    target.parent.mkdir()
    source.write_bytes(b"one")
    with pytest.raises(OSError, match="differs"):
        OtherFileSystem().move(source, target, "0" * 64)
    assert source.read_bytes() == b"one"
    assert list(target.parent.iterdir()) == []


def test_a_cut_that_a_person_changed_is_not_removed_by_undo(made: Made) -> None:
    _, project = made
    applier(project).execute(plan_of(project), "sandbox")
    cut = next(project.folder.rglob("*_crop.png"))
    cut.write_bytes(b"my own work")
    report = applier(project).undo(str(last_plan(project.ledger)))
    assert "was changed since it was written" in next(iter(report.refused.values()))
    assert cut.read_bytes() == b"my own work"
    states = project.ledger.rows(FileOperation)[FileOperation.state].value_counts().rows()
    assert dict(states)["done"] == 1


def test_what_was_applied_is_known_before_the_next_run(made: Made) -> None:
    _, project = made
    applier(project).execute(plan_of(project), "sandbox")
    again = plan_of(project)
    assert (again.operations, again.refused, again.counts["applied already"]) == ([], {}, 5)
    applier(project).undo(str(last_plan(project.ledger)))
    assert plan_of(project).counts["planned"] == 5


def test_a_pilot_counts_what_it_applied_before(made: Made) -> None:
    _, project = made
    rows = with_keep_all(submitted(project).standing(), project)
    first = make_plan(project, rows, 3)
    assert (first.counts["planned"], first.counts["beyond the limit of pilot mode: left for later"]) == (3, 2)
    applier(project).execute(first, "pilot")
    second = make_plan(project, rows, 3)
    assert (second.operations, second.counts["beyond the limit of pilot mode: left for later"]) == ([], 2)


def test_a_file_in_the_place_of_a_cut_and_another_cut_than_before_are_told(made: Made) -> None:
    _, project = made
    plan = plan_of(project)
    cut = next(o for o in plan.operations if o.kind == "crop")
    (project.folder / cut.target).parent.mkdir(parents=True)
    (project.folder / cut.target).write_bytes(b"somebody else's")
    assert "there already" in plan_of(project).refused[cut.group_id]
    (project.folder / cut.target).unlink()
    applier(project).execute(plan_of(project), "sandbox")
    rows = with_keep_all(submitted(project).standing(), project)
    other = [{**r, "crop": [0.2, 0.2, 0.6, 0.6]} if r["group_id"] == cut.group_id else r for r in rows]
    assert "is another crop" in make_plan(project, other).refused[cut.group_id]


def test_a_cut_that_cannot_be_made_is_told_and_its_set_is_moved(made: Made) -> None:
    _, project = made
    cuts = [o.group_id for o in plan_of(project).operations if o.kind == "crop"]
    report = Applier(project, ApplySettings(), NOW, max_pixels=10).execute(plan_of(project), "sandbox")
    assert (report.sets, report.refused) == (5, {})
    assert sorted(report.uncut) == sorted(cuts)
    assert "At most 10 are cropped" in report.uncut[cuts[0]]
    assert not list(project.folder.rglob("*_crop.png"))


def test_a_sandbox_holds_equal_copies_and_is_a_project_of_its_own(made: Made) -> None:
    settings, project = made
    before = tree(project.folder)
    box = make_sandbox(project, 3)
    assert (box.sets, box.photos, box.companions) == (3, 6, 6 * len(COMPANIONS))
    assert tree(box.folder).items() <= before.items()
    found = Workspace(settings.place).project("sandbox/harbour")
    assert (found.sandbox, found.key != project.key) == (True, True)
    run_choosing(settings, "sandbox/harbour")
    decide_all(found)
    assert applier(found).execute(plan_of(found), "sandbox").sets == 3
    assert tree(project.folder) == before
    assert replace(found, sandbox=False) != found


def test_undo_takes_the_hash_that_was_shown_and_refuses_what_it_does_not_know(made: Made) -> None:
    _, project = made
    before = tree(project.folder)
    plan = plan_of(project)
    for _again in range(2):  # the second plan has the same hash, and another number
        applier(project).execute(plan, "sandbox")
        for unknown in ("nonsense", "", "-1"):
            with pytest.raises(
                UsageError, match=rf"No plan '{unknown}' was ever applied here.*{plan.plan_id}-1"
            ):
                applier(project).undo(unknown)
        assert applier(project).undo(plan.plan_id).sets == 5
        assert tree(project.folder) == before
    with pytest.raises(UsageError, match="2 plans begin with"):
        applier(project).undo(plan.plan_id[:3])
    assert applier(project).undo(f"{plan.plan_id}-1").sets == 5
