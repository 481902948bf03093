"""One training over all projects: gather, judge, fit, compare, promote or refuse, write the card.

Holds `train_ranker` and `train_crops`.
Add here: what every training does.
Keep out: protocols (evaluation.py), the rule (promotion.py), models.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from proofsheet.errors import ProofsheetError
from proofsheet.files import short_hash
from proofsheet.learn import champions, failures
from proofsheet.learn.boxes import iou
from proofsheet.learn.calibration import expected_calibration_error
from proofsheet.learn.cards import card_path, write_card
from proofsheet.learn.crop_evaluation import HeldOutCrops, judge_crops
from proofsheet.learn.crop_training import CropData, fit_crops
from proofsheet.learn.evaluation import HeldOut, Tell, judge_ranker
from proofsheet.learn.gather import SelectionData, across_projects, crop_data, selection_data
from proofsheet.learn.heldout import write_held_out
from proofsheet.learn.listwise import Training
from proofsheet.learn.model_files import load_crops, load_ranker, save_model
from proofsheet.learn.promotion import crop_rule, ranker_rule
from proofsheet.learn.ranker import Bools, Ranker, fit_ranker, picks
from proofsheet.learn.splits import frozen_test
from proofsheet.learn.torch_parts import import_torch
from proofsheet.provenance import module_version
from proofsheet.workspace import Workspace
from schemas.learning import Fit
from schemas.settings_learning import CropSettings, RankerSettings


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        told: one sentence for people.
        fit_id: the new model; empty if none was trained.
        promoted: whether it serves now.
    """

    told: str
    fit_id: str = ""
    promoted: bool = False

    def facts(self, models: Path) -> dict[str, Any]:
        """What the run's page shows: the sentence, the head of the card with its address, and figures that plot."""
        found: dict[str, Any] = {"outcome": self.told}
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


def train_ranker(workspace: Workspace, settings: RankerSettings, device: str, now: datetime, tell: Tell) -> Outcome:
    """Train the ranker if there is anything new to learn from; the champion stays unless the rule promotes the new one.

    Raises:
        UsageError: if torch, lightgbm or safetensors is not installed.
    """
    import_torch()
    began = time.monotonic()
    projects, left = across_projects(workspace)
    data = selection_data(projects)
    if reason := _too_little(data.groups, settings.least_sets, "sets with a choice", left):
        return Outcome(reason)
    how, version = how_of(settings, device), module_version(__name__)
    mark = short_hash(data.data_hash, repr(how), version)
    if done := _same(workspace, "ranker", mark):
        return Outcome(f"nothing new since {done[:12]} was trained", done)
    report, found = judge_ranker(data, how, tell)
    test = frozen_test(data.clusters)
    rest = data.some(np.flatnonzero(~test))
    model = fit_ranker(rest.features, rest.winner, rest.anomaly, rest.groups, rest.clusters, how, data.encoder_id)
    fit_id = save_model(workspace.shared.models, model)
    write_held_out(workspace.shared.models, fit_id, data, found, test)
    allowed, reasons, report["frozen test"] = _compare_rankers(workspace, model, data, found, test)
    card = _card("ranker", report, data.groups, left, reasons, mark, encoder=data.encoder_id, skipped=data.skipped)
    card["data"]["oversampling"], card["data"]["loss"] = how.oversampling, how.loss
    card["sheets"] = failures.ranker_sheets(workspace, fit_id, data, found)
    card["failures"] = failures.ranker_failures(data, found)
    test_hash = short_hash(*sorted(k for k, t in zip(data.keys, test, strict=True) if t))
    facts: dict[str, Any] = {Fit.encoder_id: data.encoder_id, Fit.data_hash: mark, Fit.test_hash: test_hash}
    facts |= {Fit.sets: int((~test).sum()), Fit.projects: len(projects), Fit.code_version: version, Fit.trained_at: now}
    _keep(workspace, "ranker", fit_id, card, {**facts, Fit.seconds: time.monotonic() - began})
    return _end(workspace, "ranker", fit_id, allowed, reasons, now)


