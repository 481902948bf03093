"""One training over all projects: gather, judge, fit, compare, promote or refuse, write the card.

Holds `train_ranker` and `train_crops`.
Add here: what every training does.
Keep out: protocols (evaluate_ranker.py), the rule (promotion_rule.py), models.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from proofsheet.core.files import short_hash
from proofsheet.models import holdout_predictions, registry
from proofsheet.models.artifacts import save_model
from proofsheet.models.card_files import QUALITY, card_path
from proofsheet.models.features import Bools
from proofsheet.models.holdout_predictions import write_held_out
from proofsheet.models.ranker import Ranker
from proofsheet.storage.code_version import module_version
from proofsheet.storage.workspace import Workspace
from proofsheet.training import error_analysis
from proofsheet.training.challengers import SPLIT, compare_crops, compare_rankers
from proofsheet.training.crop_dataset import crop_data
from proofsheet.training.datasets import SelectionData, across_projects, selection_data
from proofsheet.training.evaluate_crops import judge_crops
from proofsheet.training.evaluate_ranker import Tell, held_out_rows, judge_ranker
from proofsheet.training.fit_crop_proposer import fit_crops
from proofsheet.training.fit_ranker import fit_ranker
from proofsheet.training.listwise import Training
from proofsheet.training.model_cards import write_card
from proofsheet.training.splits import frozen_test
from proofsheet.training.torch_mlp import import_torch
from schemas.models import Fit
from schemas.selections import CropExample
from schemas.settings.crops import CropSettings
from schemas.settings.ranker import RankerSettings


@dataclass(frozen=True)
class TrainingOutcome:
    """How a training ended.

    Attributes:
        message: one sentence for the user.
        fit_id: the new model; empty if none was trained.
        promoted: whether it serves now.
    """

    message: str
    fit_id: str = ""
    promoted: bool = False

    def facts(self, models: Path) -> dict[str, Any]:
        """The sentence, the head of the card with its address, and figures to plot, for the run's page."""
        found: dict[str, Any] = {"outcome": self.message}
        path = card_path(models, self.fit_id)
        if self.fit_id and path.is_file():
            address = f"/proofsheet/cards/{self.fit_id}"
            found["card"] = f"[{self.fit_id[:12]}]({address}/)\n\n![reliability]({address}/reliability.png)"
            figures = json.loads(path.with_name("card.json").read_text("utf-8"))["figures"]
            found |= {f"figure {n}": v for n, v in _plotted(figures)}
        return found


