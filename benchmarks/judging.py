"""Quality of judging: `python -m benchmarks.judging` writes docs/judging.md.

Holds the command and the page.
Add here: another figure that a reader of the cards would ask for.
Keep out: the judge (hidden_judge.py, fixed by its hash), the protocol (proofsheet/training/).

The way is the user's own: a library of pictures, history files, `history import`, `run`, `models train`; the
figures are those of the cards. For comparison there is a judge that throws dice, and real votes and boxes
where they are at hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks.human_crops import crop_reference
from benchmarks.made_history import MadeSet, make_library
from benchmarks.votes import vote_figures
from benchmarks.written_history import write_history
from dagster_project.instance import open_instance
from dagster_project.running import run_many, selected_names, sync_partitions, train_all
from proofsheet.core.config import Configuration
from proofsheet.embedding.encoders import choose_encoder
from proofsheet.history.importer import import_history
from proofsheet.models import registry
from proofsheet.storage.workspace import Workspace
from proofsheet.training.datasets import across_projects, selection_data
from proofsheet.training.evaluate_ranker import judge_ranker
from proofsheet.training.train import how_of
from schemas.models import Fit
from schemas.settings.encoder import EncoderSettings
from schemas.settings.library import PlaceSettings
from schemas.settings.photos import PhotoSettings

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "judging.json", HERE.parent / "docs" / "judging.md"
FIXED = ("hidden_judge.py", "made_history.py")
_LEARNER = "ranker's learner"
_NEEDED = (
    "photos,quarantine,other_files,exif_facts,image_quality,picture_hashes,saliency_grids,embeddings,layout_vectors,previews,photo_groups,"
    "duplicates,history_matches,selections,crop_examples,training_pairs,anomalies,project_statistics"
)


@click.command()
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=HERE.parent / "build" / "judging",
    help="Folder of the library.",
)
@click.option("--projects", default=12, help="Projects; each has photographs of its own.")
@click.option("--sets", default=400, help="Sets a project.")
@click.option("--seed", default=20261125, help="Of everything that is drawn.")
def main(work: Path, projects: int, sets: int, seed: int) -> None:
    """Make the library if it is missing, run the full pipeline, and write the page."""
    work.mkdir(parents=True, exist_ok=True)
    check_judge()
    made = _library(work, projects, sets, seed)
    settings = _settings(work)
    workspace = Workspace(settings.place)
    written = write_history(work / "history", made, seed)
    reports = import_history(
        sorted((work / "history").glob("*.csv")),
        workspace,
        settings.history,
        datetime.now(UTC).replace(tzinfo=None),
        dry_run=False,
    )
    workspace.remember()
    with open_instance(workspace.home) as instance:
        sync_partitions(instance, workspace)
    needed = dict.fromkeys(workspace.projects(), selected_names(settings, _NEEDED))
    failed = [o for o in run_many(settings, needed, 2) if not o.success]
    if failed:
        sys.exit(f"{failed[0].project}: {failed[0].error}")
    began, cpu = time.monotonic(), time.process_time()
    trained = train_all(settings)
    seconds = {"wall_s": round(time.monotonic() - began, 1), "cpu_s": round(time.process_time() - cpu, 1)}
    seconds["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {
        "originals": len({s.original for s in made}),
        "projects": projects,
        "sets": len(made),
        "judge": {name: _hash(name) for name in FIXED},
        "history": {
            **written,
            "accepted": sum(r.accepted for r in reports),
            "refused": sum(sum(r.refused.values()) for r in reports),
        },
        "told": trained.told,
        "training": seconds,
        "cards": {kind: _card(workspace, kind) for kind in ("ranker", "crop")},
        "dice": _dice(workspace, settings, made),
        "votes": vote_figures(),
        "human crops": crop_reference(),
    }
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(found), "utf-8")


def check_judge() -> None:
    """Stop if the judge is not the one that was fixed before anything was trained."""
    fixed = dict(line.split()[::-1] for line in (HERE / "hidden_judge.sha256").read_text().splitlines())
    changed = [name for name in FIXED if fixed[name] != _hash(name)]
    if changed:
        sys.exit(f"{', '.join(changed)} changed after the judge was fixed; its figures would prove nothing.")


def _hash(name: str) -> str:
    return hashlib.sha256((HERE / name).read_bytes()).hexdigest()


def _library(work: Path, projects: int, sets: int, seed: int) -> list[MadeSet]:
    truth = work / "truth.json"
    if not truth.exists():
        os.environ.setdefault("PROOFSHEET_ORIGINALS", "/usr/share/backgrounds:/usr/share/wallpapers")
        make_library(work, projects, sets, seed)
    rows = json.loads(truth.read_text())
    return [MadeSet(**{**r, "box": tuple(r["box"]) if r["box"] else None}) for r in rows]


def _settings(work: Path) -> Configuration:
    return Configuration(
        place=PlaceSettings(library=str(work / "library"), home=str(work / "home")),
        photos=PhotoSettings(preview_px=0, workers=1),
        encoder=EncoderSettings(encoder="embedded"),
    )


def _card(workspace: Workspace, kind: str) -> dict[str, Any]:
    """The figures of the model that was trained last, and whether it serves."""
    ledger = workspace.shared.ledger
    fit = ledger.rows(Fit, kind=kind).sort(Fit.trained_at).to_dicts()[-1]
    serving = registry.champion(ledger, kind)
    card: dict[str, Any] = json.loads(fit[Fit.card])
    return {
        **card,
        "fit_id": fit[Fit.fit_id],
        "serves": bool(serving and serving[Fit.fit_id] == fit[Fit.fit_id]),
    }


def _dice(workspace: Workspace, settings: Configuration, made: list[MadeSet]) -> dict[str, Any]:
    """The same pictures and protocol, chosen by dice: every gain has to vanish."""
    import dataclasses

    import numpy as np

    data = selection_data(
        across_projects(workspace, choose_encoder(settings.encoder, workspace.home / "models").encoder_id, 1)[
            0
        ]
    )
    thrown = np.random.default_rng(len(made)).random(len(data.winner))
    winner = (thrown * data.features.mask.sum(axis=1)).astype(np.int64)
    null = dataclasses.replace(data, winner=winner, anomaly=winner != data.features.top)
    report, *_found = judge_ranker(null, how_of(settings.ranker, "cpu"), lambda *_a: None)
    keys = ("top1", "gain over the highest stage", "overruled", "ece")
    return {**{k: report[k] for k in keys}, "highest stage": report["baselines"]["highest stage"]["top1"]}


def _share(v: dict[str, Any]) -> str:
    return f"{v['share']:.3f} ({v['low']:.3f}–{v['high']:.3f}, n = {v['n']})"


def _mean(v: dict[str, Any]) -> str:
    return f"{v['mean']:.3f} ({v['low']:.3f}–{v['high']:.3f})"


def _points(v: dict[str, Any]) -> str:
    return f"{100 * v['mean']:+.2f} ({100 * v['low']:+.2f} to {100 * v['high']:+.2f}) points"


def page(found: dict[str, Any]) -> str:
    """The page as Markdown."""
    ranker, crop = (found["cards"][k]["figures"] for k in ("ranker", "crop"))
    lines = [
        "# Judging: does a model choose and crop better than the trivial rules?",
        "",
        (
            "Written by `python -m benchmarks.judging` (`make judging`). No history of a real user was "
            "available: a hidden judge chose and"
        ),
        (
            f"cropped {found['sets']} sets of {found['projects']} projects, made of "
            f"{found['originals']} distinct originals"
        ),
        (
            "(`../shared/data`, and the wallpapers of Debian's packages if there are any, some of them "
            "drawn); no original is in"
        ),
        (
            "two projects. The judge sees the undamaged scene, which no model sees, and measures what "
            "the project does not ship; its"
        ),
        "code was fixed by `benchmarks/hidden_judge.sha256` before anything was trained:",
        "",
        *(f"* `{name}` {digest}" for name, digest in found["judge"].items()),
        "",
        (
            "The figures show how well the method learns such a judge, not how well it will learn from "
            "you. Encoder: the embedded"
        ),
        (
            "one. Every project was held out as a whole; thresholds, temperatures and weights were "
            "found on the others. Intervals are"
        ),
        "95 %: Wilson's for shares, by drawing whole projects for means.",
        "",
        "## Selection",
        "",
        "| rule | top-1 | normal | anomalies |",
        "|---|---|---|---|",
        (
            f"| **ranker** | {_share(ranker['top1'])} | {_share(ranker['normal'])} | "
            f"{_share(ranker['anomaly'])} |"
        ),
    ]
    for name, rule in ranker["baselines"].items():
        cells = (
            [f"{rule['top1']:.3f} expected", "", ""]
            if name == "random"
            else [_share(rule[k]) for k in ("top1", "normal", "anomaly")]
        )
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for name, rule in ranker["source's ranker"].items():
        lines.append(
            f"| source 001, {name} | "
            + " | ".join(_share(rule[k]) for k in ("top1", "normal", "anomaly"))
            + " |"
        )
    dice = found["dice"]
    eces, gain = ranker["ece per project"].values(), ranker["gain over the highest stage"]
    lines += [
        "",
        f"* Gain over the highest stage, paired over projects: {_points(gain)}.",
        f"* Anomaly recall at 97 % normal: {_share(ranker['anomaly recall at 97 % normal'])}; "
        f"at 99 %: {_share(ranker['anomaly recall at 99 % normal'])}.",
        f"* Calibration error {ranker['ece']:.3f}; by project {min(eces):.3f} to {max(eces):.3f}.",
        f"* Coverage at 95 % precision: {_share(ranker['coverage at 95 % precision'])}; "
        f"at 99 %: {_share(ranker['coverage at 99 % precision'])}.",
        f"* Within projects: top-1 {_share(ranker['within projects']['top1'])}, gain "
        f"{_points(ranker['within projects']['gain over the highest stage'])}.",
        f"* **Judge that throws dice**: top-1 {_share(dice['top1'])}, highest stage "
        f"{_share(dice['highest stage'])}, "
        f"gain {_points(dice['gain over the highest stage'])}.",
        f"* Promotion: {'; '.join(found['cards']['ranker']['promotion']['reasons'])}.",
        "",
        "## Crops",
        "",
        "| box | IoU on cropped pictures |",
        "|---|---|",
        f"| **proposer** | {_mean(crop['IoU on cut pictures'])} |",
        *(f"| {name} | {_mean(v)} |" for name, v in crop["baselines on cut pictures"].items()),
        "",
        f"* Lift over the best constant box ({crop['best constant box']}): "
        f"{_mean(crop['lift over the best constant box'])}; "
        f"share above 0.7: {_share(crop['share above 0.7'])}.",
        f"* All pictures: {_mean(crop['IoU on all pictures'])}; full frame "
        f"{_mean(crop['full frame on all pictures'])}; "
        f"lift {_mean(crop['lift over the full frame on all'])}.",
        f"* Crop needed: precision {_share(crop['cut needed, precision'])}, recall "
        f"{_share(crop['cut needed, recall'])}, "
        f"area under the curve {crop['cut needed, AUC']:.3f}, calibration error {crop['ece']:.3f}.",
        f"* Promotion: {'; '.join(found['cards']['crop']['promotion']['reasons'])}.",
        "",
        "## Real votes and real boxes",
        "",
        *_real(found),
        "",
        "## Time",
        "",
        f"Training and judging both models, exports and reports: {found['training']['wall_s']} s "
        "by the clock, "
        f"{found['training']['cpu_s']} s of processor time, peak {found['training']['peak_mb']:.0f} MB.",
        "",
        "## Limits of these figures",
        "",
        (
            "* The judge is a formula with noise; people are not. Its anomalies come from defects that "
            "were put into pictures."
        ),
        (
            "* The dense grid measures edges and distances of colour; the judge of crops measures "
            "corners and distances of colour in"
        ),
        "  another space. They are different measurements of related things, which flatters the proposer.",
    ]
    return "\n".join(lines) + "\n"


def _real(found: dict[str, Any]) -> list[str]:
    votes, human = found["votes"], found["human crops"]
    lines = ["Not available when this page was written."] if votes is None else []
    if votes is not None:
        best = max(votes["single features, all pairs"].items(), key=lambda kv: abs(kv[1] - 0.5))
        lines.append(
            f"* {votes['pairs']} human choices between two photos ({votes['series']} series; five "
            "folds by series, each pair "
            f"predicted once) by the ranker's learner on four features: {_share(votes[_LEARNER])}; "
            "best single feature of all, "
            f"{best[0]}: {max(best[1], 1 - best[1]):.3f}; the one chosen on the other folds: "
            f"{_share(votes['single feature chosen on the other folds'])}."
        )
    if human is not None:
        told = ", ".join(f"{n} {_mean(v)}" for n, v in human["constant boxes"].items())
        lines.append(
            f"* Human boxes without pictures ({human['test']} of {human['of'][1]} test pictures, "
            "those with a known size; constants "
            f"chosen on {human['training']}): {told}. For reference only: no model was tried, "
            "because the pictures are missing."
        )
    return lines


if __name__ == "__main__":
    main()
