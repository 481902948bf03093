"""All models on a few held-out sets, and the report of the phase.

Holds `integration_rows`.
Add here: another thing that is looked at set by set.
Keep out: figures over all sets (evaluate_ranker.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from proofsheet.core.errors import ProofsheetError
from proofsheet.core.files import write_atomic
from proofsheet.models import holdout_predictions, registry
from proofsheet.models.artifacts import load_crops
from proofsheet.models.boxes import iou
from proofsheet.models.card_files import card_path, headline
from proofsheet.models.crop_proposer import CropProposer
from proofsheet.models.intervals import wilson
from proofsheet.storage.health import readable, trouble_of
from proofsheet.storage.workspace import Project, Workspace
from schemas.library import Photo
from schemas.models import Fit
from schemas.rollout import Integration
from schemas.selections import CropExample
from schemas.table import Table
from schemas.training import ProjectStatistic
from schemas.vision import ImageQuality, SaliencyGrid

_SETS = 20


def integration_rows(workspace: Workspace, seed: int, now: datetime) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Twenty sets of held-out pictures, drawn by the seed.

    They are also written as `phase2_testing.jsonl`.

    Returns:
        The rows of `integration_report`, and facts for the run's page: counts and the places of the reports.
    """
    shared = workspace.shared
    fit = registry.champion(shared.ledger, "ranker")
    folder = shared.models / "reports"
    rows: list[dict[str, Any]] = []
    if fit is not None:
        held = holdout_predictions.read_held_out(shared.models, str(fit[Fit.fit_id])).sort(
            holdout_predictions.KEY
        )
        drawn = held[np.random.default_rng(seed).permutation(held.height).tolist()].to_dicts()
        rows = list(islice((r for one in drawn if (r := _row(workspace, one)) is not None), _SETS))
    lines = [json.dumps({k: v for k, v in r.items() if k != Table.project}, ensure_ascii=False) for r in rows]
    write_atomic(folder / "phase2_testing.jsonl", ("\n".join(lines) + "\n" if lines else "").encode("utf-8"))
    write_atomic(folder / "phase_report.md", phase_report(workspace, rows, now).encode("utf-8"))
    right = sum(r[Integration.right] for r in rows)
    facts = {
        "sets": len(rows),
        "right": right,
        "systematic": "; ".join(_systematic(rows)) or "no pattern found",
    }
    return Integration.frame(rows), facts | {
        "report": f"{(folder / 'phase_report.md').relative_to(shared.home)}"
    }


def _row(workspace: Workspace, held: Mapping[str, Any]) -> dict[str, Any] | None:
    project = next(
        (
            p
            for p in workspace.projects()
            if p.name == held[holdout_predictions.NAME] and trouble_of(p) is None
        ),
        None,
    )
    if project is None:
        return None
    names = dict(project.store.read(Photo).select(Photo.photo_id, Photo.path).iter_rows())
    members = held[holdout_predictions.MEMBERS]
    if not all(i in names for i in members):
        return None
    order = np.argsort(-np.array(held[holdout_predictions.P]), kind="stable").tolist()
    chosen = members[held[holdout_predictions.CHOSEN]]
    proposed, drawn = _cut(workspace, project, chosen)
    return {
        Integration.project: workspace.shared.key,
        Integration.set_key: held[holdout_predictions.KEY],
        Integration.project_name: project.name,
        Integration.ranked_paths: [names[members[k]] for k in order],
        Integration.probabilities: [held[holdout_predictions.P][k] for k in order],
        Integration.chosen_path: names[chosen],
        Integration.pick_path: names[members[held[holdout_predictions.PICK]]],
        Integration.right: held[holdout_predictions.PICK] == held[holdout_predictions.CHOSEN],
        Integration.anomaly: held[holdout_predictions.ANOMALY],
        Integration.crop_proposed: proposed,
        Integration.crop_drawn: drawn,
        Integration.iou: float(iou(np.array(proposed), np.array(drawn))) if proposed and drawn else None,
    }


