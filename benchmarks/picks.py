"""How well pictures are picked without history: `python -m benchmarks.picks` writes docs/picks.md.

`--fit` fits the weights first.

Holds the protocol and the page.
Add here: another figure.
Keep out: pictures (damaged_sets.py), damage (damage.py) and the fit (picks_fit.py).

Five fits; each judges photographs that it never saw, and kinds of damage that no fit saw. The weights of the
package are fitted on all photographs in the same way. They are compared with the rule of version 0.1.0: the
highest stage, then the highest variance of the Laplacian.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.damage import KINDS
from benchmarks.damaged_sets import Case, measured_cases
from benchmarks.picks_fit import calibrated, card_of, crosswise, taught
from benchmarks.portraits_page import portraits_part
from benchmarks.votes import vote_figures
from proofsheet.models.calibration import expected_calibration_error
from proofsheet.models.intervals import wilson
from proofsheet.models.starter_ranker import WEIGHTS, StarterRanker
from proofsheet.selection.technical_comparison import compared
from schemas.library import Photo
from schemas.vision import ImageQuality

_PAGE = Path(__file__).parents[1] / "docs" / "picks.md"
_RESULTS = Path(__file__).parent / "picks.json"
_STRENGTHS = {"seen": "seen at once", "looked": "one has to look"}
_OTHERS = (
    ("a third of a stop", "a third of a stop more or less: the unchanged one is picked (wanted: 40–60 %)"),
    (
        "soft and brighter",
        "one pixel of 6,000 softer and a third of a stop brighter: the sharp one is picked",
    ),
    ("soft among noisy", "all frames noisy, one of them soft or shaken too: the sharp one is picked"),
    ("another shot", "another shot of a burst, nothing worse: the first one is picked (wanted: near 50 %)"),
    ("smaller copy", "a copy of 20 to 90 % of the side: the larger one is picked"),
    ("thumbnail", "a copy of 40 to 320 px: the larger one is picked"),
    ("empty pixels", "upscaled four times, or blurred by 1/200 of its side: the smaller good one is picked"),
    ("mixture", "one to three kinds at once, chance strength: the unchanged one is picked"),
    ("stages", "usual series: the highest stage is picked (wanted: 99.5 %)"),
    ("spoilt stage", "highest stage spoilt: the lower one is picked (wanted: 60 %)"),
)


def main() -> None:
    """Fit if asked, measure, and write the page."""
    cases = measured_cases()
    judged = crosswise(cases)
    if "--fit" in sys.argv[1:]:
        names = {c.original for c in cases}
        about = {
            "fitted_by": "python -m benchmarks.picks --fit",
            "photographs": len(names),
            "pairs": sum(map(taught, cases)),
            "kinds": [k for k, how in KINDS.items() if how.trained],
            "kinds_kept_for_judging": [k for k, how in KINDS.items() if not how.trained],
            "known_failures": "see docs/picks.md",
        }
        WEIGHTS.write_text(_readable(card_of(calibrated(cases, judged), about)), "utf-8")
    found = figures(judged) | {"votes": vote_figures()}
    _RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    write_page()


def write_page() -> None:
    """Write the page from the figures of picks and portraits that were measured last."""
    _PAGE.write_text(whole_page(), "utf-8")


def whole_page() -> str:
    """The page with both figures as they were measured last."""
    found = json.loads(_RESULTS.read_text("utf-8"))
    return "\n".join(part for part in (page(found), portraits_part()) if part)


def _readable(card: Mapping[str, Any]) -> str:
    """JSON with a line for each measurement."""
    head = {k: v for k, v in card.items() if k != "weights"}
    rows = ",\n".join(f"  {json.dumps(n)}: {json.dumps(row)}" for n, row in card["weights"].items())
    return json.dumps(head, indent=1)[:-2] + ',\n "weights": {\n' + rows + "\n }\n}\n"


def figures(judged: Sequence[tuple[Case, StarterRanker]]) -> dict[str, Any]:
    """Shares of cases in which the better picture is picked, now and by the rule before.

    Args:
        judged: cases, each with a ranker that never saw its photograph.
    """
    now = [_picked(case, ranker) for case, ranker in judged]
    before = [_picked_before(case) for case, _ranker in judged]
    cases = [case for case, _ranker in judged]

    def share(wanted: Callable[[Case], bool]) -> dict[str, Any]:
        which = [k for k, c in enumerate(cases) if wanted(c)]
        right = sum(now[k][0] for k in which)
        low, high = wilson(right, len(which))
        told = {"right": right, "n": len(which), "share": right / len(which), "low": low, "high": high}
        return told | {"before": sum(before[k] for k in which) / len(which)}

    kinds = {
        kind: {s: share(lambda c, k=kind, s=s: (c.kind, c.strength) == (k, s)) for s in _STRENGTHS}  # type: ignore[misc]
        for kind in KINDS
    }
    others = {kind: share(lambda c, k=kind: c.kind == k) for kind, _words in _OTHERS}  # type: ignore[misc]
    others |= {"ruined": share(lambda c: c.strength == "ruined")}
    sure = [k for k, c in enumerate(cases) if c.kind in KINDS]
    confidence, right = (np.array([now[k][i] for k in sure]) for i in (1, 0))
    return {
        "photographs": len({c.original for c in cases}),
        "kinds": kinds,
        "others": others,
        "calibration_error": expected_calibration_error(confidence, right.astype(bool)),
        "mean": {
            s: {w: float(np.mean([k[s][w] for k in kinds.values()])) for w in ("share", "before")}
            for s in _STRENGTHS
        },
    }


def _members(case: Case) -> list[dict[str, Any]]:
    """Both pictures as rows of a set of two, the better one first; the other one wins a tie."""
    stages: Sequence[float | None] = case.stages or (None, None)
    return [
        {**row, Photo.stage: stage, Photo.content_hash: name}
        for row, stage, name in ((case.better, stages[0], "b"), (case.worse, stages[1], "a"))
    ]


def _picked(case: Case, ranker: StarterRanker) -> tuple[bool, float]:
    """Whether the better one is picked, and the technical confidence."""
    choice = compared(_members(case), ranker)
    return choice.place == 0, choice.confidence


def _picked_before(case: Case) -> bool:
    """The same by the rule before."""
    better, worse = ((m[Photo.stage] or -1.0, m[ImageQuality.sharpness]) for m in _members(case))
    return better >= worse


def page(found: Mapping[str, Any]) -> str:
    """The page as Markdown."""
    mean = found["mean"]
    lines = [
        f"""# Picks: is the better picture picked before any training?