def train_crops(workspace: Workspace, settings: CropSettings, seed: int, now: datetime, tell: Tell) -> Outcome:
    """The same for the crop proposer."""
    import_torch()
    began = time.monotonic()
    projects, left = across_projects(workspace)
    data = crop_data(projects)
    boxed = data.some(data.boxed)
    if reason := _too_little(boxed.groups, settings.least_examples, "cut pictures", left):
        return Outcome(reason)
    version = module_version(__name__)
    cut = repr(data.cut.tolist())  # of those without a box, too
    mark = short_hash(repr(data.boxes.round(6).tolist()), cut, repr(list(data.clusters)), str(settings.epochs), str(seed), version)
    if done := _same(workspace, "crop", mark):
        return Outcome(f"nothing new since {done[:12]} was trained", done)
    report, found = judge_crops(data, settings.epochs, seed, tell)
    test = frozen_test(data.clusters)
    rest = data.some(np.flatnonzero(~test))
    model = fit_crops(rest, settings.epochs, seed)
    fit_id = save_model(workspace.shared.models, model)
    allowed, reasons = _compare_crops(workspace, fit_id, data, found, test, float(report["ece"]))
    card = _card("crop", report, data.groups, left, reasons, mark, encoder="dense grid; no vectors", skipped={})
    card["sheets"] = failures.crop_sheets(workspace, fit_id, projects, data, found)
    card["failures"] = failures.crop_failures(data, found)
    test_hash = short_hash(*sorted(c for c, t in zip(data.clusters, test, strict=True) if t))
    facts: dict[str, Any] = {Fit.encoder_id: "", Fit.data_hash: mark, Fit.test_hash: test_hash, Fit.sets: int((~test).sum())}
    facts |= {Fit.projects: len(projects), Fit.code_version: version, Fit.trained_at: now}
    _keep(workspace, "crop", fit_id, card, {**facts, Fit.seconds: time.monotonic() - began})
    return _end(workspace, "crop", fit_id, allowed, reasons, now)


def _too_little(groups: Sequence[str], least: int, what: str, left: Mapping[str, str]) -> str:
    """Why nothing is trained, or an empty text."""
    outside = f" Left out: {'; '.join(f'{n} ({r})' for n, r in left.items())}." if left else ""
    if len(groups) < least:
        return f"not trained: {len(groups)} {what}, at least {least} are needed; the champion stays.{outside}"
    if len(set(groups)) < 2:
        return f"not trained: all {what} are of one project, at least two are needed; the champion stays.{outside}"
    return ""


def _same(workspace: Workspace, kind: str, mark: str) -> str:
    """The model that was trained on the same rows by the same code, or an empty text."""
    rows = workspace.shared.ledger.rows(Fit, kind=kind, data_hash=mark)
    return str(rows[Fit.fit_id][0]) if rows.height else ""


def _compare_rankers(
    workspace: Workspace, model: Ranker, data: SelectionData, found: HeldOut, test: Bools
) -> tuple[bool, list[str], dict[str, Any]]:
    """Against the champion on the frozen sets; where none serves, against the stage rule on all sets, their project held out."""
    part = data.some(np.flatnonzero(test))
    p = model.probabilities(part.features)
    pick = picks(p, part.features.top, model.overrule_at)
    right, stage = pick == part.winner, part.features.top == part.winner
    ece = expected_calibration_error(p[np.arange(len(pick)), pick], right)
    told = {"sets": len(right), "right": int(right.sum()), "highest stage right": int(stage.sum()), "ece": ece}
    rival = champions.champion(workspace.shared.ledger, "ranker")
    if rival is not None:
        try:
            old = load_ranker(workspace.shared.models, str(rival[Fit.fit_id]))
        except ProofsheetError as error:
            return False, [f"NOT MET: the champion cannot be compared: {error.what} {error.next_step}"], told
        if old.encoder_id == data.encoder_id:
            q = old.probabilities(part.features)
            before = picks(q, part.features.top, old.overrule_at) == part.winner
            told["champion right"] = int(before.sum())
            name = f"the champion {str(rival[Fit.fit_id])[:12]}"
            return (*ranker_rule(right, before, part.anomaly, part.groups, ece, name), told)
    whole = expected_calibration_error(found.confidence, found.pick == data.winner)
    rule = ranker_rule(
        found.pick == data.winner, data.features.top == data.winner, data.anomaly, data.groups, whole, "the highest stage"
    )
    return (*rule, told)


