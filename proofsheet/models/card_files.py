"""Where the card of a model is, and its headline.

Holds `card_path`, `headline` and the words for figures with intervals.
Add here: the headline of another kind of model.
Keep out: the card itself (training/model_cards.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Figures = Mapping[str, Any]


QUALITY = "quality"  # of the facts of a card: of how many pictures measurements are missing


def card_path(models: Path, fit_id: str) -> Path:
    """The path of a model's card, as Markdown; JSON, plot and contact sheets are beside it."""
    return models / "cards" / fit_id / "card.md"


def headline(kind: str, card: str) -> str:
    """The first figure of a card, with its interval."""
    told = json.loads(card)
    figures, quality = told["figures"], str(told["data"].get(QUALITY, ""))
    if kind == "ranker":
        gain = figures["gain over the highest stage"]
        return (
            f"top-1 {share(figures['top1'])}; gain over the highest stage {points(gain)} points, "
            f"{figures['sets']} sets of {figures['projects']} projects"
            + (f"; {quality}" if "missing" in quality else "")
        )
    if kind == "crop":
        return (
            f"IoU {mean(figures['IoU on cut pictures'])} on {figures['boxes']} cropped pictures; "
            f"lift over the {figures['best constant box']} {mean(figures['lift over the best constant box'])}"
        )
    return f"accuracy {share(figures['accuracy'])}; most frequent label {figures['most frequent label']:.3f}"


def share(value: Figures) -> str:
    """A share with its interval and its number of cases."""
    return f"{value['share']:.3f} ({value['low']:.3f}–{value['high']:.3f}, n = {value['n']})"


def mean(value: Figures) -> str:
    """A mean with its interval."""
    return f"{value['mean']:.3f} ({value['low']:.3f}–{value['high']:.3f})"


def points(value: Figures) -> str:
    """A difference of shares in points, with its interval."""
    return f"{value['mean'] * 100:+.2f} ({value['low'] * 100:+.2f} to {value['high'] * 100:+.2f})"
