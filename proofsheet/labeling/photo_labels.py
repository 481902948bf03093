"""Labels of photos from the classes that a network gave them.

Holds `choose_labeller`, `Labeller` and `photo_label_rows`.
Add here: how scores become labels.
Keep out: the network (embedding/lite0_encoder.py) and the list of names (imagenet_names.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from proofsheet.core.errors import NotAvailable
from proofsheet.core.files import short_hash
from proofsheet.embedding.imagenet_names import NAMES, class_names
from proofsheet.embedding.lite0_encoder import CLASSES, SCORES, Lite0, find_lite0
from schemas.labels import PhotoLabel
from schemas.settings.labels import LabelSettings
from schemas.vectors import Embedding


@dataclass(frozen=True)
class Labeller:
    """What labels photos.

    Attributes:
        network: gives the classes; None where there is none.
        why: why there is none, and what to do; empty if there is one.
    """

    network: Lite0 | None
    why: str

    @property
    def version(self) -> str:
        """Network and its weights, or why there is none."""
        return self.network.encoder_id if self.network else self.why


def choose_labeller(settings: LabelSettings, models: Path) -> Labeller:
    """The network that the settings ask for.

    Args:
        settings: which.
        models: folder of models in the home.
    """
    if settings.model == "none":
        return Labeller(None, 'the settings ask for no labels: set model = "lite0" under [labels]')
    try:
        return Labeller(find_lite0(models), "")
    except NotAvailable as error:
        return Labeller(None, str(error))


def photo_label_rows(classified: pl.DataFrame, settings: LabelSettings) -> pl.DataFrame:
    """The rows of `photo_labels`.

    Args:
        classified: one row a photo: ids, encoder, classes and their scores.
        settings: how many labels a photo gets, and from which score.
    """
    version = f"names:{short_hash(NAMES, length=8)}"
    return PhotoLabel.frame(
        {
            PhotoLabel.project: row[PhotoLabel.project],
            PhotoLabel.photo_id: row[PhotoLabel.photo_id],
            PhotoLabel.rank: rank,
            PhotoLabel.label: label,
            PhotoLabel.score: score,
            PhotoLabel.labelled_by: f"{row[Embedding.encoder_id]} {version}",
        }
        for row in classified.to_dicts()
        for rank, (label, score) in enumerate(best_labels(row[CLASSES], row[SCORES], settings), start=1)
    )


def best_labels(
    classes: Sequence[int], scores: Sequence[float], settings: LabelSettings
) -> list[tuple[str, float]]:
    """Labels with their scores, highest first; the scores of classes with one name add up."""
    names, total = class_names(), defaultdict[str, float](float)
    for index, score in zip(classes, scores, strict=True):
        total[names[index]] += score
    ordered = sorted(total.items(), key=lambda pair: -pair[1])[: settings.most]
    return [(label, min(score, 1.0)) for label, score in ordered if score >= settings.least]
