"""Metadata of originals: written once, brought back byte by byte, never over what others changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from proofsheet.apply.disk import Disk
from proofsheet.apply.executor import Applier
from proofsheet.publish.xmp_sidecar import Fields
from proofsheet.storage.workspace import Project
from schemas.apply import FileOperation
from schemas.metadata_changes import MetadataChange
from schemas.settings.apply import ApplySettings
from tests.support.embed_kit import CONTAINERS, embed_plan, embed_project, picture
from tests.support.kit import NOW, tree

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = embed_project(tmp_path)
    for kind in CONTAINERS:
        picture(found.folder / f"{kind}.{kind}")
    return found


def applier(project: Project, disk: Disk | None = None) -> Applier:
    return Applier(project, ApplySettings(), NOW, disk)


def times(project: Project) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in project.folder.iterdir()}


def test_files_are_written_and_come_back_byte_by_byte_with_their_times_and_rights(project: Project) -> None:
    (project.folder / "jpg.jpg").chmod(0o640)
    before, when = tree(project.folder), times(project)
    report = applier(project).execute(embed_plan(project), "sandbox")
    assert (report.files, report.refused, report.failed) == (6, {}, {})
    after = tree(project.folder)
    assert not set(before.values()) & set(after.values())
    assert times(project) == when
    assert (project.folder / "jpg.jpg").stat().st_mode & 0o777 == 0o640
    assert embed_plan(project).operations == []  # a second plan has nothing to do
    blocks = project.ledger.rows(MetadataChange)[MetadataChange.block]
    assert max(map(len, blocks)) < 5000
    undone = applier(project).undo(report.plan_id)
    assert (undone.files, undone.sets, undone.refused) == (6, 6, {})
    assert (tree(project.folder), times(project)) == (before, when)
    assert set(project.ledger.rows(FileOperation)[FileOperation.state]) == {"undone"}
    assert applier(project).undo(report.plan_id).files == 0


def test_a_file_that_changed_between_plan_and_execution_is_not_touched(project: Project) -> None:
    plan = embed_plan(project)
    changed = picture(project.folder / "png.png", 7)
    content = changed.read_bytes()
    report = applier(project).execute(plan, "sandbox")
    assert changed.read_bytes() == content
    assert (report.files, list(report.refused)) == (5, ["png.png"])
    assert "changed since the plan" in report.refused["png.png"]


def test_a_file_that_changes_while_it_is_written_is_not_touched(project: Project) -> None:
    class Meddling(Disk):
        def before(self, what: str, path: Path) -> None:
            if what == "replace" and path.suffix == ".tif":
                path.write_bytes(b"by another program")

    report = applier(project, Meddling()).execute(embed_plan(project), "sandbox")
    assert (project.folder / "tif.tif").read_bytes() == b"by another program"
    assert (report.files, list(report.refused)) == (5, ["tif.tif"])
    assert sorted(p.name for p in project.folder.iterdir()) == sorted(f"{k}.{k}" for k in CONTAINERS)


def test_undo_leaves_a_file_that_was_changed_since_and_says_so(project: Project) -> None:
    report = applier(project).execute(embed_plan(project), "sandbox")
    (project.folder / "jpg.jpg").write_bytes(b"edited elsewhere")
    (project.folder / "webp.webp").unlink()
    undone = applier(project).undo(report.plan_id)
    assert (project.folder / "jpg.jpg").read_bytes() == b"edited elsewhere"
    assert undone.files == 4
    assert "was changed since texts were written" in undone.refused["jpg.jpg"]
    assert set(undone.refused) == {"jpg.jpg", "webp.webp"}


def test_undo_refuses_a_damaged_block(project: Project) -> None:
    report = applier(project).execute(embed_plan(project), "sandbox")
    row = project.ledger.rows(MetadataChange).to_dicts()[0]
    other = project.ledger.rows(MetadataChange).to_dicts()[1]
    project.ledger.put(MetadataChange, [{**row, MetadataChange.block: other[MetadataChange.block]}])
    before = tree(project.folder)
    undone = applier(project).undo(report.plan_id)
    (path,) = undone.refused
    assert tree(project.folder)[path] == before[path]
    assert undone.files == 5


def test_several_plans_are_undone_one_after_another(project: Project) -> None:
    before = tree(project.folder)
    first = applier(project).execute(embed_plan(project), "sandbox")
    between = tree(project.folder)
    second = applier(project).execute(
        embed_plan(project, Fields(title="Other", keywords=("new",))), "sandbox"
    )
    assert second.files == 6
    undone = applier(project).undo(first.plan_id)
    assert len(undone.refused) == 6  # the later one comes first
    assert applier(project).undo(second.plan_id).files == 6
    assert tree(project.folder) == between
    assert applier(project).undo(first.plan_id).files == 6
    assert tree(project.folder) == before


def test_the_journal_has_every_value_before_the_first_file_is_touched(project: Project) -> None:
    class Dead(Disk):
        def before(self, what: str, path: Path) -> None:
            raise KeyboardInterrupt

    plan = embed_plan(project)
    with pytest.raises(KeyboardInterrupt):
        applier(project, Dead()).execute(plan, "sandbox")
    rows = project.ledger.rows(MetadataChange).to_dicts()
    assert [json.loads(r[MetadataChange.values]) for r in rows] == [
        plan.values[o.source] for o in plan.operations
    ]
    assert set(project.ledger.rows(FileOperation)[FileOperation.state]) == {"planned"}
