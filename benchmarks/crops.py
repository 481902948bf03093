"""Are crops without any history better than none? `python -m benchmarks.crops` writes docs/crops.md.

Holds the protocol and the page.
Add here: another baseline.
Keep out: the pictures (made_crops.py) and the rule (crop_rule.py).

The operating point is chosen on one half of the photographs and judged on the other, both ways round.
Intervals are paired and drawn over photographs. The rule is proved if the lower bound of its lift over the
full frame is above 0 for every kind.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.crop_rule import INTERESTS, VERSION, CropRule
from benchmarks.human_crops import crop_reference
from benchmarks.made_crops import KINDS, CropCase, made_crops
from proofsheet.models.boxes import FULL, iou
from proofsheet.training.evaluate_crops import constant_boxes

RESULTS, PAGE = Path(__file__).parent / "crops.json", Path(__file__).parents[1] / "docs" / "crops.md"
_SEED, _DRAWS = 20261127, 4000
_TIGHT, _THIRDS = (0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0), (0.0, 0.1, 0.3)
_GAINS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # quantiles of the gains, of which one is the least
_PROVED = "**The lift is proved for every kind.**"
_NOT_PROVED = """**The lift is not proved.** Proofsheet therefore proposes no crop in a project without a
trained crop proposer: the full frame stays, and the reason on the set says so. Crops need a history of
crops ([Judge](judge.md))."""
_PROTOCOL = f"""The frame that its photographer chose is the right crop of a
photograph that was given more surroundings (its own, mirrored; the same out of focus; plain stripes), and
the photograph itself needs no crop: both have half of the weight. The hidden judge is the formula that
[judging](judging.md) uses; it measures related things, which flatters the rule. The boxes of people at hand
come without their pictures, so that the rule could not be tried on them.

