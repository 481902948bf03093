"""A scene classifier from folders of labels: one folder for each label, vectors of the current encoder.

Holds `train_scenes` and `Labelled`.
Add here: another way to judge it.
Keep out: opening pictures (the command does, by the one pass).
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.core.errors import ModelError, UsageError
from proofsheet.core.files import short_hash
from proofsheet.models import registry
from proofsheet.models.artifacts import save_arrays
from proofsheet.models.calibration import expected_calibration_error, reliability
from proofsheet.models.scene_classifier import SceneClassifier, load_scenes
from proofsheet.storage.code_version import module_version
from proofsheet.storage.workspace import Project
from proofsheet.training.evaluate_ranker import share
from proofsheet.training.model_cards import write_card
from proofsheet.training.splits import frozen_test
from proofsheet.training.torch_mlp import batches, choose_device, import_torch
from proofsheet.training.train import TrainingOutcome
from schemas.models import Fit

Floats = npt.NDArray[np.float32]
_LEAST, _DECAY, _RATE = 20, 1e-3, 0.05


@dataclass(frozen=True)
class Labelled:
    """Vectors of pictures with their labels.

    Attributes:
        vectors: (n, d) of length 1.
        labels: of each picture.
        contents: content hash of each; it decides the frozen side.
        views: (v, n, d) vectors of augmented views, for the training side.
        encoder_id: encoder of the vectors.
        left: pictures that could not be opened.
    """

    vectors: Floats
    labels: Sequence[str]
    contents: Sequence[str]
    views: Sequence[Floats]
    encoder_id: str
    left: int


def train_scenes(
    shared: Project, data: Labelled, epochs: int, batch: int, device: str, now: datetime
) -> TrainingOutcome:
    """Train on the vectors and evaluate on the frozen 15 % of the contents.

    The model is promoted if it beats the champion or the commonest label.

    Raises:
        UsageError: if torch is missing, or there are too few pictures or labels.
    """
    import_torch()
    began, names = time.monotonic(), sorted(set(data.labels))
    y, test = _checked(data, names)
    x = np.concatenate([data.vectors[~test], *(v[~test] for v in data.views)])
    weight, bias = _fit(x, np.tile(y[~test], 1 + len(data.views)), len(names), epochs, batch, device)
    facts = {"labels": names, "encoder_id": data.encoder_id, "version": "scene 1"}
    from safetensors.numpy import save

    fit_id = save_arrays(shared.models, "scene", {"weight": weight, "bias": bias}, facts, save)
    model = SceneClassifier(names, weight, bias, data.encoder_id, f"scene {fit_id[:12]}")
    right, figures = _judged(model, data, y, test)
    rival, before = _rival(shared, data, test, y)
    better = int(right.sum()) >= before
    reasons = [f"{'ok' if better else 'NOT MET'}: {int(right.sum())} of {len(right)} right, {rival} {before}"]
    card = _card(data, names, figures, reasons) | {"failures": _confusions(model, data, y, test)}
    card["data"]["augmented"] = f"{len(x) - int((~test).sum())} rows, training side only"
    write_card(shared.models, fit_id, card)
    row = {
        Fit.fit_id: fit_id,
        Fit.card: json.dumps(card),
        Fit.trained_at: now,
        Fit.seconds: time.monotonic() - began,
    }
    shared.ledger.add(Fit, [row | _fit_facts(data, test)])
    present = registry.champion(shared.ledger, "scene")
    if present and present[Fit.fit_id] == fit_id:
        return TrainingOutcome(f"scene {fit_id[:12]} is the champion already", fit_id, promoted=True)
    registry.promote(shared.ledger, fit_id, better, reasons, now)
    verb = "is active now" if better else "was refused"
    return TrainingOutcome(f"scene {fit_id[:12]} {verb}: {reasons[0]}", fit_id, promoted=better)


def _checked(data: Labelled, names: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(n,) numbers of the labels, and (n,) True for the frozen side."""
    if len(names) < 2 or len(data.labels) < _LEAST:
        raise UsageError(
            f"{len(data.labels)} pictures of {len(names)} labels are too few: {_LEAST} pictures and "
            "two labels are needed.",
            "Make one folder for each label and put pictures into it; the champion stays.",
        )
    y, test = np.array([names.index(label) for label in data.labels]), frozen_test(data.contents)
    if not test.any() or len(set(y[~test])) < len(names):
        raise UsageError(
            "The held-out part would be empty, or hold a whole label.",
            "Add more pictures of each label; the champion stays.",
        )
    return y, test


