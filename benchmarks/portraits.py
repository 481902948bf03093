"""How well the good portrait of a set is picked: `python -m benchmarks.portraits`.

It writes its part of docs/picks.md. `--fit` fits the weights of faces first.

Holds the protocol and the fit.
Add here: another figure.
Keep out: pictures (portrait_sets.py), the words of the page (portraits_page.py), and damage that needs no
face (picks.py).

Five fits; each judges persons that it never saw. The weights of the package are fitted on all portraits in
the same way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import picks
from benchmarks.portrait_sets import (
    ALIKE,
    BACKGROUND,
    BURST,
    FAILURES,
    ORDINARY,
    STRENGTHS,
    PortraitSet,
    Row,
    portrait_sets,
)
from benchmarks.portraits_page import PICKS, RESULTS
from proofsheet.models.intervals import wilson
from proofsheet.models.logistic import fit_logit
from proofsheet.models.starter_ranker import starter_ranker
from proofsheet.selection.face_comparison import WEIGHTS, FaceWeights, face_weights
from proofsheet.selection.face_features import FEATURES, face_features, matched
from proofsheet.selection.technical_comparison import compared
from schemas.faces import Face
from schemas.library import Photo
from schemas.vision import ImageQuality

_FOLDS = 5
_PRECISION = 1.0
Floats = npt.NDArray[np.float64]
Pick = Callable[[PortraitSet, FaceWeights], int]


def main() -> None:
    """Measure, fit if asked, and write the results."""
    sets = portrait_sets()
    if "--fit" in sys.argv[1:]:
        WEIGHTS.write_text(json.dumps(card_of(sets), indent=1) + "\n", "utf-8")
        face_weights.cache_clear()
    found = figures(sets)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    picks.write_page()


def pairs_of(sets: Sequence[PortraitSet]) -> tuple[Floats, Floats]:
    """Features of the good picture against each other one, (pairs, features), and the weight of each pair.

    Two good shots are there in both orders, each with half of the weight.
    """
    features, weights = list[Floats](), list[float]()
    for one in sets:
        if one.kind == BURST:
            continue
        better, worse = one.members
        orders = [(better, worse), (worse, better)] if one.kind == ALIKE else [(better, worse)]
        for first, second in orders:
            pairs = matched(first, second)
            if pairs:
                features.append(face_features(first, second, pairs, starter_ranker().log_odds(first, second)))
                weights.append(1.0 / len(orders))
    return np.array(features), np.array(weights)


def fitted(sets: Sequence[PortraitSet]) -> FaceWeights:
    """Weights of these sets, none below 0: a difference never speaks for the worse face."""
    features, _weights = pairs_of(sets)
    used = list(range(len(FEATURES)))
    while True:
        x = np.zeros((len(features), 2, len(used)))
        x[:, 0] = features[:, used]
        mask, winner = np.ones(x.shape[:2], dtype=bool), np.zeros(len(x), dtype=np.int64)
        found = fit_logit(x, mask, winner, np.zeros(x.shape[:2]), _PRECISION)
        if (found >= 0).all():
            break
        used = [k for k, w in zip(used, found, strict=True) if w >= 0]
    weights = np.zeros(len(FEATURES))
    weights[used] = found
    return FaceWeights(np.round(weights, 3))


def card_of(sets: Sequence[PortraitSet]) -> dict[str, Any]:
    """What the package holds: the weights and where they come from."""
    return {
        "fitted_by": "python -m benchmarks.portraits --fit",
        "photographs": len({s.original for s in sets}),
        "pairs": len(pairs_of(sets)[0]),
        "known_failures": "see docs/picks.md",
        "weights": dict(zip(FEATURES, fitted(sets).weights.tolist(), strict=True)),
    }


def crosswise(sets: Sequence[PortraitSet]) -> list[tuple[PortraitSet, FaceWeights]]:
    """Every set with weights of other persons."""
    fold = {person: k % _FOLDS for k, person in enumerate(sorted({s.person for s in sets}))}
    weights = [fitted([s for s in sets if fold[s.person] != k]) for k in range(_FOLDS)]
    return [(s, weights[fold[s.person]]) for s in sets]


def _compared(one: PortraitSet, weights: FaceWeights, faces: Callable[[Row], Sequence[Row]]) -> int:
    """Place of the picture that Proofsheet picks; by its name, the good one wins no tie.

    Args:
        one: the set.
        weights: of differences of faces.
        faces: what is known of the faces of a member.
    """
    rows = [
        {**m, Face.name: faces(m), Photo.stage: None, Photo.content_hash: "z" if k == 0 else f"a{k}"}
        for k, m in enumerate(one.members)
    ]
    return compared(rows, starter_ranker(), weights).place


def _without_eyes(member: Row) -> Sequence[Row]:
    return [{**face, Face.eye_openness: None} for face in member[Face.name]]


_PICKS: Mapping[str, Pick] = dict(
    zip(
        PICKS,
        (
            lambda one, weights: _compared(one, weights, lambda m: m[Face.name]),
            lambda one, weights: _compared(one, weights, _without_eyes),
            lambda one, weights: _compared(one, weights, lambda _m: ()),
            lambda one, _weights: int(np.argmax([m[ImageQuality.sharpness] for m in one.members])),
        ),
        strict=True,
    )
)


def figures(sets: Sequence[PortraitSet]) -> dict[str, Any]:
    """Shares of sets in which the good picture is picked, by kind and strength, for each of `_PICKS`."""
    judged = crosswise(sets)
    kinds = [*FAILURES, BACKGROUND]
    wanted = [*((k, s) for k in kinds for s in STRENGTHS), (BURST, "seen")]
    wanted += [*((k, "seen") for k in ORDINARY), (ALIKE, "")]
    rows = [
        {"kind": k, "strength": s, **_shares([j for j in judged if (j[0].kind, j[0].strength) == (k, s)])}
        for k, s in wanted
    ]
    failures = [j for j in judged if j[0].kind in kinds]
    return {
        "photographs": len({s.original for s in sets}),
        "persons": len({s.person for s in sets}),
        "rows": rows,
        "all": {s: _shares([j for j in failures if j[0].strength == s]) for s in STRENGTHS},
        "unmatched": sum(not matched(*s.members[:2]) for s, _w in judged if s.kind in kinds),
    }


def _shares(judged: Sequence[tuple[PortraitSet, FaceWeights]]) -> dict[str, Any]:
    found: dict[str, Any] = {"n": len(judged)}
    for name, pick in _PICKS.items():
        right = sum(pick(one, weights) == 0 for one, weights in judged)
        low, high = wilson(right, len(judged))
        found[name] = {"right": right, "share": right / max(len(judged), 1), "low": low, "high": high}
    return found


if __name__ == "__main__":
    main()
