"""The protocol for choices: projects are held out, trivial rules are the baseline.

Every figure has its interval.

Holds `judge_ranker`, `HeldOut` and `figures`.
Add here: another figure of the card.
Keep out: training (models/ranker.py) and the card (model_cards.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from proofsheet.models.calibration import expected_calibration_error, reliability
from proofsheet.models.features import Bools, Ints
from proofsheet.models.holdout_predictions import (
    ANOMALY,
    BY_SET,
    CHOSEN,
    HELD_OUT,
    KEY,
    MEMBERS,
    NAME,
    PICK,
    TEST,
    TOP,
    P,
)
from proofsheet.models.intervals import over_projects, wilson
from proofsheet.models.missing_values import filled
from proofsheet.models.probabilities import Doubles, softmax
from proofsheet.training.datasets import SelectionData
from proofsheet.training.fit_ranker import fit_ranker
from proofsheet.training.listwise import Training, train_listwise
from proofsheet.training.splits import folds_of

_WITHIN, _LARGEST = 5, 2
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class HeldOut:
    """Answers of a ranker for held-out sets.

    Attributes:
        p: (sets, most) probabilities.
        pick: (sets,) place of the choice, at the operating point found without these sets.
        confidence: (sets,) probability of that choice.
    """

    p: Doubles
    pick: Ints
    confidence: Doubles

    def where(self, here: Bools, other: HeldOut) -> HeldOut:
        """The same, with the answers of another for these sets."""
        chosen = (np.where(here, getattr(other, n), getattr(self, n)) for n in ("pick", "confidence"))
        return HeldOut(np.where(here[:, None], other.p, self.p), *chosen)


def leave_out(data: SelectionData, how: Training, folds: Sequence[Bools], tell: Tell) -> HeldOut:
    """Fit on the rest of each fold, with everything chosen inside that rest, and answer for the fold."""
    p, pick = np.zeros(data.features.mask.shape), np.array(data.features.top)
    for number, held in enumerate(folds):
        rest, part = data.some(np.flatnonzero(~held)), data.some(np.flatnonzero(held))
        model = fit_ranker(
            rest.features, rest.winner, rest.anomaly, rest.groups, rest.clusters, how, data.encoder_id
        )
        p[held], pick[held] = model.choose(part.features, part.groups)
        tell("projects held out", number + 1, len(folds))
    return HeldOut(p, pick, p[np.arange(len(pick)), pick])


def judge_ranker(data: SelectionData, how: Training, tell: Tell) -> tuple[dict[str, Any], HeldOut, HeldOut]:
    """Every figure of the card, and two answers for each set.

    One is of a model that never saw its project, one of a model that never saw the set.

    With fewer than three projects the two are the same.
    """
    names = sorted(set(data.groups))
    groups = np.array(data.groups)
    outer = (
        [groups == n for n in names]
        if len(names) >= 3
        else list(folds_of(data.groups, data.clusters, _WITHIN, how.seed))
    )
    found = leave_out(data, how, outer, tell)
    report = figures(data, found.pick, found.confidence, found.p)
    report["protocol"] = (
        "leave one project out" if len(names) >= 3 else "within projects: fewer than three have history"
    )
    report["baselines"] = {
        "random": {"top1": float((1.0 / data.features.mask.sum(axis=1)).mean())},
        "highest stage": _rule(data, data.features.top),
        "sharpest": _rule(data, data.sharpest),
    }
    report["per project"] = {n: _project(data, found, groups == n) for n in names}
    report["source's ranker"] = {name: _rule(data, pick) for name, pick in _source_variants(data, how, outer)}
    if len(names) < 3:
        return report, found, found
    within = leave_out(
        data, how, list(folds_of(["one"] * len(groups), data.clusters, _WITHIN, how.seed)), tell
    )
    report["within projects"] = figures(data, within.pick, within.confidence, within.p)
    return report, found, within


def figures(data: SelectionData, pick: Ints, confidence: Doubles, p: Doubles) -> dict[str, Any]:
    """The figures of choices over sets.

    Args:
        data: the sets.
        pick: (sets,) place of each choice.
        confidence: (sets,) its calibrated probability.
        p: (sets, most) probabilities of all pictures.
    """
    groups = np.array(data.groups)
    right = pick == data.winner
    stage = data.features.top == data.winner
    names = sorted(set(data.groups))
    gain = over_projects(right.astype(float) - stage, data.groups, data.clusters)
    eces = {n: expected_calibration_error(confidence[groups == n], right[groups == n]) for n in names}
    return {
        **_rule(data, pick),
        "sets": len(right),
        "anomalies": int(data.anomaly.sum()),
        "projects": len(names),
        "macro": float(np.mean([right[groups == n].mean() for n in names])) if names else 0.0,
        "gain over the highest stage": gain,
        "overruled": share(pick != data.features.top),
        "anomaly recall at 99 % normal": _recall(data, p, 0.99),
        "anomaly recall at 97 % normal": _recall(data, p, 0.97),
        "ece": expected_calibration_error(confidence, right),
        "ece per project": eces,
        "coverage at 95 % precision": coverage(confidence, right, 0.95),
        "coverage at 99 % precision": coverage(confidence, right, 0.99),
        "reliability": reliability(confidence, right),
    }


def share(right: Bools) -> dict[str, Any]:
    """A share with its number and Wilson's interval."""
    low, high = wilson(int(right.sum()), len(right))
    return {"share": float(right.mean()) if len(right) else 0.0, "n": len(right), "low": low, "high": high}


