"""Moves of files as a confirmed Dagster job; the hash of the plan is the confirmation.

Holds `MovesConfig` and `moves_job`.
Add here: another line about a plan.
Keep out: one verb (apply_job.py, rename_job.py), plans and moves (applying.py).
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import dagster as dg
from pydantic import Field

from dagster_project.applying import Planner, allowed, carry_out
from dagster_project.confirmed_job import Carried, Shown, confirmed_job
from proofsheet.apply.move_plan import whole_moves
from proofsheet.apply.moves import Report
from proofsheet.apply.plan import Plan
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.storage.workspace import Project
from schemas.apply import APPLY

_SHOWN = 40


class MovesConfig(dg.Config):
    """The confirmation."""

    plan: str = Field(
        "", description="Hash of the plan, as the job shows it. Empty: show the plan and change nothing."
    )


Confirmed = TypeVar("Confirmed", bound=MovesConfig)


def moves_job(
    name: str,
    step: str,
    config: type[Confirmed],
    description: str,
    settings: Callable[[], Configuration],
    planner: Callable[[Confirmed], Planner],
) -> dg.JobDefinition:
    """A job that shows a plan of moves, and carries it out when its hash comes back.

    Args:
        name: of the job.
        step: name of its one op.
        config: with the hash first, and what the plan is made from.
        description: of the job.
        settings: gives the present settings when it runs.
        planner: what makes the plan, by the config.
    """

    def plan(project: Project, given: Confirmed) -> Shown:
        made = planner(given)(project, settings())
        summary = f"plan {made.plan_id}: {len(made.operations)} operations; {made.counts}"
        return Shown(_metadata(made), summary, _refusal(project, settings()))

    def execute(project: Project, given: Confirmed) -> Carried:
        done = carry_out(project, settings(), planner(given), given.plan)
        sets, files = (sum(getattr(r, n) for r in done.reports) for n in ("sets", "files"))
        left = [line for report in done.reports for line in _left(report)]
        unit = "sets" if name == APPLY else "shots"
        return Carried({}, f"{sets} {unit}, {files} operations done", left, done.problem)

    return confirmed_job(name, step, config, description, plan, execute)


def _refusal(project: Project, settings: Configuration) -> str:
    """Why the files of a project may not be moved; empty if they may."""
    try:
        allowed(project, settings)
    except UsageError as error:
        return str(error)
    return ""


def _left(report: Report) -> Iterator[str]:
    yield from (f"{s} is left: {r}" for s, r in (*report.refused.items(), *report.failed.items()))
    yield from (f"{s} was moved, but not cropped: {r}" for s, r in report.uncut.items())


def _metadata(plan: Plan) -> dict[str, dg.MetadataValue]:
    if plan.verb == APPLY:
        lines = [f"* {o.kind} {o.role}: `{o.source}` → `{o.target}`" for o in plan.operations[:_SHOWN]]
    else:
        lines = [f"* `{before}` → `{after}`" for before, after in whole_moves(plan)[:_SHOWN]]
    left = [f"* {g} is left: {r}" for g, r in list(plan.refused.items())[:_SHOWN]]
    left += [f"* `{path}` stays: {why}" for path, why in list(plan.staying.items())[:_SHOWN]]
    return {
        "plan": dg.MetadataValue.text(plan.plan_id),
        "operations": dg.MetadataValue.int(len(plan.operations)),
        "counts": dg.MetadataValue.json(dict(plan.counts)),
        "first_operations": dg.MetadataValue.md("\n".join([*lines, *left]) or "nothing to do"),
        **({"warnings": dg.MetadataValue.md("\n".join(plan.warnings))} if plan.warnings else {}),
    }
