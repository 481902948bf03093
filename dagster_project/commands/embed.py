"""`proofsheet embed`: accepted texts into picture files.

Holds the command.
Add here: an option of it.
Keep out: plans (proofsheet/publish/), file operations (proofsheet/apply/), conditions (embedding.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from dagster_project.commands.common import out, print_json, settings_and_workspace
from dagster_project.commands.moves import PlanAnswer, plan_options, print_news, print_report
from dagster_project.embedding import carry_out_embed, copies_folder, embed_obstacle, preview_embed
from proofsheet.core.errors import UsageError
from proofsheet.core.shell_words import as_word
from proofsheet.publish.embed_plan import EmbedPlan

_FAILED, _FIRST = 1, 10


@click.command()
@click.argument("project")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of the copies (default: exports/PROJECT/embedded in the home).",
)
@click.option("--originals", is_flag=True, help="Write into the originals; needs the sign-off of `apply`.")
@plan_options
def embed(
    project: str,
    folder: Path | None,
    originals: bool,
    execute: bool,
    yes: bool,
    plan_id: str,
    as_json: bool,
) -> None:
    """Write the accepted texts of PROJECT into copies of its chosen pictures, or into originals.

    Only texts that are approved too are written. Title, description, alternative text, keywords and stars go
    into XMP, IPTC and EXIF of JPEG, TIFF, DNG, PNG, WebP, HEIC and AVIF files. What people wrote there stays
    and is listed. RAW files are left for `sidecars`. The default shows the plan and changes nothing. A file
    is written only if its image data, all foreign tags and its time stay the same; `undo` brings originals
    back byte by byte. The JSON has plan, out, counts, held_back, refused, conflicts, notes, operations,
    unfinished and obstacle; after --execute also done: {sets, files, refused, failed}.
    """
    settings, workspace = settings_and_workspace()
    found = workspace.project(project)
    if originals and folder is not None:
        raise UsageError("--originals writes no copies.", "Leave --out away, or --originals.")
    place = None if originals else copies_folder(found, settings, folder)
    plan, left = preview_embed(found, settings, place, print_news)
    told = _told(plan, left, embed_obstacle(found, settings, place))
    answer = PlanAnswer(execute, yes, plan_id)
    if answer.is_look:
        if as_json:
            print_json(told)
        else:
            _show(plan, left, str(told["obstacle"]), _again(project, folder, plan, originals=originals))
        return
    if not (yes or plan_id):
        _show(plan, left, "", "")
        click.confirm(f"Embed plan {plan.plan_id}?", abort=True, err=True)
    done = carry_out_embed(found, settings, place, plan_id or plan.plan_id, print_news)
    if as_json:
        print_json({**told, "resumed": [asdict(r) for r in done.resumed], "done": asdict(done.report)})
    else:
        for report in done.reports:
            print_report(report)
    if done.problem or done.report.refused:
        print_news(done.problem or "Some pictures were left as they are.")
        sys.exit(_FAILED)


def _again(project: str, folder: Path | None, plan: EmbedPlan, *, originals: bool) -> str:
    """The command that carries the plan out."""
    words = ["proofsheet embed", as_word(project), *(["--originals"] if originals else [])]
    words += ["--out", as_word(str(folder))] if folder is not None else []
    return " ".join([*words, "--plan", plan.plan_id])


def _told(plan: EmbedPlan, left: list[str], why_not: str) -> dict[str, object]:
    return {
        "plan": plan.plan_id,
        "out": plan.out or None,
        "counts": plan.counts,
        "held_back": plan.held_back,
        "refused": plan.refused,
        "conflicts": plan.conflicts,
        "notes": plan.notes,
        "operations": [{"path": o.source, "values": plan.values[o.source]} for o in plan.operations],
        "unfinished": left,
        "obstacle": why_not,
    }


def _show(plan: EmbedPlan, left: Iterable[str], why_not: str, again: str) -> None:
    if why_not:
        out().print(f"--execute is refused now: {why_not}")
    for one in left:
        out().print(f"unfinished: {one} (it is finished first)")
    for operation in plan.operations[:_FIRST]:
        out().print(f"{operation.source}: {', '.join(plan.values[operation.source])}")
    if len(plan.operations) > _FIRST:
        out().print(f"... and {len(plan.operations) - _FIRST} more")
    for path, reason in plan.refused.items():
        out().print(f"{path} is left: {reason}")
    for path, fields in plan.conflicts.items():
        out().print(f"{path}: not changed: {'; '.join(fields)}")
    for path, notes in plan.notes.items():
        out().print(f"{path}: {'; '.join(notes)}")
    for reason, count in plan.held_back.items():
        out().print(f"{count} held back: {reason}")
    counts = ", ".join(f"{n} {what}" for what, n in plan.counts.items()) or "no texts are ready"
    where = f"copies in {plan.out}" if plan.out else "originals"
    out().print(f"plan {plan.plan_id}: {where}; {counts}")
    if plan.operations and again:
        out().print(f"Nothing was changed. Next: {again}")
