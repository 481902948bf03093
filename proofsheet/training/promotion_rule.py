"""The rule of promotion: on frozen examples where there are 100 or more, else crosswise.

Holds `ranker_rule`, `crop_rule` and `crosswise_rule`.
Add here: another condition, with its sentence.
Keep out: acts (models/registry.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.models.calibration import boast, boast_by_chance
from proofsheet.models.intervals import bootstrap, bootstrap_within

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Figures = Mapping[str, Any]
LEAST_SETS, LEAST_CROSSWISE = 100, 30
_NORMAL_DROP, _PROJECT_DROP, _ECE = 0.005, 0.02, 0.03
_BLOCKS = 20


def ranker_rule(
    new: Bools, old: Bools, anomaly: Bools, groups: Sequence[str], ece: float, rival: str
) -> tuple[bool, list[str]]:
    """Whether a ranker may serve, and every finding.

    Args:
        new: for each held-out set whether the challenger is right.
        old: the same of the champion, or of the stage rule if none serves.
        anomaly: where a lower stage was chosen.
        groups: project of each set.
        ece: expected calibration error of the challenger.
        rival: name of the champion, for the sentences.
    """
    findings = _common(new.astype(float), old.astype(float), groups, ece, rival, "sets")
    normal = ~anomaly
    drop = float(old[normal].mean() - new[normal].mean()) if normal.any() else 0.0
    findings.append((drop <= _NORMAL_DROP, f"normal sets: {-drop * 100:+.2f} points (at most -0.50 allowed)"))
    return _told(findings)


def crop_rule(
    new: Doubles, old: Doubles, groups: Sequence[str], ece: float, rival: str
) -> tuple[bool, list[str]]:
    """The same for a crop proposer; values are overlaps (IoU) with the drawn boxes."""
    return _told(_common(new, old, groups, ece, rival, "boxes"))


@dataclass(frozen=True)
class Answers:
    """Answers of a challenger for examples that its fits did not see.

    Attributes:
        new: (n,) how good each answer is: 1 or 0 for choices, the overlap for crops.
        old: (n,) the same of the rival.
        groups: project of each example.
        clusters: what stays together.
        confidence: (n,) what the challenger stated.
        right: (n,) whether that came true.
    """

    new: Doubles
    old: Doubles
    groups: Sequence[str]
    clusters: Sequence[str]
    confidence: Doubles
    right: Bools


def crosswise_rule(
    said: Answers, rival: str, what: str, outside: Figures | None = None
) -> tuple[bool, list[str]]:
    """Whether a model of a small history may serve: each example was judged by a fit without it.

    Args:
        said: the answers.
        rival: name of the champion, or of the trivial rule.
        what: sets or boxes.
        outside: gain over the trivial rule on held-out projects; None with too few projects.
    """
    n, over = len(said.new), boast(said.confidence, said.right)
    gain, low, high = bootstrap_within(said.new - said.old, said.groups, said.clusters)
    most = max(_ECE, boast_by_chance(said.confidence)) if n else _ECE
    findings = [
        (
            n >= LEAST_CROSSWISE,
            (
                f"judged in cross-validation on {n} {what}, each by a fit without it (at least "
                f"{LEAST_CROSSWISE})"
            ),
        ),
        (low > 0, f"gain over {rival} in these projects: {_points(gain, low, high)}; above 0 is needed)"),
        (
            over <= most,
            (
                f"stated confidences exceed the share of right answers by {over:.3f} (at most "
                f"{most:.3f}, for {len(said.right)} answers)"
            ),
        ),
    ]
    if outside is not None:
        told = _points(outside["mean"], outside["low"], outside["high"])
        findings.append(
            (
                outside["high"] >= 0,
                f"gain over the trivial rule on projects held out: {told}; not surely below 0)",
            )
        )
    return _told(findings)


def _points(gain: float, low: float, high: float) -> str:
    return f"{gain * 100:+.2f} points ({low * 100:+.2f} to {high * 100:+.2f}"


def _common(
    new: Doubles, old: Doubles, groups: Sequence[str], ece: float, rival: str, what: str
) -> list[tuple[bool, str]]:
    names, places = sorted(set(groups)), np.array(groups)
    gains = (
        [(new - old)[places == n] for n in names]
        if len(names) >= 3
        else np.array_split(new - old, min(_BLOCKS, max(len(new), 1)))
    )
    gain, low, high = bootstrap(gains)
    worst = [(n, float((old - new)[places == n].mean())) for n in names if (places == n).sum() >= LEAST_SETS]
    found = [
        (len(new) >= LEAST_SETS, f"judged on {len(new)} held-out {what} (at least {LEAST_SETS})"),
        (
            low >= 0,
            f"gain over {rival}: {_points(gain, low, high)}; not below 0)",
        ),
        (ece <= _ECE, f"expected calibration error {ece:.3f} (at most {_ECE})"),
    ]
    found += [
        (drop <= _PROJECT_DROP, f"{n}: {-drop * 100:+.2f} points (at most -2.00 allowed)")
        for n, drop in worst
        if drop > 0
    ]
    return found


def _told(findings: Sequence[tuple[bool, str]]) -> tuple[bool, list[str]]:
    return all(ok for ok, _ in findings), [f"{'ok' if ok else 'NOT MET'}: {text}" for ok, text in findings]
