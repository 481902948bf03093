"""Real votes.

1,993 human choices between two photos of one series, by the ranker's own learner on four measured features.

Holds `vote_figures`.
Add here: another data set of real choices.
Keep out: the learner.

Five folds by a fixed hash of the series; every pair is predicted once, and no series is on both sides.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from proofsheet.models.intervals import wilson
from proofsheet.training.listwise import Training, train_listwise

PLACE = Path(__file__).parents[2] / "shared" / "data" / "phototriage_mit_labels"
_FEATURES = ("sharpness", "exposure", "colorfulness", "contrast")
_FOLDS = 5
_AGREED = 0.7


def vote_figures(place: Path = PLACE) -> dict[str, Any] | None:
    """Shares of pairs predicted as the people chose, with Wilson's intervals.

    `agreement` is the mean share of people who chose as most did. None where the data is not at hand.
    """
    if not place.is_dir():
        return None
    features = pl.read_csv(place / "features.csv")
    known = {(s, n): row for s, n, *row in features.select("series_id", "image_no", *_FEATURES).iter_rows()}
    pairs = [
        p
        for p in pl.read_csv(place / "pairs.csv").to_dicts()
        if all((p["series_id"], p[k]) in known for k in ("image_a", "image_b"))
    ]
    x = np.array(
        [[known[p["series_id"], p[k]] for k in ("image_a", "image_b")] for p in pairs], dtype=np.float32
    )
    winner = np.array([0 if p["chosen"] == "A" else 1 for p in pairs])
    fold = np.array(
        [int(hashlib.sha256(str(p["series_id"]).encode()).hexdigest(), 16) % _FOLDS for p in pairs]
    )
    said = np.zeros(len(pairs), int)
    single = np.zeros(len(pairs), int)
    for k in range(_FOLDS):
        rest, held = fold != k, fold == k
        how = Training(epochs=60, hidden=0, device="cpu")
        net = train_listwise(
            x[rest], np.ones((int(rest.sum()), 2), bool), winner[rest], np.zeros(int(rest.sum()), bool), how
        )
        said[held] = net.scores(x[held]).argmax(axis=1)
        rights = [
            ((x[rest][:, 1, f] > x[rest][:, 0, f]).astype(int) == winner[rest]).mean()
            for f in range(len(_FEATURES))
        ]
        best = int(np.argmax(np.maximum(rights, 1 - np.array(rights))))
        ahead = (x[held][:, 1, best] > x[held][:, 0, best]).astype(int)
        single[held] = ahead if rights[best] >= 0.5 else 1 - ahead
    singles = {
        f: float(((x[:, 1, k] > x[:, 0, k]).astype(int) == winner).mean()) for k, f in enumerate(_FEATURES)
    }
    agreement = np.array([p["preference_strength"] for p in pairs])
    clear = agreement >= _AGREED
    return {
        "pairs": len(pairs),
        "series": len({p["series_id"] for p in pairs}),
        "agreement": float(agreement.mean()),
        "ranker's learner": _share(said == winner),
        "ranker's learner, 70 % agreed": _share((said == winner)[clear]),
        "single feature chosen on the other folds": _share(single == winner),
        "single features, all pairs": singles,
    }


def _share(right: np.ndarray[Any, Any]) -> dict[str, float]:
    low, high = wilson(int(right.sum()), len(right))
    return {"share": float(right.mean()), "low": low, "high": high, "n": len(right)}
