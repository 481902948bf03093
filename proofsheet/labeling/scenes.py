"""Scenes: by comparing pictures with texts where the encoder reads texts, by a classifier, or by labels.

Holds `scene_rows`, `classified_rows`, `rows_of_labels` and the labels.
Add here: a label.
Keep out: encoders.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.embedding.encoders import Encoder
from schemas.labels import PhotoLabel, Scene
from schemas.settings.labels import SceneSettings
from schemas.vectors import Embedding

LABELS = (
    "a beach",
    "a bridge",
    "a building",
    "a castle",
    "a cave",
    "a church",
    "a city street",
    "a city at night",
    "a coast with cliffs",
    "a concert",
    "a crowd of people",
    "a desert",
    "a field",
    "a flower",
    "a food dish",
    "a forest",
    "a garden",
    "a harbour",
    "a house",
    "an interior room",
    "a kitchen",
    "a lake",
    "a landscape in fog",
    "a market",
    "a mountain",
    "a museum",
    "a night sky with stars",
    "an office",
    "a painting",
    "a park",
    "a person's portrait",
    "a pet",
    "a plane",
    "a railway",
    "a river",
    "a road with cars",
    "a sea with waves",
    "a screenshot",
    "a ship",
    "a snowy landscape",
    "a sports match",
    "a still life",
    "a sunset",
    "a text document",
    "a texture seen from near",
    "a village",
    "a waterfall",
    "a wedding",
    "a wild animal",
    "a bird",
)
_LOGIT_SCALE = 100.0  # that of CLIP's training


class Classifier(Protocol):
    """A classifier that was trained on folders of labels; see proofsheet/training/train_scenes.py."""

    @property
    def labels(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    def probabilities(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(n, labels) probabilities."""


def classified_rows(
    project: str, embeddings: pl.DataFrame, classifier: Classifier, settings: SceneSettings
) -> pl.DataFrame:
    """The rows of `scenes` by a classifier of the user's own labels."""
    vectors = np.array(embeddings[Embedding.vector].to_list(), dtype=np.float32)
    shares = classifier.probabilities(vectors) if len(vectors) else np.empty((0, 1), np.float32)
    return Scene.frame(
        _labelled(project, photo_id, _best(row, settings.most, classifier.labels), classifier.name)
        for photo_id, row in zip(embeddings[Embedding.photo_id], shares, strict=True)
    )


def scene_rows(
    project: str, embeddings: pl.DataFrame, encoder: Encoder, settings: SceneSettings, models: Path
) -> pl.DataFrame:
    """The rows of `scenes` for an encoder that reads texts: zero-shot classification (Radford et al., 2021).

    Args:
        project: partition key.
        embeddings: rows of `embeddings`.
        encoder: the current encoder; only its own rows are labelled.
        settings: template and number of labels.
        models: folder of models in the home; keeps the vectors of the texts.
    """
    own = embeddings.filter(pl.col(Embedding.encoder_id) == encoder.encoder_id)
    vectors = np.array(own[Embedding.vector].to_list(), dtype=np.float32)
    texts = text_vectors(encoder, settings.template, models)
    shares = probabilities(vectors, texts) if len(vectors) else np.empty((0, len(LABELS)), np.float32)
    labelled_by = f"{encoder.encoder_id} labels:{short_hash(settings.template, *LABELS, length=8)}"
    return Scene.frame(
        _labelled(project, photo_id, _best(row, settings.most, LABELS), labelled_by)
        for photo_id, row in zip(own[Embedding.photo_id], shares, strict=True)
    )


def rows_of_labels(
    project: str, embeddings: pl.DataFrame, photo_labels: pl.DataFrame, settings: SceneSettings, missing: str
) -> pl.DataFrame:
    """The rows of `scenes` from the certain labels of a network; "not available" without a network.

    Args:
        project: partition key.
        embeddings: rows of `embeddings`; each photo of theirs has a row.
        photo_labels: rows of `photo_labels`.
        settings: the score from which a label counts, and how many.
        missing: what is missing and what to install; empty if the network is there.
    """
    labels: dict[str, list[dict[str, object]]] = {}
    sure = photo_labels.filter(pl.col(PhotoLabel.score) >= settings.least).sort(PhotoLabel.rank)
    for row in sure.to_dicts():
        own = labels.setdefault(row[PhotoLabel.photo_id], [])
        own += [{"label": row[PhotoLabel.label], "probability": row[PhotoLabel.score]}][
            : settings.most - len(own)
        ]
    by = next(iter(photo_labels[PhotoLabel.labelled_by].head(1)), "")
    missed = {Scene.status: "not available", Scene.labels: [], Scene.labelled_by: "", Scene.note: missing}
    return Scene.frame(
        {**_labelled(project, photo_id, labels.get(photo_id, []), by), **(missed if missing else {})}
        for photo_id in embeddings[Embedding.photo_id]
    )


def _labelled(project: str, photo_id: str, labels: list[dict[str, object]], by: str) -> dict[str, object]:
    return {
        Scene.project: project,
        Scene.photo_id: photo_id,
        Scene.status: "labelled",
        Scene.labels: labels,
        Scene.labelled_by: by,
        Scene.note: "",
    }


def text_vectors(encoder: Encoder, template: str, models: Path) -> npt.NDArray[np.float32]:
    """(labels, d) vectors of the labels; computed once for an encoder and a template."""
    if encoder.clip is None:
        raise ValueError("the encoder reads no texts")
    place = models / f"texts-{short_hash(encoder.encoder_id, template, *LABELS)}.npy"
    if not place.exists():
        found = encoder.clip.texts([template.replace("{}", label) for label in LABELS])
        place.parent.mkdir(parents=True, exist_ok=True)
        work = place.with_suffix(".tmp.npy")
        np.save(work, found, allow_pickle=False)
        work.replace(place)
    return np.asarray(np.load(place, allow_pickle=False), dtype=np.float32)


def probabilities(
    pictures: npt.NDArray[np.float32], texts: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Softmax over the labels of the scaled cosines: (n, labels)."""
    logits = _LOGIT_SCALE * pictures @ texts.T
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def _best(
    row: Sequence[float] | npt.NDArray[np.float32], most: int, labels: Sequence[str]
) -> list[dict[str, object]]:
    order = np.argsort(-np.asarray(row), kind="stable")[:most]
    return [
        {"label": labels[k].removeprefix("a ").removeprefix("an "), "probability": float(row[k])}
        for k in order
    ]
