"""`proofsheet decisions`: export of proposals, import of review decisions.

Holds the group and its sub-commands.
Add here: another verb over proposals.
Keep out: how proposals are made; moving files.
"""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import Any

import click

from dagster_project.commands.common import (
    FAILED,
    SOME_FAILED,
    json_option,
    out,
    print_json,
    settings_and_workspace,
)
from proofsheet.core.clock import utc_now
from proofsheet.history.decision_import import import_verdicts
from proofsheet.review.proposal_export import decision_lines
from proofsheet.review.session import ReviewSession
from proofsheet.review.submission import write_submitted
from schemas.choices import Proposal
from schemas.library import Photo


@click.group()
def decisions() -> None:
    """Export proposals and import review decisions. No file is moved."""


@decisions.command("export")
@click.argument("project")
def exporting(project: str) -> None:
    """Print the proposals of PROJECT as automation_decisions.jsonl, as in the exports of the home."""
    found = settings_and_workspace()[1].project(project)
    for line in decision_lines(found.store.read(Proposal), found.store.read(Photo)):
        click.echo(line)


@decisions.command("import")
@click.argument("project")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--blind", is_flag=True, help="The reviewer did not see the proposals.")
@click.option("--submit", is_flag=True, help="Submit all current decisions, like Submit in the review.")
@json_option
def importing(project: str, file: Path, blind: bool, submit: bool, as_json: bool) -> None:
    """Import review decisions on PROJECT from FILE (approved_decisions.jsonl). Known lines are skipped.

    If lines are refused, the exit code is 3, or 1 if no line is left.

    The JSON has taken, known, and refused: [{line, reason, detail, next_step}]; with --submit also submitted
    (new decisions and steps) and files: {name: rows}.
    """
    settings, workspace = settings_and_workspace()
    found = workspace.project(project)
    report = import_verdicts(found, file.read_bytes(), utc_now(), blind=blind)
    if submit:
        taken = ReviewSession(found, settings.review.audit_share).submit(uuid.uuid4().hex, utc_now())
        report |= {"submitted": taken, "files": write_submitted(found)}
    if as_json:
        print_json(report)
    else:
        _tell(report)
    if report["refused"]:
        sys.exit(SOME_FAILED if report["taken"] or report["known"] else FAILED)


def _tell(report: dict[str, Any]) -> None:
    out().print(
        f"{report['taken']} decisions imported, {report['known']} known, {len(report['refused'])} refused",
    )
    for line in report["refused"]:
        out().print(f"  line {line['line']}: {line['reason']}: {line['detail']}; {line['next_step']}")
    if "submitted" in report:
        out().print(f"{report['submitted']} decisions submitted")
