"""What the commands that move files share: the options, the plan on the screen, the report.

Holds `plan_options`, `PlanAnswer`, `show_or_do` and `print_report`.
Add here: another option of all of them.
Keep out: one verb (apply.py, rename.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

import click

from dagster_project.applying import Planner, allowed, carry_out, obstacle, preview
from dagster_project.commands.common import FAILED, Command, err, json_option, out, print_json
from proofsheet.apply.move_plan import whole_moves
from proofsheet.apply.moves import Report
from proofsheet.apply.plan import Plan
from proofsheet.core.config import Configuration
from proofsheet.storage.workspace import Project
from schemas.apply import APPLY, EMBED

_SHOWN = 20
_DONE = {"apply": "applied", "rename": "renamed", "organize": "organized", "embed": "written"}
_UNITS = {"apply": "sets", "rename": "shots", "organize": "shots", "embed": "pictures"}


@dataclass(frozen=True)
class PlanAnswer:
    """How the user answers a plan.

    Attributes:
        execute: do it, after a confirmation.
        yes: do not ask for confirmation.
        plan_id: do it if the plan still has this hash.
    """

    execute: bool
    yes: bool
    plan_id: str

    @property
    def is_look(self) -> bool:
        """Whether the plan is only shown."""
        return not (self.execute or self.yes or self.plan_id)


def plan_options(command: Command) -> Command:
    """`--execute`, `--yes`, `--plan` and `--json`."""
    options: list[Callable[[Command], Command]] = [
        click.option(
            "--execute",
            is_flag=True,
            help="Move the files, after a confirmation. The default shows the plan and changes nothing.",
        ),
        click.option("--yes", is_flag=True, help="Do not ask for confirmation."),
        click.option(
            "--plan", "plan_id", default="", help="Move the files only if the plan still has this hash."
        ),
        json_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


def show_or_do(
    project: Project, settings: Configuration, planner: Planner, answer: PlanAnswer, as_json: bool
) -> None:
    """Show a plan, or carry it out as the user answers."""
    plan, left = preview(project, settings, planner, print_news)
    told = {
        "plan": plan.plan_id,
        "counts": plan.counts,
        "refused": plan.refused,
        "staying": plan.staying,
        "warnings": plan.warnings,
        "unfinished": left,
        "obstacle": obstacle(project, settings),
    }
    if answer.is_look:
        if as_json:
            print_json({**told, "operations": [asdict(o) for o in plan.operations]})
        else:
            _show(plan, left, str(told["obstacle"]))
        return
    allowed(project, settings)
    if answer.plan_id and answer.plan_id != plan.plan_id:
        raise click.UsageError(f"The plan is {plan.plan_id} now, not {answer.plan_id}. Show the plan again.")
    if not (answer.yes or answer.plan_id):
        _show(plan, left)
        click.confirm(f"{plan.verb.capitalize()} plan {plan.plan_id}?", abort=True, err=True)
    done = carry_out(project, settings, planner, plan.plan_id, print_news)
    if as_json:
        print_json({**told, "resumed": [asdict(r) for r in done.resumed], "done": asdict(done.report)})
    else:
        for report in done.reports:
            print_report(report)
    if done.problem:
        print_news(done.problem)
        sys.exit(FAILED)


def print_news(news: str) -> None:
    """One line on stderr."""
    err().print(news)


def print_report(report: Report, what: str = "") -> None:
    """What became of a plan, in words.

    Args:
        report: of the plan.
        what: was done with its operations; by default what its verb says.
    """
    name = "set " if report.verb == APPLY else ""
    if report.plan_id:
        count = f"{report.sets} {_UNITS[report.verb]}, {report.files} operations"
        out().print(f"plan {report.plan_id}: {count} {what or _DONE[report.verb]}")
    left = "left as it is" if report.verb == EMBED else "not moved"
    for group, reason in (*report.refused.items(), *report.failed.items()):
        out().print(f"{name}{group} is {left}: {reason}")
    for group, reason in report.uncut.items():
        out().print(f"{name}{group} was moved, but not cropped: {reason}")
    for path in report.gone:
        out().print(f"{path} was missing and was not moved back")


def _show(plan: Plan, left: list[str], why_not: str = "") -> None:
    if why_not:
        out().print(f"--execute is refused now: {why_not}")
    for one in left:
        out().print(f"unfinished: {one} (it is finished first)")
    if plan.verb == APPLY:
        _show_sets(plan)
    else:
        _show_names(plan)
    for path, why in plan.staying.items():
        out().print(f"{path} stays: {why}")
    for warning in plan.warnings:
        out().print(f"Note: {warning}")
    counts = ", ".join(f"{n} {what}" for what, n in plan.counts.items()) or "Nothing is submitted yet."
    out().print(f"plan {plan.plan_id}: {len(plan.operations)} operations; {counts}")


def _show_sets(plan: Plan) -> None:
    for group, rows in plan.by_set().items():
        out().print(f"set {group}")
        for row in rows:
            box = f" ({', '.join(f'{v:.3f}' for v in row.box)})" if row.box else ""
            out().print(f"  {row.kind} {row.role}: {row.source} -> {row.target}{box}")
    for group, reason in plan.refused.items():
        out().print(f"set {group} is not moved: {reason}")


def _show_names(plan: Plan) -> None:
    """The first names, and the first that stay."""
    pictures = whole_moves(plan)
    for before, after in pictures[:_SHOWN]:
        out().print(f"{before} -> {after}")
    for path, reason in list(plan.refused.items())[:_SHOWN]:
        out().print(f"{path} stays: {reason}")
    more = len(pictures[_SHOWN:]), len(plan.refused) - _SHOWN
    if max(more) > 0:
        out().print(f"and {more[0]} more pictures; {max(more[1], 0)} more stay (--json shows all)")
