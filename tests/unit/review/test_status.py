"""What people are told of a project: what they wrote is never silently out of sight."""

from __future__ import annotations

from pathlib import Path

from proofsheet.review.status import project_status
from proofsheet.storage.workspace import Workspace
from schemas.edits import WordEdit
from schemas.library import Photo
from tests.support.kit import configuration, save_picture
from tests.unit.library.test_renamed_folders import EDIT, ran


def test_texts_of_photos_that_are_gone_are_counted(tmp_path: Path) -> None:
    save_picture(tmp_path / "library/Trip/a.png", 1)
    workspace = Workspace(configuration(tmp_path / "library", tmp_path / "home").place)
    project = ran(workspace, "Trip")
    (photo,) = project.store.read(Photo)[Photo.photo_id]
    project.ledger.add(WordEdit, [EDIT | {"photo_id": photo}])
    assert project_status(project).written_of_gone == 0
    (project.folder / "a.png").rename(project.folder / "b.png")
    assert project_status(ran(workspace, "Trip")).written_of_gone == 0
    (project.folder / "b.png").rename(tmp_path / "b.png")
    assert project_status(ran(workspace, "Trip")).written_of_gone == 1
    save_picture(project.folder / "b.png", 2)
    told = project_status(ran(workspace, "Trip"))
    assert (told.written_of_gone, told.photo_questions) == (1, 1)
    (tmp_path / "b.png").rename(project.folder / "c.png")
    told = project_status(ran(workspace, "Trip"))
    assert (told.written_of_gone, told.photo_questions) == (0, 0)