The rule (`{VERSION}`) takes the box of the picture's own aspect that holds most of what draws the eye for
its size, with the subject near a point of thirds or the middle. Its operating point is chosen on one half
of the photographs and judged on the other, both ways round. Intervals are 95 %, over photographs."""
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def main() -> None:
    """Measure and write the page."""
    found = {**measure(made_crops(_SEED)), "human": crop_reference()}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(found), "utf-8")


def measure(cases: list[CropCase]) -> dict[str, Any]:
    """The rule beside the full frame, the best centre box and the mean box."""
    grids, truth = np.stack([c.grid for c in cases]), np.array([c.box for c in cases])
    weights, originals = np.array([c.weight for c in cases]), np.array([c.original for c in cases])
    boxes = {
        name: np.tile(FULL, (len(cases), 1))
        for name in (VERSION, "full frame", "best centre box", "mean box")
    }
    points = []
    for half in (0, 1):
        fitted, judged = originals % 2 == half, originals % 2 != half
        rule = _chosen(grids[fitted], truth[fitted], weights[fitted])
        points.append({"interest": rule.interest, "tight": rule.tight, "thirds": rule.thirds})
        boxes[VERSION][judged] = rule.propose(grids[judged])
        needed = truth[fitted & (truth != FULL).any(axis=1)]
        for name, box in constant_boxes(needed).items():
            if name in boxes:
                boxes[name][judged] = box
    overlaps = {name: iou(box, truth) for name, box in boxes.items()}
    kinds = np.array([c.kind for c in cases])
    rows = []
    for kind in (*KINDS, "all"):
        here = kinds == kind if kind != "all" else np.ones(len(cases), bool)
        rows.append(_row(kind, here, overlaps, weights, originals, boxes[VERSION], truth))
    proved = all(row["lift"]["low"] > 0 for row in rows)
    return {
        "rows": rows,
        "proved": proved,
        "points": points,
        "originals": len(set(originals)),
        "pictures": len(cases),
    }


def _row(
    kind: str,
    here: Flags,
    overlaps: dict[str, Doubles],
    weights: Doubles,
    originals: npt.NDArray[np.int64],
    proposed: Doubles,
    truth: Doubles,
) -> dict[str, Any]:
    crops, needed = (proposed[here] != FULL).any(axis=1), (truth[here] != FULL).any(axis=1)
    lift = overlaps[VERSION][here] - overlaps["full frame"][here]
    return {
        "kind": kind,
        "pictures": int(here.sum()),
        "overlap": {n: float(np.average(v[here], weights=weights[here])) for n, v in overlaps.items()},
        "lift": _interval(lift, weights[here], originals[here]),
        "cropped where needed": _share(crops[needed]),
        "cropped where not needed": _share(crops[~needed]),
    }


def _share(flags: Flags) -> float | None:
    return float(flags.mean()) if flags.size else None


def _chosen(grids: npt.NDArray[np.float32], truth: Doubles, weights: Doubles) -> CropRule:
    """The operating point with the largest mean overlap on these pictures."""
    full = iou(truth, np.array(FULL))

    def points() -> Iterator[tuple[float, CropRule]]:
        for interest, tight, thirds in itertools.product(INTERESTS, _TIGHT, _THIRDS):
            boxes, gains = CropRule(interest, tight, thirds, 0.0).best(grids)
            overlap = iou(boxes, truth)
            for least in np.quantile(gains, _GAINS):
                mean = float(np.average(np.where(gains > least, overlap, full), weights=weights))
                yield mean, CropRule(interest, tight, thirds, float(least))

    return max(points(), key=lambda found: found[0])[1]


def _interval(values: Doubles, weights: Doubles, originals: npt.NDArray[np.int64]) -> dict[str, float]:
    """Mean and 95 % interval, whole photographs being drawn."""
    names = np.unique(originals)
    each = np.array([np.average(values[originals == n], weights=weights[originals == n]) for n in names])
    drawn = np.random.default_rng(0).integers(0, len(names), (_DRAWS, len(names)))
    low, high = np.quantile(each[drawn].mean(axis=1), [0.025, 0.975])
    return {"mean": float(each.mean()), "low": float(low), "high": float(high)}


def page(found: dict[str, Any]) -> str:
    """The page as Markdown."""
    names = list(found["rows"][0]["overlap"])
    lines = [
        "# Crops without history: is a rule better than none?",
        "",
        "Written by `python -m benchmarks.crops` (`make crops`).",
        "",
        _PROVED if found["proved"] else _NOT_PROVED,
        "",
        f"{found['pictures']} pictures were made of {found['originals']} real photographs. " + _PROTOCOL,
        "",
        "| surroundings | pictures | "
        + "".join(f"IoU, {name} | " for name in names)
        + "lift over the full frame | cropped where needed | where not |",
        "|---|---|" + "---|" * (len(names) + 3),
    ]
    for row in found["rows"]:
        lift = row["lift"]
        cells = [f"{row['overlap'][n]:.3f}" for n in names]
        cells.append(f"{lift['mean']:+.3f} ({lift['low']:+.3f} to {lift['high']:+.3f})")
        shares = (row["cropped where needed"], row["cropped where not needed"])
        cells += ["–" if share is None else f"{100 * share:.0f} %" for share in shares]
        lines.append(f"| {row['kind']} | {row['pictures']} | " + " | ".join(cells) + " |")
    lines += ["", *_human(found["human"])]
    return "\n".join(lines) + "\n"


def _human(human: dict[str, Any] | None) -> list[str]:
    if human is None:
        return ["Boxes of people were not at hand when this page was written."]
    told = ", ".join(
        f"{n} {v['mean']:.3f} ({v['low']:.3f}–{v['high']:.3f})" for n, v in human["constant boxes"].items()
    )
    counts = f"{human['test']} pictures; constants chosen on {human['training']}"
    return [f"Boxes of people, without pictures ({counts}): {told}."]


if __name__ == "__main__":
    main()
