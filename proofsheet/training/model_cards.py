"""The card of a model: what it was trained on, how well it does beside the trivial rules, where it fails.

Holds `write_card` and `markdown`.
Add here: another section of the card.
Keep out: the figures themselves (evaluate_ranker.py, evaluate_crops.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from proofsheet.core.files import write_atomic
from proofsheet.models.card_files import Figures, card_path, headline, mean, points, share
from proofsheet.training.plots import reliability_plot


def write_card(models: Path, fit_id: str, card: Figures) -> Path:
    """Write the card as Markdown and JSON, with its plot."""
    path = card_path(models, fit_id)
    write_atomic(path.with_name("card.json"), json.dumps(card, indent=1, ensure_ascii=False).encode("utf-8"))
    write_atomic(
        path.with_name("reliability.png"), reliability_plot(card["figures"]["reliability"], str(card["kind"]))
    )
    write_atomic(path, markdown(fit_id, card).encode("utf-8"))
    return path


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
    if kind == "ranker":
        lines += _ranker(figures)
    elif kind == "crop":
        lines += _crop(figures)
    else:
        lines += _scene(figures)
    lines += [
        "",
        "## Calibration",
        "",
        "![reliability](reliability.png)",
        "",
        "| confidence | right | n |",
        "|---|---|---|",
    ]
    lines += [f"| {b['confidence']:.3f} | {b['right']:.3f} | {b['n']} |" for b in figures["reliability"]]
    lines += ["", "## The rule of promotion", "", *(f"* {r}" for r in card["promotion"]["reasons"])]
    sheets = list(card.get("sheets", {}).items())
    if sheets:
        lines += ["", "## Contact sheets", "", *(f"* [{name}]({file})" for name, file in sheets)]
    lines += ["", "## Known failures", "", *(f"* {text}" for text in card["failures"])]
    return "\n".join(lines) + "\n"


def _row(name: str, rule: Figures) -> str:
    parts = [
        share(rule[k]) if k in rule and "share" in rule[k] else "" for k in ("top1", "normal", "anomaly")
    ]
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
    yield f"* Gain over the highest stage, paired over {gain['over']}: {points(gain)} points."
    yield f"* Mean of the projects' top-1: {figures['macro']:.3f}."
    for name in (
        "anomaly recall at 97 % normal",
        "anomaly recall at 99 % normal",
        "coverage at 95 % precision",
        "overruled",
    ):
        yield f"* {name[0].upper()}{name[1:]}: {share(figures[name])}."
    yield f"* Expected calibration error: {figures['ece']:.3f}."
    yield ""
    yield "| project | top-1 | highest stage | anomalies | calibration error |"
    yield "|---|---|---|---|---|"
    for name, one in figures["per project"].items():
        stage = one["highest stage"]["share"]
        yield f"| {name} | {share(one['top1'])} | {stage:.3f} | {share(one['anomaly'])} | {one['ece']:.3f} |"


def _crop(figures: Figures) -> Iterable[str]:
    yield "| box | IoU on cropped pictures |"
    yield "|---|---|"
    yield f"| **this proposer** | {mean(figures['IoU on cut pictures'])} |"
    for name, value in figures["baselines on cut pictures"].items():
        yield f"| {name} | {mean(value)} |"
    yield ""
    yield f"* Intervals are drawn over {figures['IoU on cut pictures']['over']}."
    lift, full = figures["lift over the best constant box"], figures["full frame on all pictures"]
    yield f"* Lift over the best constant box ({figures['best constant box']}): {mean(lift)}."
    yield f"* IoU on all pictures {mean(figures['IoU on all pictures'])}; full frame {mean(full)}."
    yield f"* Share of boxes above 0.7: {share(figures['share above 0.7'])}."
    for name in ("cut needed, precision", "cut needed, recall", "right about the need", "always cut"):
        yield f"* {name[0].upper()}{name[1:]}: {share(figures[name])}."
    yield (
        f"* Area under the curve of the need: {figures['cut needed, AUC']}; expected calibration error "
        f"{figures['ece']:.3f}."
    )


def _scene(figures: Figures) -> Iterable[str]:
    yield (
        f"* Accuracy: {share(figures['accuracy'])}; the most frequent label alone: "
        f"{figures['most frequent label']:.3f}."
    )
    yield f"* Expected calibration error: {figures['ece']:.3f}."
    for name, value in figures["per label"].items():
        yield f"* {name}: {share(value)}."