def _rule(data: SelectionData, pick: Ints) -> dict[str, Any]:
    right = pick == data.winner
    return {
        "top1": share(right),
        "normal": share(right[~data.anomaly]),
        "anomaly": share(right[data.anomaly]),
    }


def _project(data: SelectionData, found: HeldOut, here: Bools) -> dict[str, Any]:
    right = found.pick[here] == data.winner[here]
    return {
        "top1": share(right),
        "highest stage": share(data.features.top[here] == data.winner[here]),
        "anomaly": share(right[data.anomaly[here]]),
        "ece": expected_calibration_error(found.confidence[here], right),
    }


def _recall(data: SelectionData, p: Doubles, normal: float) -> dict[str, Any]:
    """Share of anomalies that are found at the threshold that keeps so much of the normal sets right.

    The threshold is on the best other picture.
    """
    rows = np.arange(len(p))
    others = p.copy()
    others[rows, data.features.top] = -1.0
    best, alternative = others.max(axis=1), others.argmax(axis=1)
    for threshold in np.unique(np.quantile(best, np.linspace(0, 1, 501))) if len(best) else []:
        pick = np.where(best > threshold, alternative, data.features.top)
        right = pick == data.winner
        if (right[~data.anomaly].mean() if (~data.anomaly).any() else 1.0) >= normal:
            return share(right[data.anomaly])
    return share(np.zeros(int(data.anomaly.sum()), bool))


def coverage(confidence: Doubles, right: Bools, precision: float) -> dict[str, Any]:
    """The largest share of sets, from the most confident on, with at least this share of right ones."""
    order = np.argsort(-confidence, kind="stable")
    rates = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(rates >= precision)
    covered = int(enough[-1]) + 1 if len(enough) else 0
    return share(np.arange(len(order)) < covered)


def _source_variants(
    data: SelectionData, how: Training, outer: Sequence[Bools]
) -> Iterator[tuple[str, Ints]]:
    """The source's margin ranker.

    v2 uses its two largest projects, v3 all, with 1, 5, 10 and 20 times oversampled anomalies.
    """
    for name, times, part in (
        ("v2, two projects, 10x", 10, True),
        *((f"v3, {k}x", k, False) for k in (1, 5, 10, 20)),
    ):
        pick = np.array(data.features.top)
        for held in outer:
            rest = data.some(np.flatnonzero(~held))
            if part:
                sizes = {n: list(rest.groups).count(n) for n in set(rest.groups)}
                largest = sorted(sizes, key=lambda n: (-sizes[n], n))[:_LARGEST]
                rest = rest.some(np.flatnonzero(np.isin(rest.groups, largest)))
            margin = replace(how, loss="margin", oversampling=times)
            net = train_listwise(rest.features.x, rest.features.mask, rest.winner, rest.anomaly, margin)
            shown = data.features.some(np.flatnonzero(held))
            pick[held] = softmax(net.scores(filled(shown.x, net.mean)), shown.mask).argmax(axis=1)
        yield name, pick


def held_out_rows(data: SelectionData, found: HeldOut, by_set: HeldOut, test: Bools) -> pl.DataFrame:
    """One row a set, with the columns `HELD_OUT`; places count from 0 in the order of the members.

    Args:
        data: the sets.
        found: answers for them here, by fits without their project or without them.
        by_set: the choices of fits without the set, with its project.
        test: (sets,) those that the model was not trained on.
    """
    counts = data.features.mask.sum(axis=1)
    return pl.DataFrame(
        {
            NAME: list(data.groups),
            KEY: list(data.keys),
            MEMBERS: [list(m) for m in data.members],
            CHOSEN: data.winner,
            TOP: data.features.top,
            PICK: found.pick,
            P: [row[:count].tolist() for row, count in zip(found.p, counts, strict=True)],
            ANOMALY: data.anomaly,
            TEST: test,
            BY_SET: by_set.pick,
        },
        schema=HELD_OUT,
    )