Written by `python -m benchmarks.picks`. {found["photographs"]} real photographs, each damaged in
{len(KINDS)} ways: damage in the camera is made in linear light, damage by programs in finished pictures
(benchmarks/damage.py). A pair is right if the unchanged photograph is picked. Five fits judge photographs
that they never saw; kinds marked * were in no fit. How much stage series, noisy bursts and soft pictures
count in a fit was chosen by these figures, which favours their rows. Intervals are
Wilson's, 95 %. "Before" is the rule of version 0.1.0: the highest stage, then the highest variance of the
Laplacian.

Mean over the kinds: **{mean["seen"]["share"]:.1%}** at an obvious strength
(before: {mean["seen"]["before"]:.1%}),
**{mean["looked"]["share"]:.1%}** at a strength found on inspection (before: {mean["looked"]["before"]:.1%}).
Calibration error of the technical confidence on these pairs: {found["calibration_error"]:.3f}.

| damage | seen at once | interval | before | one has to look | interval | before |
|---|---|---|---|---|---|---|"""
    ]
    for kind, by in found["kinds"].items():
        cells = [
            f"{r['share']:.1%} of {r['n']} | {r['low']:.2f}–{r['high']:.2f} | {r['before']:.0%}"
            for r in (by[s] for s in _STRENGTHS)
        ]
        lines.append(f"| {kind}{'' if KINDS[kind].trained else ' *'} | " + " | ".join(cells) + " |")
    lines += ["", "| other pairs | share | interval | before |", "|---|---|---|---|"]
    for kind, words in (*_OTHERS, ("ruined", "ruined: far beyond what is seen at once, 14 kinds")):
        row = found["others"][kind]
        lines.append(
            f"| {words} | {row['share']:.1%} ({row['right']} of {row['n']}) "
            f"| {row['low']:.3f}–{row['high']:.3f} | {row['before']:.0%} |"
        )
    return "\n".join([*lines, *_votes(found["votes"])]) + "\n"


def _votes(votes: Mapping[str, Any] | None) -> list[str]:
    if votes is None:
        return ["", "Human votes: not at hand (`../shared/data/phototriage_mit_labels`)."]
    row, single = votes["ranker's learner"], votes["single feature chosen on the other folds"]
    clear = votes["ranker's learner, 70 % agreed"]
    return [
        "",
        f"""Human votes ({row["n"]} choices between two photographs of one series,
four measurements of each): a logistic comparison predicts {row["share"]:.3f}
({row["low"]:.3f}–{row["high"]:.3f}; wanted: 0.600), the best single measurement {single["share"]:.3f}. Of the
{clear["n"]} choices on which at least 70 % of the people agreed it predicts {clear["share"]:.3f}
({clear["low"]:.3f}–{clear["high"]:.3f}). On average {votes["agreement"]:.0%} of the people chose as most
did. The pictures are not
available, so the starter ranker cannot be judged on them. Choices in a series depend little on technical
quality: the technical confidence says which picture is sharper and cleaner, not which one you prefer.""",
    ]


if __name__ == "__main__":
    main()
