"""Texts of a photo go to its own file, though names were exchanged and no run has seen it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dagster_project.commands.publish import sidecars
from proofsheet.proof.text_review import review
from proofsheet.publish.embed_plan import make_embed_plan
from proofsheet.publish.service import copies_now, publish_now
from proofsheet.publish.sidecar_plan import sidecar_work
from proofsheet.publish.uploader import candidates
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project, Workspace
from schemas.library import ExifFact, Photo
from schemas.proof import MetadataQuality
from schemas.settings.publish import PublishSettings
from tests.support.kit import NOW, Shell, configuration, name_subject, run, tree
from tests.support.rename_kit import mover, rename_plan
from tests.support.review_kit import sets_library

CHANGED = "has changed since the last run. Run the project first."
pytestmark = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with approved texts, without sidecars of others."""
    place = tmp_path_factory.mktemp("contents")
    folder = sets_library(place / "library", "harbour", 2, size=(96, 64))
    for file in (*folder.glob("*.xmp"), *folder.glob("*.wav")):
        file.unlink()
    settings = configuration(
        place / "library", place / "home", photos={"workers": 1}, encoder={"encoder": "embedded"}
    )
    project = Workspace(settings.place).project("harbour")
    name_subject(project, "Boats in a harbour")
    assert run(settings, project).success
    for photo in project.store.read(MetadataQuality)[MetadataQuality.photo_id]:
        review(project.ledger, photo, "approved", "", NOW)
    return place


@pytest.fixture
def project(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    shutil.copytree(base, tmp_path / "p")
    settings = configuration(tmp_path / "p/library", tmp_path / "p/home")
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(tmp_path / "p/library"))
    monkeypatch.setenv("PROOFSHEET_HOME", str(tmp_path / "p/home"))
    return Workspace(settings.place).project("harbour")


def ready(project: Project) -> dict[str, str]:
    """Photo to path, for those with approved texts."""
    return {c.photo_id: c.path for c in candidates(project, "files") if not c.held_back}


def contents(project: Project) -> dict[str, str]:
    """Photo to content, as the last run saw it."""
    return dict(project.store.read(Photo).select(Photo.photo_id, Photo.content_hash).iter_rows())


def exchange(project: Project, first: str, second: str) -> None:
    """Exchange the names of two photos by a renaming; the others keep theirs."""
    stems = {p: Path(n).stem for p, n in project.store.read(Photo).select("photo_id", "path").iter_rows()}
    names = stems | {first: stems[second], second: stems[first]}
    empty = dict.fromkeys(ExifFact.polars_schema().names())
    rows = [
        empty | {ExifFact.project: project.key, ExifFact.photo_id: p, ExifFact.model: n}
        for p, n in names.items()
    ]
    project.store.publish({ExifFact: ExifFact.frame(rows)}, Stamp())
    assert not mover(project).execute(rename_plan(project, "{camera}"), "sandbox").refused


def test_after_an_exchange_of_names_texts_follow_their_pictures_before_a_run(project: Project) -> None:
    before, seen = ready(project), contents(project)
    first, second = before
    exchange(project, first, second)
    assert ready(project) == {first: before[second], second: before[first]}
    files = tree(project.folder)
    assert {p: files[path] for p, path in ready(project).items()} == {p: seen[p] for p in before}
    assert {o.photo_id: o.source for o in make_embed_plan(project, None).operations} == ready(project)
    assert sorted(one.path for one in sidecar_work(project)) == sorted(before.values())
    titles = {c.path: c.texts["title"] for c in candidates(project, "files") if not c.held_back}
    assert {one.path: one.fields.title for one in sidecar_work(project)} == titles


def test_pictures_that_were_exchanged_by_hand_get_no_texts_before_a_run(
    project: Project, tmp_path: Path
) -> None:
    first, second = (project.folder / path for path in ready(project).values())
    first.rename(tmp_path / "x")
    second.rename(first)
    (tmp_path / "x").rename(second)
    paths, files = sorted(ready(project).values()), tree(project.folder)
    told = [f"{path} {CHANGED}" for path in paths]
    plan = make_embed_plan(project, None)
    assert (plan.operations, [plan.refused[path] for path in paths]) == ([], told)
    settings = PublishSettings(target=f"folder:{tmp_path / 'out'}")
    copies = copies_now(project, settings, candidates(project, "files"))
    assert [one["problem"] for one in copies] == told
    done = publish_now(project, settings)
    assert (done.published, [one["problem"] for one in done.failed]) == ([], told)
    answer = Shell(project.home).json(str(sidecars.name), "harbour", "--execute", code=1)
    assert (answer["written"], [one["problem"] for one in answer["refused"]]) == (0, told)
    assert tree(project.folder) == files


def test_what_embed_wrote_since_the_last_run_is_still_the_picture(project: Project) -> None:
    plan = make_embed_plan(project, None)
    assert mover(project).execute(plan, "sandbox").files == len(plan.operations) == 2
    assert not make_embed_plan(project, None).refused
    mover(project).undo(plan.plan_id)
    assert make_embed_plan(project, None).plan_id == plan.plan_id
