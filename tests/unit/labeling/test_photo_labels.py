"""Labels of photos: names, thresholds, and the scenes that follow from them."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from proofsheet.embedding.imagenet_names import class_names
from proofsheet.labeling.photo_labels import best_labels, choose_labeller
from proofsheet.labeling.scenes import rows_of_labels
from schemas.labels import PhotoLabel, Scene
from schemas.settings.encoder import EncoderSettings
from schemas.settings.labels import LabelSettings, SceneSettings
from schemas.settings.photos import PhotoSettings
from schemas.vectors import Embedding
from tests.support.kit import SHARED, configuration, only_project, run, save_picture

GUITAR = SHARED / "imagededup_apache2" / "base_images" / "ukbench09012.jpg"


def test_every_class_has_a_plain_name() -> None:
    names = class_names()
    assert len(names) == 1000
    assert all(name and not set(name) & set("(),/_") for name in names)
    assert {names[k] for k in (219, 281, 402, 970)} == {
        "cocker spaniel",
        "cat",
        "acoustic guitar",
        "mountain",
    }


def test_scores_of_one_name_add_up_and_weak_labels_are_left_out() -> None:
    frogs = [k for k, name in enumerate(class_names()) if name == "frog"]
    classes, scores = [*frogs, 402, 970], [0.3, 0.2, 0.1, 0.3, 0.04]
    found = best_labels(classes, scores, LabelSettings())
    assert [label for label, _score in found] == ["frog", "acoustic guitar"]
    assert found[0][1] == pytest.approx(0.6)
    assert len(best_labels(classes, scores, LabelSettings(most=1))) == 1
    assert best_labels(classes, scores, LabelSettings(least=0.9)) == []


def embedded(*photos: str) -> pl.DataFrame:
    return Embedding.frame(
        {Embedding.project: "p", Embedding.photo_id: p, Embedding.encoder_id: "e", Embedding.vector: [1.0]}
        for p in photos
    )


def test_sure_labels_are_scenes_and_a_missing_network_is_said() -> None:
    labels = PhotoLabel.frame(
        {
            PhotoLabel.project: "p",
            PhotoLabel.photo_id: "a",
            PhotoLabel.rank: rank,
            PhotoLabel.label: label,
            PhotoLabel.score: score,
            PhotoLabel.labelled_by: "lite0",
        }
        for rank, (label, score) in enumerate([("frog", 0.8), ("lake", 0.1)], start=1)
    )
    rows = rows_of_labels("p", embedded("a", "b"), labels, SceneSettings(), "").to_dicts()
    assert [(r[Scene.status], [s["label"] for s in r[Scene.labels]]) for r in rows] == [
        ("labelled", ["frog"]),
        ("labelled", []),
    ]
    missing = rows_of_labels("p", embedded("a"), PhotoLabel.frame(), SceneSettings(), "run pip install x")
    assert missing[Scene.status].to_list() == ["not available"]
    assert missing[Scene.note].to_list() == ["run pip install x"]


def test_without_the_network_there_are_no_labels_and_the_reason_says_why(tmp_path: Path) -> None:
    none = choose_labeller(LabelSettings(model="none"), tmp_path)
    assert none.network is None
    assert "[labels]" in none.why
    assert choose_labeller(LabelSettings(), tmp_path).network is not None


def test_a_changed_threshold_makes_labels_again_and_opens_no_file(tmp_path: Path) -> None:
    place = tmp_path / "library" / "one"
    place.mkdir(parents=True)
    shutil.copy(GUITAR, place)
    save_picture(place / "dot.png", 1, (1, 1))
    save_picture(place / "strip.png", 2, (2000, 5))

    def labelled(**labels: object) -> pl.DataFrame:
        settings = configuration(
            tmp_path / "library",
            tmp_path / "home",
            photos=PhotoSettings(workers=1),
            encoder=EncoderSettings(encoder="lite0"),
            labels=LabelSettings(**labels),  # type: ignore[arg-type]
        )
        result = run(settings, only_project(settings), Scene.name)
        assert result.success
        made = [
            e for e in result.get_asset_materialization_events() if e.asset_key.to_user_string() == "photos"
        ]
        decoded = made[0].materialization.metadata["decoded"].value
        store = only_project(settings).store
        assert store.read(Embedding).height == 3
        assert store.read(Embedding)[Embedding.encoder_id].str.starts_with("lite0").all()
        return store.read(PhotoLabel).with_columns(decoded=pl.lit(decoded))

    first, second = labelled(), labelled(least=0.85, most=1)
    assert first["decoded"].unique().to_list() == [3]
    assert second["decoded"].unique().to_list() == [0]
    assert second[PhotoLabel.label].to_list() == ["acoustic guitar"]
    assert first.height >= second.height
    assert set(first[PhotoLabel.rank]) <= set(range(1, 6))
