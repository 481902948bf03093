"""Apply, rename and organize one after another, or after changes by hand, with no run between."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from proofsheet.apply.crop_files import pixel_box
from proofsheet.apply.name_template import parse_template
from proofsheet.apply.organize_plan import LAYOUT_FIELDS, make_organize_plan
from proofsheet.apply.plan import Plan, make_plan, with_keep_all
from proofsheet.review.submission import submitted
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project, Workspace
from schemas.choices import Proposal
from schemas.library import ExifFact, Photo
from tests.support.kit import configuration, tree
from tests.support.rename_kit import look_again, mover, photos_of, rename_plan
from tests.support.review_kit import chosen_project, decide_all

BOX = [0.1, 0.1, 0.8, 0.9]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("chain")
    decide_all(chosen_project(place, sets=2)[1], crop_every=1)
    return place


@pytest.fixture
def project(base: Path, tmp_path: Path) -> Project:
    """A copy of a project with two sets: the winner of each is to be cut."""
    shutil.copytree(base, tmp_path / "p")
    settings = configuration(tmp_path / "p/library", tmp_path / "p/home")
    return Workspace(settings.place).project("harbour")


def apply_plan(project: Project) -> Plan:
    return make_plan(project, with_keep_all(submitted(project).standing(), project))


def filing_plan(project: Project) -> Plan:
    layout = parse_template("filed/of {stage}", LAYOUT_FIELDS, folders=True)
    return make_organize_plan(project, photos_of(project), layout)


def exchange(project: Project) -> None:
    """Exchange the names of the pictures of a set, by a renaming."""
    stems = {p: Path(n).stem for p, n in project.store.read(Photo).select("photo_id", "path").iter_rows()}
    for first, second in project.store.read(Proposal)[Proposal.photo_ids].to_list():
        stems |= {first: stems[second], second: stems[first]}
    empty = dict.fromkeys(ExifFact.polars_schema().names()) | {ExifFact.project: project.key}
    rows = [empty | {ExifFact.photo_id: p, ExifFact.model: n} for p, n in stems.items()]
    project.store.publish({ExifFact: ExifFact.frame(rows)}, Stamp())
    assert not mover(project).execute(rename_plan(project, "{camera}"), "sandbox").refused


def pixels_of(path: Path, box: list[float] | None = None) -> np.ndarray:
    with Image.open(path) as opened:
        image = opened.convert("RGB")
        return np.asarray(image.crop(pixel_box(box, *image.size)) if box else image)


def test_after_a_renaming_each_cut_is_made_from_the_winner(project: Project) -> None:
    seen = {
        r["photo_id"]: pixels_of(project.folder / r["path"], BOX)
        for r in project.store.read(Photo).to_dicts()
    }
    exchange(project)
    plan = apply_plan(project)
    report = mover(project).execute(plan, "sandbox")
    assert (report.sets, report.refused, report.uncut) == (2, {}, {})
    cuts = [o for o in plan.operations if o.kind == "crop"]
    assert len(cuts) == 2
    assert all(np.array_equal(pixels_of(project.folder / o.target), seen[o.photo_id]) for o in cuts)
    assert apply_plan(project).operations == []


def test_a_winner_in_its_place_that_has_changed_since_the_run_is_not_cut(project: Project) -> None:
    rows = with_keep_all(submitted(project).standing(), project)
    mover(project).execute(make_plan(project, [{**r, "crop": None} for r in rows]), "sandbox")
    cuts = {o.source: o.group_id for o in apply_plan(project).operations}
    assert len(cuts) == 2
    for path in cuts:
        (project.folder / path).write_bytes(b"edited since")
    plan = apply_plan(project)
    assert plan.operations == []
    assert all("has changed since the last run" in plan.refused[group] for group in cuts.values())


def test_after_a_filing_apply_finds_its_pictures_in_place_and_keeps_the_filing(project: Project) -> None:
    mover(project).execute(apply_plan(project), "sandbox")
    assert mover(project).execute(filing_plan(project), "sandbox").sets == 2
    before = tree(project.folder)
    assert {str(Path(path).parent) for path in before} == {"selected/filed/of 1", "review/filed/of 1"}
    plan = apply_plan(project)
    assert (plan.operations, plan.refused, plan.counts["applied already"]) == ([], {}, 2)


def test_pictures_that_were_filed_before_apply_stay_in_their_new_folders(project: Project) -> None:
    mover(project).execute(filing_plan(project), "sandbox")
    assert mover(project).execute(apply_plan(project), "sandbox").refused == {}
    folders = {str(Path(path).parent) for path in tree(project.folder)}
    assert folders == {"selected/filed/of 1", "review/filed/of 1"}


def test_a_crop_that_a_person_deleted_does_not_hold_its_picture(project: Project) -> None:
    mover(project).execute(apply_plan(project), "sandbox")
    gone, kept = sorted((project.folder / "selected").glob("*_crop.png"))
    gone.unlink()
    plan = rename_plan(project, "trip_{name}")
    assert (plan.counts["planned"], plan.refused) == (4, {})
    assert f"selected/trip_{kept.name}" in {o.target for o in plan.operations}
    assert (filing_plan(project).counts["planned"], filing_plan(project).refused) == (2, {})


def test_a_picture_that_a_person_took_away_from_its_crop_is_filed_without_it(project: Project) -> None:
    mover(project).execute(apply_plan(project), "sandbox")
    crop = min((project.folder / "selected").glob("*_crop.png"))
    stem = crop.name.removesuffix("_crop.png")
    (project.folder / "keep").mkdir()
    for file in (f for f in (project.folder / "selected").glob(f"{stem}*") if f != crop):
        file.rename(project.folder / "keep" / file.name)
    look_again(project)
    for plan in (filing_plan(project), rename_plan(project, "trip_{name}")):
        sources = {o.source for o in plan.operations}
        assert plan.refused == {}
        assert f"keep/{stem}.png" in sources
        assert f"selected/{crop.name}" not in sources
