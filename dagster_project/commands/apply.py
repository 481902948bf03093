"""`proofsheet apply`, `undo` and `sandbox`: the only commands that move pictures.

Holds the commands.
Add here: an option of these.
Keep out: plans and moves (proofsheet/publish/).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict

import click

from dagster_project.applying import allowed, carry_out, obstacle, preview, sign_off, take_back
from dagster_project.commands.common import err, json_option, out, print_json, settings_and_workspace
from proofsheet.apply.moves import Report
from proofsheet.apply.plan import Plan
from proofsheet.apply.sandbox import make_sandbox
from proofsheet.core.errors import UsageError
from proofsheet.core.shell_words import as_word

_FAILED = 1


@click.command()
@click.argument("project")
@click.option(
    "--execute",
    is_flag=True,
    help="Move the files, after a confirmation. The default shows the plan and changes nothing.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--plan", "plan_id", default="", help="Move the files only if the plan still has this hash.")
@click.option(
    "--sign-off",
    "signed",
    metavar="NAME",
    default="",
    help="Record that NAME allows the configured mode for this project.",
)
@click.option("--note", default="", help="Reason for the sign-off, with --sign-off.")
@json_option
def apply(
    project: str, execute: bool, yes: bool, plan_id: str, signed: str, note: str, as_json: bool
) -> None:
    """Move the approved sets of PROJECT: winners to selected/, the others to review/, crops as new files.

    The default shows the plan and changes nothing. Only submitted decisions are applied. Companions
    (sidecars, RAW files) move with their picture. If one file of a set cannot move, the set stays and the
    plan gives the reason. The command waits for an active run, and first finishes an interrupted apply. The
    JSON has plan, operations, counts, refused, staying, and obstacle: why --execute is refused now; after
    --execute also done: {sets, files, refused, failed, uncut}.
    """
    settings, workspace = settings_and_workspace()
    found = workspace.project(project)
    if signed:
        if execute or yes or plan_id:
            step = "Sign off first, then run apply again without --sign-off."
            raise UsageError("--sign-off only records who allows the mode.", step)
        sign_off(found, settings.apply.mode, signed, note)
        out().print(f"{signed} allows {settings.apply.mode} for {found.name}")
        return
    plan, left = preview(found, settings, _news)
    told = {
        "plan": plan.plan_id,
        "counts": plan.counts,
        "refused": plan.refused,
        "staying": plan.staying,
        "unfinished": left,
        "obstacle": obstacle(found, settings),
    }
    if not (execute or yes or plan_id):
        if as_json:
            print_json({**told, "operations": [asdict(o) for o in plan.operations]})
        else:
            _show(plan, left, told["obstacle"])
        return
    allowed(found, settings)
    if plan_id and plan_id != plan.plan_id:
        raise click.UsageError(f"The plan is {plan.plan_id} now, not {plan_id}. Show the plan again.")
    if not (yes or plan_id):
        _show(plan, left)
        click.confirm(f"Apply plan {plan.plan_id}?", abort=True, err=True)
    done = carry_out(found, settings, plan.plan_id, _news)
    if as_json:
        print_json({**told, "resumed": [asdict(r) for r in done.resumed], "done": asdict(done.report)})
    else:
        for report in done.reports:
            _tell(report, "applied")
    if done.problem:
        _news(done.problem)
        sys.exit(_FAILED)


@click.command()
@click.argument("project")
@click.option(
    "--plan",
    "plan_id",
    default=None,
    help="Undo the plan with a hash that begins with this text (default: the latest plan).",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def undo(project: str, plan_id: str | None, yes: bool, as_json: bool) -> None:
    """Move back every file of the latest apply in PROJECT, and remove the crops that it wrote.

    Files that other programs have since written beside the pictures move back too. If the latest plan is one
    of `embed`, its files get their former content, byte by byte. The JSON has plan_id, sets, files, refused,
    failed, gone.
    """
    settings, workspace = settings_and_workspace()
    found = workspace.project(project)
    if not yes:
        click.confirm(f"Undo the latest apply in {found.name}?", abort=True, err=True)
    report = take_back(found, settings, _news, plan_id)
    if as_json:
        print_json(asdict(report))
    else:
        _tell(report, "undone")
    if report.failed or report.refused:
        sys.exit(_FAILED)


@click.command()
@click.argument("project")
@click.option("--groups", type=click.IntRange(1), default=100, show_default=True, help="Sets to copy.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random choice of sets.")
@json_option
def sandbox(project: str, groups: int, seed: int, as_json: bool) -> None:
    """Copy sets of PROJECT with their companions into the home, as the project sandbox/PROJECT."""
    made = make_sandbox(settings_and_workspace()[1].project(project), groups, seed)
    if as_json:
        print_json(
            {
                "folder": str(made.folder),
                "sets": made.sets,
                "photos": made.photos,
                "companions": made.companions,
            }
        )
        return
    out().print(
        f"{made.sets} sets: {made.photos} pictures and {made.companions} companions in {made.folder}",
    )
    out().print(f"Next: proofsheet run {as_word('sandbox/' + made.folder.name)}")


def _news(news: str) -> None:
    err().print(news)


def _show(plan: Plan, left: Iterable[str], why_not: object = "") -> None:
    if why_not:
        out().print(f"--execute is refused now: {why_not}")
    for one in left:
        out().print(f"unfinished: {one}(it is finished first)")
    for group, rows in plan.by_set().items():
        out().print(f"set {group}")
        for row in rows:
            box = f" ({', '.join(f'{v:.3f}' for v in row.box)})" if row.box else ""
            out().print(f"  {row.kind} {row.role}: {row.source} -> {row.target}{box}")
    for group, reason in plan.refused.items():
        out().print(f"set {group} is not moved: {reason}")
    for path, why in plan.staying.items():
        out().print(f"{path} stays: {why}")
    counts = ", ".join(f"{n} {what}" for what, n in plan.counts.items()) or "Nothing is submitted yet."
    out().print(f"plan {plan.plan_id}: {len(plan.operations)} operations; {counts}")


def _tell(report: Report, what: str) -> None:
    if report.plan_id:
        out().print(f"plan {report.plan_id}: {report.sets} sets, {report.files} operations {what}")
    for group, reason in (*report.refused.items(), *report.failed.items()):
        out().print(f"set {group} is not moved: {reason}")
    for group, reason in report.uncut.items():
        out().print(f"set {group} was moved, but not cropped: {reason}")
    for path in report.gone:
        out().print(f"{path} was missing and was not moved back")
