"""What the models say, as plain values.

Holds `RankedChoice`, `CropPrediction` and `Predictions`.
Add here: another thing that a model says of a set or a photo.
Keep out: how it comes to say so (selection/predict.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proofsheet.models.boxes import Box


@dataclass(frozen=True)
class RankedChoice:
    """What the ranker says of one set.

    Attributes:
        photo_id: the preferred photo.
        confidence: calibrated probability that it is chosen.
        kind: how the confidence is to be read.
        overruled: True if it is not what the stage rule takes.
        reasons: what spoke for it.
        by: name of the model.
    """

    photo_id: str
    confidence: float
    kind: str
    overruled: bool
    reasons: Sequence[str]
    by: str


@dataclass(frozen=True)
class CropPrediction:
    """What the crop proposer says of one photo."""

    needed: bool
    box: Box | None
    confidence: float
    reasons: Sequence[str]
    by: str


@dataclass(frozen=True)
class Predictions:
    """The predictions of the models for a project's sets; empty without a model.

    Attributes:
        picks: group id to pick.
        cuts: photo id to crop.
    """

    picks: Mapping[str, RankedChoice] = field(default_factory=dict)
    cuts: Mapping[str, CropPrediction] = field(default_factory=dict)
