"""Applying approved decisions as a confirmed Dagster job; the hash of the plan is the confirmation.

Holds `apply_job`.
Add here: another line about a plan.
Keep out: plans and moves (applying.py).
"""

from collections.abc import Callable, Iterator

import dagster as dg
from pydantic import Field

from dagster_project.applying import allowed, carry_out, planned
from dagster_project.confirmed_job import Carried, Shown, confirmed_job
from proofsheet.apply.moves import Report
from proofsheet.apply.plan import Plan
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.storage.workspace import Project

_SHOWN = 40
_DESCRIPTION = (
    "Moves the files of approved sets. "
    "Without a plan it shows the operations and their hash, and changes nothing."
)


class ApplyConfig(dg.Config):
    """The confirmation."""

    plan: str = Field(
        "", description="Hash of the plan, as the job shows it. Empty: show the plan and change nothing."
    )


def apply_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `apply`.

    Args:
        settings: gives the present settings when it runs.
    """

    def plan(project: Project, _config: ApplyConfig) -> Shown:
        found = planned(project, settings())
        summary = f"plan {found.plan_id}: {len(found.operations)} operations; {found.counts}"
        return Shown(_metadata(found), summary, _refusal(project, settings()))

    def execute(project: Project, config: ApplyConfig) -> Carried:
        done = carry_out(project, settings(), config.plan)
        sets, files = (sum(getattr(r, n) for r in done.reports) for n in ("sets", "files"))
        left = [line for report in done.reports for line in _left(report)]
        return Carried({}, f"{sets} sets, {files} operations done", left, done.problem)

    return confirmed_job("apply", "apply_decisions", ApplyConfig, _DESCRIPTION, plan, execute)


def _refusal(project: Project, settings: Configuration) -> str:
    """Why the files of a project may not be moved; empty if they may."""
    try:
        allowed(project, settings)
    except UsageError as error:
        return str(error)
    return ""


def _left(report: Report) -> Iterator[str]:
    yield from (f"set {s} is left: {r}" for s, r in (*report.refused.items(), *report.failed.items()))
    yield from (f"set {s} was moved, but not cropped: {r}" for s, r in report.uncut.items())


def _metadata(plan: Plan) -> dict[str, dg.MetadataValue]:
    lines = [f"* {o.kind} {o.role}: `{o.source}` → `{o.target}`" for o in plan.operations[:_SHOWN]]
    left = [f"* set {g} is left: {r}" for g, r in list(plan.refused.items())[:_SHOWN]]
    left += [f"* `{path}` stays: {why}" for path, why in list(plan.staying.items())[:_SHOWN]]
    return {
        "plan": dg.MetadataValue.text(plan.plan_id),
        "operations": dg.MetadataValue.int(len(plan.operations)),
        "counts": dg.MetadataValue.json(dict(plan.counts)),
        "first_operations": dg.MetadataValue.md("\n".join([*lines, *left]) or "nothing to do"),
    }
