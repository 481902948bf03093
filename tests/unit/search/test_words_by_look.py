"""Words by look, with a small CLIP of random weights: real loading, real vectors of texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from proofsheet.embedding import torch_runtime
from proofsheet.search.search import Search
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.settings.photos import PhotoSettings
from schemas.vectors import Embedding
from tests.support.kit import pixels
from tests.unit.embedding.test_encoders import clip, settings_for, tiny  # noqa: F401 - a fixture
from tests.unit.search.test_search import photo_row

pytestmark = pytest.mark.skipif(not torch_runtime.installed(), reason="open_clip is not installed")
PATHS = ("a.jpg", "red door.jpg", "c.jpg")


@pytest.fixture
def searching(tiny: dict[str, Path], tmp_path: Path) -> Search:  # noqa: F811 - the fixture above
    """Three photos with vectors of the small CLIP."""
    settings = settings_for(tiny)
    project = Project("key", "harbour", tmp_path / "harbour", tmp_path / "home")
    model = clip(settings, project.models)
    vectors = model.vectors(np.stack([pixels(seed, 64, 64) for seed in range(3)]))
    rows = [
        {"project": "key", "photo_id": f"id-{p}", "encoder_id": model.encoder_id, "vector": v.tolist()}
        for p, v in zip(PATHS, vectors, strict=True)
    ]
    photos = Photo.frame(photo_row("key", p) for p in PATHS)
    project.store.publish({Photo: photos, Embedding: Embedding.frame(rows)}, Stamp())
    return Search(project, settings, PhotoSettings())


def test_photos_that_look_so_come_after_those_that_hold_the_words(searching: Search) -> None:
    found = searching.text("a red door", 10)
    assert found.notes == []
    assert found.hits[0].path == "red door.jpg"
    assert {hit.path for hit in found.hits[1:]} == {"a.jpg", "c.jpg"}
    model = clip(searching.encoding, searching.project.models)
    vector = model.texts(["a red door"])[0]
    rows = dict(searching.project.store.read(Embedding).select("photo_id", "vector").iter_rows())
    for hit in (h for h in found.hits if h.why == "looks like these words"):
        assert hit.score == pytest.approx(float(np.dot(vector, rows[hit.photo_id])), abs=1e-4)
        assert hit.by == model.encoder_id


def test_vectors_of_another_encoder_are_not_compared_with_words(searching: Search) -> None:
    rows = searching.project.store.read(Embedding)
    other = rows.with_columns(encoder_id=rows["encoder_id"].str.to_uppercase())
    searching.project.store.publish({Embedding: other}, Stamp("2"))
    found = searching.text("door", 10)
    assert [hit.path for hit in found.hits] == ["red door.jpg"]
    assert "proofsheet run harbour" in found.notes[0]
