"""Files that others made: everything ends as a photo or as a refusal with its reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proofsheet.review.status import project_status
from proofsheet.storage.workspace import Workspace
from schemas.library import OtherFile, Photo, Quarantine
from schemas.vectors import Embedding
from schemas.vision import ImageQuality
from tests.support.kit import SHARED, configuration, run, tree

FOLDERS = ("metadata_extractor", "immich_public_domain", "pillow_hpnd", "imagededup_apache2", "pdq_bsd")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason=f"the real files of others are not at hand ({SHARED.name} is missing)"
    ),
]


@pytest.mark.parametrize("name", FOLDERS)
def test_every_file_ends_as_photo_or_refusal(tmp_path: Path, name: str) -> None:
    shutil.copytree(SHARED / name, tmp_path / "library" / name)
    settings = configuration(tmp_path / "library", tmp_path / "home")
    (project,) = Workspace(settings.place).projects()
    before = tree(project.folder)
    assert run(settings, project).success
    state = project_status(project)
    assert state.files == len(before)
    store = project.store
    photos, refused, others = store.read(Photo), store.read(Quarantine), store.read(OtherFile)
    listed = [*photos[Photo.path], *refused[Quarantine.path], *others[OtherFile.path]]
    assert sorted(listed) == sorted(before)
    assert store.read(ImageQuality).height == store.read(Embedding).height == photos.height > 0
    assert all(len(reason) > 10 for reason in refused[Quarantine.reason])
    assert not refused.filter(refused[Quarantine.kind] == "reader_error").height
    assert tree(project.folder) == before
    generation = store.generation()
    assert run(settings, project).success
    assert store.generation() == generation


def test_the_twelve_edits_of_one_photograph_are_one_cluster(tmp_path: Path) -> None:
    """`dih` shows the same bridge turned and mirrored and is left out; the other folders are strangers."""
    library = tmp_path / "library" / "one"
    shutil.copytree(SHARED / "pdq_bsd" / "bridge-mods", library / "bridge")
    for folder in ("mate_backgrounds_gpl2", "imagededup_apache2", "immich_public_domain"):
        shutil.copytree(SHARED / folder, library / folder)
    settings = configuration(tmp_path / "library", tmp_path / "home")
    (project,) = Workspace(settings.place).projects()
    assert run(settings, project).success
    rows = project.store.query(
        "SELECT path, cluster_id FROM duplicates JOIN photos USING (project, photo_id)"
    )
    clusters = {frozenset(part["path"]) for part in rows.partition_by("cluster_id")}
    bridge = {p.relative_to(library).as_posix() for p in (library / "bridge").iterdir()}
    assert len(bridge) == 12
    assert frozenset(bridge) in clusters
    joined = "embeddings JOIN photos USING (project, photo_id)"
    like = f"array_cosine_similarity(vector, (SELECT vector FROM {joined} WHERE file_name = 'aaa-orig.jpg'))"
    nearest = project.store.query(f"SELECT path FROM {joined} ORDER BY {like} DESC LIMIT 12")
    assert set(nearest["path"]) == bridge