def _cut(
    workspace: Workspace, project: Project, photo_id: str
) -> tuple[list[float] | None, list[float] | None]:
    model = _proposer(workspace)
    grid = project.store.read(SaliencyGrid).filter(pl.col(SaliencyGrid.photo_id) == photo_id)
    size = project.store.read(ImageQuality).filter(pl.col(ImageQuality.photo_id) == photo_id)
    drawn = project.store.read(CropExample).filter(
        (pl.col(CropExample.photo_id) == photo_id) & pl.col(CropExample.x1).is_not_null()
    )
    own = (
        list(drawn.select(CropExample.x1, CropExample.y1, CropExample.x2, CropExample.y2).row(0))
        if drawn.height
        else None
    )
    if model is None or not grid.height or not size.height:
        return None, own
    aspect = size[ImageQuality.width_px][0] / size[ImageQuality.height_px][0]
    (said,) = model.propose(grid[SaliencyGrid.grid].to_numpy(), np.array([aspect], np.float32))
    return (list(said.box) if said.box and said.log_odds > 0 else None), own


def _proposer(workspace: Workspace) -> CropProposer | None:
    fit = registry.champion(workspace.shared.ledger, "crop")
    try:
        return load_crops(workspace.shared.models, str(fit[Fit.fit_id])) if fit else None
    except ProofsheetError:
        return None  # the report then shows no crops; `crop_model` of each project says why


def _systematic(rows: list[dict[str, Any]]) -> list[str]:
    """What the errors have in common."""
    wrong = [r for r in rows if not r[Integration.right]]
    told = []
    missed = sum(r[Integration.anomaly] for r in wrong)
    if wrong:
        told.append(
            f"{len(wrong)} errors, in {missed} of them the highest stage was predicted where a lower "
            "one was chosen"
        )
    low = [r for r in rows if r[Integration.iou] is not None and r[Integration.iou] < 0.5]
    if low:
        told.append(f"{len(low)} crops overlap by less than half")
    return told


def phase_report(workspace: Workspace, rows: list[dict[str, Any]], now: datetime) -> str:
    """The report as Markdown: data, models, sets looked at, known limits."""
    lines = [f"# Report on the models, {now:%Y-%m-%d}", "", "## Data", "", *_data_lines(workspace)]
    lines += ["", "## Models", "", *_model_lines(workspace.shared)]
    low, high = wilson(sum(r[Integration.right] for r in rows), len(rows))
    lines += ["", f"## {len(rows)} held-out sets, set by set", ""]
    lines += (
        [f"Right: {sum(r[Integration.right] for r in rows)} of {len(rows)} ({low:.2f}–{high:.2f})."]
        if rows
        else ["No ranker serves."]
    )
    lines += [f"* {text}" for text in _systematic(rows)]
    lines += [
        (
            f"* {'right' if r[Integration.right] else 'WRONG'}: "
            f"{r[Integration.project_name]}/{r[Integration.pick_path]}"
        )
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def _data_lines(workspace: Workspace) -> list[str]:
    lines = [
        "| project | sets | anomalies | rate | cropped pictures | quarantined rows |",
        "|---|---|---|---|---|---|",
    ]
    left = dict[str, str]()
    for project in readable((p for p in workspace.projects() if not p.sandbox), left):
        for one in project.store.read(ProjectStatistic).to_dicts():
            rate = one[ProjectStatistic.anomaly_rate]
            told = (
                ""
                if rate is None
                else (
                    f"{rate:.3f} "
                    f"({one[ProjectStatistic.anomaly_low]:.3f}–{one[ProjectStatistic.anomaly_high]:.3f})"
                )
            )
            cells = (
                one[ProjectStatistic.sets],
                one[ProjectStatistic.anomalies],
                told,
                one[ProjectStatistic.crops],
            )
            lines.append(
                f"| {project.name} | "
                + " | ".join(map(str, cells))
                + f" | {one[ProjectStatistic.quarantined_rows]} |"
            )
    lines += [f"\n{name} is left out: {why}" for name, why in left.items()]
    return lines


def _model_lines(shared: Project) -> list[str]:
    lines = []
    for fit in shared.ledger.rows(Fit).sort(Fit.trained_at).to_dicts():
        own = str(fit[Fit.fit_id])
        place = card_path(shared.models, own).relative_to(shared.home)
        serving = registry.champion(shared.ledger, str(fit[Fit.kind]))
        mark = " **serves**" if serving and serving[Fit.fit_id] == own else ""
        lines.append(
            f"* {fit[Fit.kind]} {own[:12]}{mark}: {headline(str(fit[Fit.kind]), str(fit[Fit.card]))} "
            f"({place})"
        )
    return lines
