"""The card of a model: what it was trained on, how well it does beside the trivial rules, where it fails.

Holds `write_card`, `headline` and `markdown`.
Add here: another section of the card.
Keep out: the figures themselves (evaluate_ranker.py, evaluate_crops.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from proofsheet.core.files import write_atomic
from proofsheet.training.plots import reliability_plot

Figures = Mapping[str, Any]
QUALITY = "quality"  # of the facts of a card: of how many pictures measurements are missing


def card_path(models: Path, fit_id: str) -> Path:
    """Where the card of a model lies, as Markdown; JSON, plot and contact sheets lie beside it."""
    return models / "cards" / fit_id / "card.md"


def write_card(models: Path, fit_id: str, card: Figures) -> Path:
    """Write the card as Markdown and JSON, with its plot."""
    path = card_path(models, fit_id)
    write_atomic(path.with_name("card.json"), json.dumps(card, indent=1, ensure_ascii=False).encode("utf-8"))
    write_atomic(path.with_name("reliability.png"), reliability_plot(card["figures"]["reliability"], str(card["kind"])))
    write_atomic(path, markdown(fit_id, card).encode("utf-8"))
    return path


def headline(kind: str, card: str) -> str:
    """The first figure of a card, with its interval."""
    told = json.loads(card)
    figures, quality = told["figures"], str(told["data"].get(QUALITY, ""))
    if kind == "ranker":
        gain = figures["gain over the highest stage"]
        return (
            f"top-1 {_share(figures['top1'])}; gain over the highest stage {_points(gain)} points, "
            f"{figures['sets']} sets of {figures['projects']} projects" + (f"; {quality}" if "missing" in quality else "")
        )
    if kind == "crop":
        return (
            f"IoU {_mean(figures['IoU on cut pictures'])} on {figures['boxes']} cut pictures; "
            f"lift over the {figures['best constant box']} {_mean(figures['lift over the best constant box'])}"
        )
    return f"accuracy {_share(figures['accuracy'])}; most frequent label {figures['most frequent label']:.3f}"


def markdown(fit_id: str, card: Figures) -> str:
    """The card for people."""
    kind, figures = str(card["kind"]), card["figures"]
    lines = [
        f"# {kind.capitalize()} {fit_id[:12]}",
        "",
        headline(kind, json.dumps(card)) + ".",
        "",
        "## What it was trained on",
        "",
    ]
    lines += [f"* {name}: {value}" for name, value in card["data"].items()]
    lines += ["", f"## Figures: {figures.get('protocol', '')}", ""]
    lines += _ranker(figures) if kind == "ranker" else _crop(figures) if kind == "crop" else _scene(figures)
    lines += ["", "## Calibration", "", "![reliability](reliability.png)", "", "| confidence | right | n |", "|---|---|---|"]
    lines += [f"| {b['confidence']:.3f} | {b['right']:.3f} | {b['n']} |" for b in figures["reliability"]]
    lines += ["", "## The rule of promotion", "", *(f"* {r}" for r in card["promotion"]["reasons"])]
    sheets = list(card.get("sheets", {}).items())
    if sheets:
        lines += ["", "## Contact sheets", "", *(f"* [{name}]({file})" for name, file in sheets)]
    lines += ["", "## Known failures", "", *(f"* {text}" for text in card["failures"])]
    return "\n".join(lines) + "\n"


def _share(value: Figures) -> str:
    return f"{value['share']:.3f} ({value['low']:.3f}–{value['high']:.3f}, n = {value['n']})"


def _mean(value: Figures) -> str:
    return f"{value['mean']:.3f} ({value['low']:.3f}–{value['high']:.3f})"


def _points(value: Figures) -> str:
    return f"{value['mean'] * 100:+.2f} ({value['low'] * 100:+.2f} to {value['high'] * 100:+.2f})"


def _row(name: str, rule: Figures) -> str:
    parts = [_share(rule[k]) if k in rule and "share" in rule[k] else "" for k in ("top1", "normal", "anomaly")]
    return f"| {name} | " + " | ".join(parts) + " |"


def _ranker(figures: Figures) -> Iterable[str]:
    yield "| rule | top-1 | normal | anomalies |"
    yield "|---|---|---|---|"
    yield _row("**this ranker**", figures)
    for name, rule in figures["baselines"].items():
        yield f"| {name} | {rule['top1']:.3f} expected | | |" if name == "random" else _row(name, rule)
    for name, rule in figures["source's ranker"].items():
        yield _row(f"source 001, {name}", rule)
    if within := figures.get("within projects"):
        yield _row("this ranker, within projects", within)
    yield ""
    gain = figures["gain over the highest stage"]
    yield f"* Gain over the highest stage, paired over {gain['over']}: {_points(gain)} points."
    yield f"* Mean of the projects' top-1: {figures['macro']:.3f}."
    for name in ("anomaly recall at 97 % normal", "anomaly recall at 99 % normal", "coverage at 95 % precision", "overruled"):
        yield f"* {name[0].upper()}{name[1:]}: {_share(figures[name])}."
    yield f"* Expected calibration error: {figures['ece']:.3f}."
    yield ""
    yield "| project | top-1 | highest stage | anomalies | calibration error |"
    yield "|---|---|---|---|---|"
    for name, one in figures["per project"].items():
        stage = one["highest stage"]["share"]
        yield f"| {name} | {_share(one['top1'])} | {stage:.3f} | {_share(one['anomaly'])} | {one['ece']:.3f} |"


def _crop(figures: Figures) -> Iterable[str]:
    yield "| box | IoU on cut pictures |"
    yield "|---|---|"
    yield f"| **this proposer** | {_mean(figures['IoU on cut pictures'])} |"
    for name, value in figures["baselines on cut pictures"].items():
        yield f"| {name} | {_mean(value)} |"
    yield ""
    yield f"* Intervals are drawn over {figures['IoU on cut pictures']['over']}."
    lift, full = figures["lift over the best constant box"], figures["full frame on all pictures"]
    yield f"* Lift over the best constant box ({figures['best constant box']}): {_mean(lift)}."
    yield f"* IoU on all pictures {_mean(figures['IoU on all pictures'])}; full frame {_mean(full)}."
    yield f"* Share of boxes above 0.7: {_share(figures['share above 0.7'])}."
    for name in ("cut needed, precision", "cut needed, recall", "right about the need", "always cut"):
        yield f"* {name[0].upper()}{name[1:]}: {_share(figures[name])}."
    yield f"* Area under the curve of the need: {figures['cut needed, AUC']}; expected calibration error {figures['ece']:.3f}."


def _scene(figures: Figures) -> Iterable[str]:
    yield f"* Accuracy: {_share(figures['accuracy'])}; the most frequent label alone: {figures['most frequent label']:.3f}."
    yield f"* Expected calibration error: {figures['ece']:.3f}."
    for name, value in figures["per label"].items():
        yield f"* {name}: {_share(value)}."
