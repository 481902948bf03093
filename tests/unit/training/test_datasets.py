"""What the fits read: `training_pairs`, of photos and of imported vectors, and what was missing is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from proofsheet.embedding.imported_vectors import NewVector, keep_imported
from proofsheet.history.training_pairs import pair_rows
from proofsheet.models import holdout_predictions, registry
from proofsheet.models.card_files import card_path
from proofsheet.selection.active_models import ranker_model_rows
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.training.datasets import across_projects, selection_data
from proofsheet.training.train import train_ranker
from schemas.groups import Duplicate
from schemas.history import ImportedVector
from schemas.library import Photo
from schemas.models import Fit, RankerFit, RankerModel
from schemas.selections import CropExample, Selection, VectorSelection
from schemas.settings.library import PlaceSettings
from schemas.settings.ranker import RankerSettings
from schemas.table import Table
from schemas.training import TrainingPair
from schemas.vectors import Embedding
from schemas.vision import ImageQuality, SaliencyGrid
from tests.support.kit import NOW

CLIP, WIDTH = "clip", 16
NONE: dict[type[Table], pl.DataFrame] = {
    t: t.frame() for t in (CropExample, Photo, ImageQuality, Embedding, SaliencyGrid, Duplicate)
}


def silent(_what: str, _done: int, _total: int) -> None:
    """Nobody listens."""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two projects without a picture."""
    for name in ("mojo1", "mojo2"):
        (tmp_path / "library" / name).mkdir(parents=True)
    return Workspace(PlaceSettings(library=str(tmp_path / "library"), home=str(tmp_path / "home")))


def lost_sets(project: Project, count: int, seed: int, encoder: str = CLIP) -> pl.DataFrame:
    """Sets of three stages of which only vectors are left.

    The middle stage won where its vector has a large first number.
    """
    rng, new = np.random.default_rng(seed), []
    names = [f"20250708_{k:06d}_stage{s}_x.png" for k in range(count) for s in (1, 2, 3)]
    vectors = rng.normal(size=(count * 3, WIDTH)).astype(np.float32)
    won = np.where(rng.random(count) < 0.5, 1, 2)
    vectors[np.arange(count) * 3 + won, 0] += 4.0
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    new = [
        NewVector(f"training data/{project.name}/{n}", encoder, None, v)
        for n, v in zip(names, vectors, strict=True)
    ]
    keep_imported(project, new, NOW)
    stored = project.ledger.rows(ImportedVector, encoder_id=encoder)
    ids = dict(stored.select(ImportedVector.file_name, ImportedVector.vector_id).iter_rows())
    sets = []
    for k in range(count):
        members = [ids[n] for n in names[3 * k : 3 * k + 3]]
        row = {VectorSelection.project: project.key, VectorSelection.set_key: f"{encoder} {project.name} {k}"}
        row |= {VectorSelection.encoder_id: encoder, VectorSelection.chosen_vector_id: members[won[k]]}
        row |= {
            VectorSelection.vector_ids: members,
            VectorSelection.photo_ids: [None] * 3,
            VectorSelection.top_vector_id: members[2],
        }
        row |= {
            VectorSelection.anomaly: bool(won[k] == 1),
            VectorSelection.session_id: "",
            VectorSelection.set_id: "",
        }
        sets.append(row | {VectorSelection.decided_at: None})
    return VectorSelection.frame(sets)


def publish(
    project: Project, pairs: pl.DataFrame, more: Mapping[type[Table], pl.DataFrame] | None = None
) -> None:
    project.store.publish({**NONE, **(more or {}), TrainingPair: pairs}, Stamp())


def pairs_of(project: Project, sets: pl.DataFrame) -> pl.DataFrame:
    return pair_rows(project.key, Selection.frame(), Photo.frame(), sets, project.ledger.rows(ImportedVector))