def _compare_crops(
    workspace: Workspace, fit_id: str, data: CropData, found: HeldOutCrops, test: Bools, ece: float
) -> tuple[bool, list[str]]:
    """Against the champion on the frozen pictures; where none serves, against the best constant box with projects held out."""
    models, rival = workspace.shared.models, champions.champion(workspace.shared.ledger, "crop")
    if rival is None:
        rows = data.boxed
        own, constant = (iou(boxes[rows], data.boxes[rows]) for boxes in (found.boxes, found.constant))
        return crop_rule(own, constant, [data.groups[k] for k in rows], ece, f"the {found.constant_name}")
    part = data.some(np.flatnonzero(test))
    part = part.some(part.boxed)

    def overlap(which: str) -> Any:  # noqa: ANN401 - an array
        said = load_crops(models, which).propose(part.grids, part.aspects)
        return iou(np.array([one.box or (0.0, 0.0, 1.0, 1.0) for one in said]).reshape(-1, 4), part.boxes)

    try:
        old = overlap(str(rival[Fit.fit_id]))
    except ProofsheetError as error:
        return False, [f"NOT MET: the champion cannot be compared: {error.what} {error.next_step}"]
    return crop_rule(overlap(fit_id), old, part.groups, ece, f"the champion {str(rival[Fit.fit_id])[:12]}")


def _card(
    kind: str,
    report: Mapping[str, Any],
    groups: Sequence[str],
    left: Mapping[str, str],
    reasons: Sequence[str],
    mark: str,
    *,
    encoder: str,
    skipped: Mapping[str, int],
) -> dict[str, Any]:
    names = list(groups)
    counts = {n: names.count(n) for n in sorted(set(names))}
    data = {"encoder": encoder, "rows": len(names), "by project": ", ".join(f"{n} {c}" for n, c in counts.items()), "hash": mark}
    data["left out"] = "; ".join(f"{n} ({r})" for n, r in left.items()) or "nothing"
    data["without measurements"] = ", ".join(f"{n} {c}" for n, c in skipped.items()) or "none"
    return {"kind": kind, "data": data, "figures": dict(report), "promotion": {"reasons": list(reasons)}}


def _keep(workspace: Workspace, kind: str, fit_id: str, card: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    write_card(workspace.shared.models, fit_id, card)
    row = {Fit.fit_id: fit_id, Fit.kind: kind, Fit.card: json.dumps(card, ensure_ascii=False), **facts}
    workspace.shared.ledger.add(Fit, [row])


def _end(workspace: Workspace, kind: str, fit_id: str, allowed: bool, reasons: Sequence[str], now: datetime) -> Outcome:
    present = champions.champion(workspace.shared.ledger, kind)
    if present and present[Fit.fit_id] == fit_id:
        return Outcome(f"{kind} {fit_id[:12]} is the champion already", fit_id, promoted=True)
    champions.promote(workspace.shared.ledger, fit_id, allowed, reasons, now)
    failed = "; ".join(r for r in reasons if not r.startswith("ok"))
    told = f"{kind} {fit_id[:12]} serves now" if allowed else f"{kind} {fit_id[:12]} was refused, the champion stays: {failed}"
    return Outcome(told, fit_id, promoted=allowed)