def _plotted(figures: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in figures.items():
        if isinstance(value, float):
            yield name, value
        elif isinstance(value, dict) and ("share" in value or "mean" in value):
            yield name, float(value["share"] if "share" in value else value["mean"])


def how_of(settings: RankerSettings, device: str) -> Training:
    """The training that the settings ask for."""
    return Training(settings.loss, settings.epochs, settings.oversampling, seed=settings.seed, device=device)


def train_ranker(
    workspace: Workspace, settings: RankerSettings, encoder_id: str, device: str, now: datetime, tell: Tell
) -> TrainingOutcome:
    """Train the ranker if there is new data.

    The champion stays unless the rule promotes the new model. After a change of the encoder the model that
    served under the new one before serves again.

    Args:
        workspace: library and home.
        settings: how to train.
        encoder_id: encoder of the settings.
        device: cpu, cuda or mps.
        now: when (UTC, no zone).
        tell: receives the progress.

    Raises:
        UsageError: if torch, lightgbm or safetensors is not installed.
    """
    import_torch()
    began = time.monotonic()
    registry.serve_again(workspace.shared, "ranker", encoder_id, now)
    sources, left = across_projects(workspace, encoder_id, settings.least_sets)
    data = selection_data(sources)
    if reason := _too_little(len(data.groups), settings.least_sets, "sets with a choice", left):
        return TrainingOutcome(reason)
    if reason := _of_no_use(workspace, data.encoder_id, encoder_id, left):
        return TrainingOutcome(reason)
    how, version = how_of(settings, device), module_version(__name__)
    mark = short_hash(data.data_hash, repr(how), version)
    if done := _same(workspace, "ranker", mark):
        return TrainingOutcome(f"nothing new since {done[:12]} was trained", done)
    report, found, by_set = judge_ranker(data, how, tell)
    test = frozen_test(data.clusters)
    model = _fitted(data.some(np.flatnonzero(~test)), how)
    fit_id = save_model(workspace.shared.models, model)
    # a model with a project's taste is judged as it works there
    own = found.where(np.isin(data.groups, list(model.tastes)), by_set)
    write_held_out(workspace.shared.models, fit_id, held_out_rows(data, own, by_set, test))
    allowed, reasons, report["frozen test"] = compare_rankers(
        workspace, model, data, found, by_set, test, report
    )
    card = _card("ranker", report, data.groups, left, reasons, mark)
    card["data"] |= _ranker_facts(data, model, how, test)
    card["sheets"] = error_analysis.ranker_sheets(workspace, fit_id, data, found)
    card["failures"] = error_analysis.ranker_failures(data, found)
    facts: dict[str, Any] = {Fit.data_hash: mark, Fit.code_version: version, Fit.trained_at: now}
    facts |= {Fit.projects: len(sources), Fit.seconds: time.monotonic() - began}
    _keep(workspace, "ranker", fit_id, card, facts | _set_facts(data, test))
    return _end(workspace, "ranker", fit_id, allowed, reasons, now, data.quality_told)


def _set_facts(data: SelectionData, test: Bools) -> dict[str, Any]:
    return {
        Fit.encoder_id: data.encoder_id,
        Fit.test_hash: _test_hash(data.keys, test),
        Fit.sets: int((~test).sum()),
    }


def _fitted(rest: SelectionData, how: Training) -> Ranker:
    return fit_ranker(
        rest.features, rest.winner, rest.anomaly, rest.groups, rest.clusters, how, rest.encoder_id
    )


def _ranker_facts(data: SelectionData, model: Ranker, how: Training, test: Bools) -> dict[str, Any]:
    """What the card says of the data and of the fit."""
    trained = [k for k, t in zip(data.keys, test, strict=True) if not t]
    return {
        "encoder": data.encoder_id,
        "without vectors": ", ".join(f"{n} {c}" for n, c in data.skipped.items()) or "none",
        QUALITY: data.quality_told or "measurements of all pictures",
        "measurements": "used" if model.members.measured else "not used: too few sets were measured",
        "vectors": "likeness"
        + ("" if model.members.direction is None else ", and the direction in which winners differ"),
        "tastes of projects": ", ".join(sorted(model.tastes)) or "none",
        "training_pairs": f"{sum(map(len, data.members)) - len(data.members)} rows, hash {data.data_hash}",
        "trained on": (
            f"{len(trained)} sets, hash of their keys {short_hash(*sorted(trained))}; "
            f"{int(test.sum())} held out"
        ),
        "loss": how.loss,
        "epochs": how.epochs,
        "oversampling": how.oversampling,
    }


def train_crops(
    workspace: Workspace, settings: CropSettings, encoder_id: str, seed: int, now: datetime, tell: Tell
) -> TrainingOutcome:
    """The same for the crop proposer."""
    import_torch()
    began = time.monotonic()
    sources, left = across_projects(workspace, encoder_id, settings.least_examples, CropExample)
    data = crop_data(sources)
    if reason := _too_little(len(data.boxed), settings.least_examples, "cut pictures", left):
        return TrainingOutcome(reason)
    version, how = (
        module_version(__name__),
        {"loss": settings.loss, "epochs": settings.epochs, SPLIT: settings.split},
    )
    rows = (
        repr(data.boxes.round(6).tolist()),
        repr(data.cut.tolist()),
        repr(list(data.clusters)),
    )  # of those without a box, too
    mark = short_hash(*rows, repr(how), str(seed), version)
    if done := _same(workspace, "crop", mark):
        return TrainingOutcome(f"nothing new since {done[:12]} was trained", done)
    report, found = judge_crops(data, settings.epochs, seed, tell, settings.loss)
    test = frozen_test(data.clusters, settings.split)
    model = fit_crops(data.some(np.flatnonzero(~test)), settings.epochs, seed, settings.loss)
    fit_id = save_model(workspace.shared.models, model)
    holdout_predictions.write_held_out_crops(workspace.shared.models, fit_id, data.ids, found.boxes)
    allowed, reasons = compare_crops(workspace, model, data, found, settings.split)
    card = _card("crop", report, data.groups, left, reasons, mark)
    card["data"] |= {
        "encoder": "dense grid; no vectors",
        **how,
        "trained on": f"{(~test).sum()} pictures, {test.sum()} held out",
    }
    card["sheets"] = error_analysis.crop_sheets(workspace, fit_id, data, found)
    card["failures"] = error_analysis.crop_failures(data, found)
    facts: dict[str, Any] = {
        Fit.encoder_id: "",
        Fit.data_hash: mark,
        Fit.test_hash: _test_hash(data.clusters, test),
        Fit.sets: int((~test).sum()),
    }
    facts |= {Fit.projects: len(sources), Fit.code_version: version, Fit.trained_at: now}
    _keep(workspace, "crop", fit_id, card, {**facts, Fit.seconds: time.monotonic() - began})
    return _end(workspace, "crop", fit_id, allowed, reasons, now)


def _too_little(count: int, least: int, what: str, left: Mapping[str, str]) -> str:
    """Why nothing is trained, or an empty text."""
    return (
        f"not trained: {count} {what}, at least {least} are needed; the champion stays.{_outside(left)}"
        if count < least
        else ""
    )


def _of_no_use(workspace: Workspace, found: str, wanted: str, left: Mapping[str, str]) -> str:
    """Why no model of another encoder than that of the settings is trained, or an empty text."""
    champion = registry.champion(workspace.shared.ledger, "ranker")
    if champion is None or found in {wanted, champion[Fit.encoder_id]}:
        return ""
    told = f"too few sets with a choice use vectors of {wanted}, the encoder of the settings"
    return (
        f"not trained: {told}, and one of {found} would serve no project; the champion stays.{_outside(left)}"
    )


def _outside(left: Mapping[str, str]) -> str:
    return f" Left out: {'; '.join(f'{n} ({r})' for n, r in left.items())}." if left else ""


def _test_hash(names: Sequence[str], test: Bools) -> str:
    return short_hash(*sorted(n for n, t in zip(names, test, strict=True) if t))


def _same(workspace: Workspace, kind: str, mark: str) -> str:
    """The model that was trained on the same rows by the same code, or an empty text."""
    rows = workspace.shared.ledger.rows(Fit, kind=kind, data_hash=mark)
    return str(rows[Fit.fit_id][0]) if rows.height else ""


def _card(
    kind: str,
    report: Mapping[str, Any],
    groups: Sequence[str],
    left: Mapping[str, str],
    reasons: Sequence[str],
    mark: str,
) -> dict[str, Any]:
    counts = ", ".join(f"{name} {count}" for name, count in sorted(Counter(groups).items()))
    data: dict[str, Any] = {"rows": len(groups), "by project": counts, "hash": mark}
    data["left out"] = "; ".join(f"{n} ({r})" for n, r in left.items()) or "nothing"
    return {"kind": kind, "data": data, "figures": dict(report), "promotion": {"reasons": list(reasons)}}


def _keep(
    workspace: Workspace, kind: str, fit_id: str, card: Mapping[str, Any], facts: Mapping[str, Any]
) -> None:
    write_card(workspace.shared.models, fit_id, card)
    row = {Fit.fit_id: fit_id, Fit.kind: kind, Fit.card: json.dumps(card, ensure_ascii=False), **facts}
    workspace.shared.ledger.add(Fit, [row])


def _end(
    workspace: Workspace,
    kind: str,
    fit_id: str,
    allowed: bool,
    reasons: Sequence[str],
    now: datetime,
    more: str = "",
) -> TrainingOutcome:
    present = registry.champion(workspace.shared.ledger, kind)
    if present and present[Fit.fit_id] == fit_id:
        return TrainingOutcome(f"{kind} {fit_id[:12]} is the champion already", fit_id, promoted=True)
    registry.promote(workspace.shared.ledger, fit_id, allowed, reasons, now)
    failed = "; ".join(r for r in reasons if not r.startswith("ok"))
    told = (
        f"{kind} {fit_id[:12]} is active now"
        if allowed
        else f"{kind} {fit_id[:12]} was refused, the champion stays: {failed}"
    )
    return TrainingOutcome(f"{told}; {more}" if more else told, fit_id, promoted=allowed)