def test_a_set_of_lost_pictures_is_pairs_of_vectors_with_their_stages(workspace: Workspace) -> None:
    project = workspace.project("mojo1")
    pairs = pairs_of(project, lost_sets(project, 4, 1))
    assert pairs.height == 8
    assert pairs[TrainingPair.encoder_id].unique().to_list() == [CLIP]
    assert set(pairs[TrainingPair.winner_photo_id]) <= set(
        project.ledger.rows(ImportedVector)[ImportedVector.vector_id]
    )
    lower = pairs.filter(pl.col(TrainingPair.loser_stage) > pl.col(TrainingPair.winner_stage))
    assert lower.height == pairs[TrainingPair.anomaly].sum()


def test_the_table_is_the_truth_a_changed_row_changes_what_is_learnt(workspace: Workspace) -> None:
    project = workspace.project("mojo1")
    pairs = pairs_of(project, lost_sets(project, 4, 1))
    publish(project, pairs)
    sources, left = across_projects(workspace, CLIP, 1)
    data = selection_data(sources)
    assert left == {"mojo2": "never run"}
    assert len(data.winner) == 4
    assert not data.features.known.any()
    first, winner, loser = data.keys[0], TrainingPair.winner_photo_id, TrainingPair.loser_photo_id
    stages = {winner: TrainingPair.winner_stage, loser: TrainingPair.loser_stage}
    one = pairs.filter(pl.col(TrainingPair.set_key) == first)
    other, old = one[loser][0], one[winner][0]
    level = {old: one[stages[winner]][0], **dict(one.select(loser, stages[loser]).iter_rows())}
    rows = [{**r, winner: other, stages[winner]: level[other]} for r in one.to_dicts()]
    rows[0] |= {loser: old, stages[loser]: level[old]}
    publish(
        project, pl.concat([TrainingPair.frame(rows), pairs.filter(pl.col(TrainingPair.set_key) != first)])
    )
    changed = selection_data(across_projects(workspace, CLIP, 1)[0])
    assert changed.members[0] == data.members[0]
    assert changed.members[0][changed.winner[0]] == other != data.members[0][data.winner[0]]
    assert changed.data_hash != data.data_hash


def test_vectors_of_another_encoder_are_left_out_and_told(workspace: Workspace) -> None:
    first, second = (workspace.project(n) for n in ("mojo1", "mojo2"))
    publish(first, pairs_of(first, lost_sets(first, 5, 1)))
    publish(second, pairs_of(second, lost_sets(second, 2, 2, "other")))
    sources, left = across_projects(workspace, CLIP, 1)
    assert list(sources) == ["mojo1"]
    assert left == {"mojo2": "its vectors are not those of clip, but of other"}


def test_a_project_with_choices_and_no_crops_is_left_out_of_crops_for_that(workspace: Workspace) -> None:
    project = workspace.project("mojo1")
    publish(project, pairs_of(project, lost_sets(project, 5, 1)))
    sources, left = across_projects(workspace, CLIP, 1, CropExample)
    assert not sources
    assert left == {"mojo1": "no crops", "mojo2": "never run"}


def test_a_matrix_that_is_gone_leaves_its_sets_out_and_they_are_counted(workspace: Workspace) -> None:
    project = workspace.project("mojo1")
    publish(project, pairs_of(project, lost_sets(project, 3, 1)))
    for file in project.vectors.iterdir():
        file.unlink()
    data = selection_data(across_projects(workspace, CLIP, 1)[0])
    assert (len(data.winner), data.skipped) == (0, {"mojo1": 3})


