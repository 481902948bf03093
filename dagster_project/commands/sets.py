"""`proofsheet sets`: intake of folders with subject, hints and place, and proposals for subjects.

Holds the group and its sub-commands.
Add here: another verb over intake sets.
Keep out: what a verb does (proofsheet/texts/).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import polars as pl

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace, text_of
from dagster_project.intake_sets import IntakeSet, intake_sets
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import ServiceUnreachable, UsageError
from proofsheet.core.shell_words import as_word
from proofsheet.storage.workspace import Project
from proofsheet.texts.client.protocol import ModelRequestError
from proofsheet.texts.describer import Describer
from proofsheet.texts.set_intake import intake, read_intake
from proofsheet.texts.set_subjects import propose, samples
from schemas.library import Photo
from schemas.sets import SetContext, SubjectProposal
from schemas.vision import Preview


@click.group()
def sets() -> None:
    """Describe what the folders of a project show, and get subjects proposed."""


def _project(name: str) -> Project:
    return settings_and_workspace()[1].project(name)


def _folders(project: Project) -> set[str]:
    return {one.folder for one in intake_sets(project)}


@sets.command("intake")
@click.argument("project")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def taking_in(project: str, file: Path) -> None:
    """Import sets from FILE, a CSV with folder, subject, hints and location. Empty cells change nothing."""
    found = _project(project)
    noted = intake(found.ledger, _folders(found), read_intake(text_of(file)), utc_now())
    out().print(f"{len(noted)} sets noted; `proofsheet run {as_word(project)}` uses them")


@sets.command("say")
@click.argument("project")
@click.argument("folder")
@click.option("--subject", default="", help="Subject in your words. It counts as confirmed.")
@click.option("--hints", default="", help="Hints for the model; never copied into texts.")
@click.option("--location", default="", help="Place.")
def saying(project: str, folder: str, subject: str, hints: str, location: str) -> None:
    """Describe what FOLDER of PROJECT shows ('.' is the project folder itself)."""
    if not (subject or hints or location):
        raise UsageError("No description was given.", "Give --subject, --hints or --location.")
    found = _project(project)
    row = {"folder": folder, "subject": subject, "hints": hints, "location": location}
    intake(found.ledger, _folders(found), [row], utc_now())
    out().print("noted")


def _place(one: IntakeSet) -> dict[str, object]:
    return {"folder": one.folder or ".", "photos": one.photos, "seen": one.has_run}


@sets.command("list")
@click.argument("project")
@json_option
def listing(project: str, as_json: bool) -> None:
    """List the sets of PROJECT with descriptions and proposals, including folders that no run has read yet.

    The JSON has sets: [{folder, photos, seen, subject, hints, location, suggested, status}].
    """
    told = [
        {**{n: v or None for n, v in asdict(one).items()}, **_place(one)}
        for one in intake_sets(_project(project))
    ]
    if as_json:
        print_json({"sets": told})
        return
    for one in told:
        said = ", ".join(
            f"{k}: {one[k]}" for k in ("subject", "hints", "location", "suggested", "status") if one[k]
        )
        waits = "" if one["seen"] else " (no run yet)"
        out().print(f"{one['folder']}: {one['photos']} photos{waits}{'; ' + said if said else ''}")


@sets.command()
@click.argument("project")
@click.argument("folder")
def subject(project: str, folder: str) -> None:
    """Propose another subject for FOLDER of PROJECT, in new words. `sets say` confirms one."""
    settings, _workspace = settings_and_workspace()
    found, place = _project(project), "" if folder == "." else folder
    if place not in set(found.store.read(Photo)[Photo.folder]):
        raise UsageError(
            f"No run has read photos in {folder!r}.",
            f"`proofsheet run {as_word(project)}` first; `proofsheet sets list` shows them.",
        )
    known = found.ledger.rows(SetContext, folder=place)
    hints = (known[SetContext.hints][0] or "") if known.height else ""
    pictures = samples(place, found.store.read(Photo), found.store.read(Preview), found.cache)
    try:
        proposed = propose(Describer.of(settings.model, found), found, place, hints, pictures, utc_now())
    except ModelRequestError as trouble:
        raise ServiceUnreachable(
            (f"No model proposed a subject: {trouble.message}."),
            "`proofsheet doctor` shows which models answer.",
        ) from trouble
    if proposed is None:
        last = (
            found.ledger.rows(SubjectProposal, folder=place)
            .sort(pl.col(SubjectProposal.number))
            .to_dicts()[-1]
        )
        out().print(f"refused: {last[SubjectProposal.subject]!r}: {last[SubjectProposal.refused]}")
    else:
        out().print(proposed)