def _card(
    data: Labelled, names: Sequence[str], figures: Mapping[str, Any], reasons: Sequence[str]
) -> dict[str, Any]:
    commonest = Counter(data.labels).most_common(1)[0][0]
    share = float(np.mean([label == commonest for label in data.labels]))
    return {
        "kind": "scene",
        "data": {
            "encoder": data.encoder_id,
            "pictures": len(data.labels),
            "labels": ", ".join(names),
            "not opened": data.left,
        },
        "figures": {**figures, "most frequent label": share},
        "promotion": {"reasons": reasons},
    }


def _fit_facts(data: Labelled, test: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {
        Fit.kind: "scene",
        Fit.encoder_id: data.encoder_id,
        Fit.data_hash: short_hash(
            *sorted(f"{c} {n}" for c, n in zip(data.contents, data.labels, strict=True))
        ),
        Fit.test_hash: short_hash(*sorted(c for c, t in zip(data.contents, test, strict=True) if t)),
        Fit.projects: 0,
        Fit.sets: int((~test).sum()),
        Fit.code_version: module_version(__name__),
    }


def _fit(
    x: Floats, y: npt.NDArray[np.int64], count: int, epochs: int, batch: int, device: str
) -> tuple[Floats, Floats]:
    """Multinomial logistic regression."""
    torch = import_torch()
    torch.manual_seed(0)
    where, draw = choose_device(device), np.random.default_rng(0)
    module = torch.nn.Linear(x.shape[1], count).to(where)
    torch.nn.init.zeros_(module.weight)
    data, goal = torch.from_numpy(x).to(where), torch.from_numpy(y).to(where)
    optimizer = torch.optim.AdamW(module.parameters(), lr=_RATE, weight_decay=_DECAY)
    for _epoch in range(epochs):
        for part in batches(len(x), batch, draw):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(module(data[part]), goal[part]).backward()
            optimizer.step()
    return (module.weight.detach().cpu().numpy(), module.bias.detach().cpu().numpy())


def _judged(
    model: SceneClassifier, data: Labelled, y: npt.NDArray[np.int64], test: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], dict[str, Any]]:
    p = model.probabilities(data.vectors[test]).astype(np.float64)
    said = p.argmax(axis=1)
    right, sure = said == y[test], p.max(axis=1)
    return right, {
        "protocol": "frozen 15 % of the contents",
        "accuracy": share(right),
        "per label": {n: share(right[y[test] == k]) for k, n in enumerate(model.labels)},
        "ece": expected_calibration_error(sure, right),
        "reliability": reliability(sure, right),
    }


def _rival(
    shared: Project, data: Labelled, test: npt.NDArray[np.bool_], y: npt.NDArray[np.int64]
) -> tuple[str, int]:
    """Right answers of the rival on the frozen side.

    The rival is the champion with the same labels and encoder, else the commonest label.
    """
    present = registry.champion(shared.ledger, "scene")
    if present is not None:
        try:
            old = load_scenes(shared, str(present[Fit.fit_id]))
        except ModelError:
            old = None
        if old and old.encoder_id == data.encoder_id and list(old.labels) == sorted(set(data.labels)):
            return "the champion", int(
                (old.probabilities(data.vectors[test]).argmax(axis=1) == y[test]).sum()
            )
    most = Counter(y[~test].tolist()).most_common(1)[0][0]
    return "the most frequent label", int((y[test] == most).sum())


def _confusions(
    model: SceneClassifier, data: Labelled, y: npt.NDArray[np.int64], test: npt.NDArray[np.bool_]
) -> list[str]:
    said = model.probabilities(data.vectors[test]).argmax(axis=1)
    pairs = Counter((model.labels[a], model.labels[b]) for a, b in zip(y[test], said, strict=True) if a != b)
    return [f"{count} of {a} taken for {b}" for (a, b), count in pairs.most_common(5)] or [
        "none on the held-out side"
    ]