@pytest.mark.long
def test_a_ranker_is_trained_from_vectors_alone_and_card_and_outcome_say_so(workspace: Workspace) -> None:
    project = workspace.project("mojo1")
    publish(project, pairs_of(project, lost_sets(project, 60, 3)))
    settings = RankerSettings(epochs=6)
    outcome = train_ranker(workspace, settings, CLIP, "cpu", NOW, silent)
    told = "quality measurements missing for 180 of 180 pictures; trained from vector and stage"
    assert outcome.promoted, outcome.message
    assert outcome.message.endswith(told)
    card = card_path(workspace.shared.models, outcome.fit_id).read_text("utf-8")
    for part in (
        told,
        "measurements: not used",
        "the direction in which winners differ",
        "judged in cross-validation on 60 sets",
        "* epochs: 6",
    ):
        assert part in card
    (fit,) = workspace.shared.ledger.rows(Fit).to_dicts()
    facts = json.loads(fit[Fit.card])["data"]
    assert facts["training_pairs"].startswith("120 rows, hash ")
    trained = holdout_predictions.trained_on(workspace.shared.models, outcome.fit_id)
    assert trained is not None
    assert trained.height == fit[Fit.sets] < 60
    assert facts["trained on"].startswith(f"{trained.height} sets, hash of their keys ")
    again = train_ranker(workspace, settings, CLIP, "cpu", NOW, silent)
    assert again.message.startswith("nothing new since")


def test_a_ranker_of_one_project_serves_that_project_alone(workspace: Workspace) -> None:
    project, other = (workspace.project(n) for n in ("mojo1", "mojo2"))
    publish(project, pairs_of(project, lost_sets(project, 40, 3)))
    outcome = train_ranker(workspace, RankerSettings(epochs=4), CLIP, "cpu", NOW, silent)
    assert outcome.promoted, outcome.message
    fits = registry.fit_rows(RankerFit, "ranker", workspace.shared)
    rows = [
        ranker_model_rows(p, fits, Embedding.frame(), RankerSettings()).to_dicts()[0]
        for p in (project, other)
    ]
    assert [r[RankerModel.status] for r in rows] == ["active", "not available"]
    assert "from vectors and stages" in rows[0][RankerModel.note]
    assert "trained on another project alone" in rows[1][RankerModel.note]


def test_sets_that_share_a_picture_are_never_on_two_sides_of_a_split(workspace: Workspace) -> None:
    project = workspace.project("mojo1")
    rows = pairs_of(project, lost_sets(project, 3, 1)).sort(TrainingPair.set_key).to_dicts()
    rows[0][TrainingPair.loser_photo_id] = rows[-1][TrainingPair.winner_photo_id]
    publish(project, TrainingPair.frame(rows))
    data = selection_data(across_projects(workspace, CLIP, 1)[0])
    assert data.keys == [f"clip mojo1 {k}" for k in range(3)]
    assert data.clusters == [data.keys[0], data.keys[1], data.keys[0]]


def test_imported_vectors_of_another_encoder_do_not_unseat_the_model_that_serves(
    workspace: Workspace,
) -> None:
    project, own = workspace.project("mojo1"), "dct"
    sets = pl.concat([lost_sets(project, 30, 3, own), lost_sets(project, 40, 4)])
    publish(project, pairs_of(project, sets))

    def train(encoder_id: str, least: int = 30) -> str:
        return train_ranker(
            workspace, RankerSettings(epochs=2, least_sets=least), encoder_id, "cpu", NOW, silent
        ).message

    def serving() -> str:
        found = registry.champion(workspace.shared.ledger, "ranker")
        return str(found and found[Fit.encoder_id])

    sources, left = across_projects(workspace, own, 30)
    assert set(sources["mojo1"].frames[TrainingPair][TrainingPair.encoder_id]) == {own}
    assert left["mojo1"] == "of its examples 40 on vectors of clip; training uses the 30 on those of dct"
    assert train(own).endswith("trained from vector and stage")
    assert serving() == own
    assert train(own, least=35).startswith("not trained: too few sets with a choice use vectors of dct")
    train(CLIP)
    assert serving() == CLIP
    seen = Embedding.frame(
        [dict.fromkeys(Embedding.polars_schema()) | {"project": project.key, "encoder_id": own}]
    )
    (row,) = ranker_model_rows(
        project, registry.fit_rows(RankerFit, "ranker", workspace.shared), seen, RankerSettings()
    ).to_dicts()
    assert "as soon as 30 sets with a choice rest on such vectors" in row[RankerModel.note]
    assert train(own).startswith("nothing new since")
    assert serving() == own
