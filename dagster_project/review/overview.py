"""A project in one line: the progress of review, texts and rollout.

Holds `project_lines`, `why_empty`, `troubles_of` and `metrics_of`.
Add here: another figure of the projects page.
Keep out: computing figures that a table holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dagster_project.review.day_plot import Day, day_plot
from dagster_project.review.state import AGAIN_S, State
from proofsheet.core.shell_words import as_word
from proofsheet.library.identity_answers import question_lines
from proofsheet.publish.upload_history import take_back_rows
from proofsheet.review.submission import submitted
from proofsheet.selection.timeline import counted, standing
from proofsheet.storage.health import Trouble, each_alone, trouble_of
from proofsheet.storage.workspace import Project
from proofsheet.texts.coverage import coverage_of
from schemas.apply import FileOperation
from schemas.choices import Proposal
from schemas.proof import MetadataQuality
from schemas.review import ReviewDecision, ReviewMetric
from schemas.rollout import Readiness
from schemas.words import Caption


def troubles_of(state: State) -> list[Trouble]:
    """The problems of projects with an unreadable ledger or store."""
    return [t for p in (*state.workspace.projects(), state.workspace.shared) if (t := trouble_of(p, AGAIN_S))]


def project_lines(state: State) -> tuple[list[dict[str, Any]], list[Trouble]]:
    """Every readable project in one line, and the problems of the others."""
    troubles = troubles_of(state)
    bad = {t.project for t in troubles}
    asked = each_alone(
        (p for p in state.workspace.projects() if p.name not in bad), lambda p: project_line(state, p)
    )
    return [line for _project, line in asked.results], [*troubles, *asked.troubles]


def project_line(state: State, project: Project) -> dict[str, Any]:
    """One line of the projects page."""
    with project.at_one_moment():
        return _line(state, project)


def _line(state: State, project: Project) -> dict[str, Any]:
    progress = state.session(project.key).progress()
    ready = project.store.read(Readiness)
    met = ready.filter(pl.col(Readiness.met) == "yes").height
    return {
        "key": project.key,
        "name": project.name,
        "total": progress["total"],
        "decided": progress["decided"],
        "far": progress["text"],
        "singles": progress["singles"],
        "take_back": len(take_back_rows(project)),
        "agreement": _agreement(standing(project.ledger)),
        "crop_iou": _crop_iou(project),
        "texts": _texts(project.store.read(MetadataQuality)),
        "undescribed": _undescribed(project),
        "questions": question_lines(project),
        "gates": f"{met} of {ready.height}" if ready.height else "not run yet",
        "next": _next(project, progress),
    }


def why_empty(project: Project) -> str:
    """Why the review of a project without a set of two pictures or more shows none, and what to do next."""
    singles = project.store.read(Proposal).height
    if not singles:
        return "No run has made sets yet. Start one on the page Runs."
    told = "The picture is single" if singles == 1 else f"All {singles} pictures are single"
    return (
        f"{told}: no two form a set, so nothing is to be chosen here. Look at them on the page Singles "
        "(Shift + S). Next: texts and publishing on the page Metadata; subjects of folders on the page "
        "Intake."
    )


def metrics_of(project: Project) -> dict[str, Any]:
    """The content of the metrics page: total figures, days, gates, and counts of moved files."""
    rows = project.store.read(ReviewMetric).to_dicts()
    whole = [r for r in rows if r[ReviewMetric.period] == "all"]
    days = sorted({r[ReviewMetric.period] for r in rows} - {"all"})
    shown = ("agreement", "overrides", "seconds a decision", "time saved")
    by = {(r[ReviewMetric.period], r[ReviewMetric.metric]): r for r in rows}
    states = project.ledger.rows(FileOperation)[FileOperation.state].value_counts().sort(FileOperation.state)
    return {
        "figures": [{**r, "told": _told(r)} for r in whole],
        "shown": shown,
        "plots": [day_plot(m, *found) for m in shown if (found := _by_day(m, days, by))[1]],
        "days": [(day, [_told(by[day, m]) if (day, m) in by else "" for m in shown]) for day in days],
        "gates": project.store.read(Readiness).to_dicts(),
        "operations": dict(states.iter_rows()),
    }


def _by_day(
    metric: str, days: list[str], by: Mapping[tuple[str, str], dict[str, Any]]
) -> tuple[str, list[Day]]:
    rows = [r for day in days if (r := by.get((day, metric))) and r[ReviewMetric.value] is not None]
    found = [
        Day(
            r[ReviewMetric.period],
            r[ReviewMetric.value],
            r[ReviewMetric.low],
            r[ReviewMetric.high],
            r[ReviewMetric.n],
            _told(r),
        )
        for r in rows
    ]
    return (rows[0][ReviewMetric.unit] if rows else ""), found


def _told(row: dict[str, Any]) -> str:
    value, low, high = (row[n] for n in (ReviewMetric.value, ReviewMetric.low, ReviewMetric.high))
    if value is None:
        return "nothing measured"
    if row[ReviewMetric.unit] == "share":
        interval = f" ({100 * low:.0f}–{100 * high:.0f} %)" if low is not None else ""
        return f"{100 * value:.1f} %{interval}"
    return f"{value:.0f}" if row[ReviewMetric.unit] == "count" else f"{value:.2f} {row[ReviewMetric.unit]}"


def _agreement(decisions: pl.DataFrame) -> str:
    actions = counted(decisions)[ReviewDecision.action].to_list()
    return (
        f"{100 * actions.count('approved') / len(actions):.0f} % of {len(actions)}"
        if actions
        else "no review yet"
    )


def _crop_iou(project: Project) -> str:
    wanted = (pl.col(ReviewMetric.metric) == "median crop IoU") & (pl.col(ReviewMetric.period) == "all")
    rows = project.store.read(ReviewMetric).filter(wanted).to_dicts()
    value = rows[0][ReviewMetric.value] if rows else None
    return "no crop reviewed yet" if value is None else f"{value:.2f}"


def _texts(quality: pl.DataFrame) -> str:
    current = quality.filter(pl.col(MetadataQuality.is_current))
    counts = dict(current[MetadataQuality.status].value_counts().sort(MetadataQuality.status).iter_rows())
    return ", ".join(f"{n} {s}" for s, n in counts.items()) or "none yet"


def _undescribed(project: Project) -> str:
    count = coverage_of(project.store.read(Caption))
    return count.line() if count.why else ""


def _next(project: Project, progress: dict[str, Any]) -> str:
    if not project.store.read(Proposal).height:
        return f"proofsheet run {as_word(project.name)}"
    if not progress["total"]:
        return "texts and publishing (Metadata)"
    if progress["decided"] < progress["total"]:
        return "review"
    if progress["waiting"]:
        return "submit (Shift + Enter)"
    return "move the files (Files)" if submitted(project).standing() else "review"
