"""The scene classifier as it predicts.

Holds `SceneClassifier` and `load_scenes`.
Add here: another form of its file.
Keep out: training (training/train_scenes.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.core.errors import ModelError
from proofsheet.models.artifacts import load_arrays
from proofsheet.storage.workspace import Project

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SceneClassifier:
    """A trained classifier: names of the labels, (labels, d) weights and (labels,) biases."""

    labels: Sequence[str]
    weight: Floats
    bias: Floats
    encoder_id: str
    name: str

    def probabilities(self, vectors: Floats) -> Floats:
        """Softmax over the labels: (n, labels)."""
        logits = vectors @ self.weight.T + self.bias
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def load_scenes(shared: Project, fit_id: str) -> SceneClassifier:
    """The classifier of a file.

    Raises:
        UsageError: if safetensors is missing.
        ModelError: if the file is missing or damaged.
    """
    arrays, facts = load_arrays(shared.models, fit_id, "scene")
    labels: Mapping[str, Any] = facts
    if arrays["weight"].shape[0] != len(labels["labels"]):
        raise ModelError(f"The scene model {fit_id} has other labels than weights.", "Train it again.")
    return SceneClassifier(
        labels["labels"], arrays["weight"], arrays["bias"], str(labels["encoder_id"]), f"scene {fit_id[:12]}"
    )
