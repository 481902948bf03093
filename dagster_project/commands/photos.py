"""`proofsheet photos`: who the photos of a project are.

Holds the group and its sub-commands.
Add here: another answer to a question about a photo.
Keep out: how photos are known again (proofsheet/library/identities.py).
"""

from __future__ import annotations

import click

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import UsageError
from proofsheet.core.shell_words import as_word
from proofsheet.library.identity_answers import (
    gone_with_facts,
    keep_as_new,
    open_questions,
    question_lines,
    take_over,
)
from schemas.identity import GonePhoto, IdentityQuestion


@click.group()
def photos() -> None:
    """Show photos that are gone, and say which photo a file is.

    A renamed, moved or edited file is known again by its bytes, its pixels or its path.
    """


@photos.command("list")
@click.argument("project")
@json_option
def listing(project: str, as_json: bool) -> None:
    """Show the open questions of PROJECT, and its gone photos with texts or decisions.

    The JSON has questions [path, former_path, former_photo_id], gone [photo_id, path] and gone_in_all.
    """
    found = settings_and_workspace()[1].project(project)
    asked, gone = open_questions(found), gone_with_facts(found)
    if as_json:
        names = (IdentityQuestion.path, IdentityQuestion.former_path, IdentityQuestion.former_photo_id)
        print_json(
            {
                "questions": [{name: row[name] for name in names} for row in asked],
                "gone": gone.select(GonePhoto.photo_id, GonePhoto.path).to_dicts(),
                "gone_in_all": found.store.read(GonePhoto).height,
            }
        )
        return
    console = out()
    for line in question_lines(found):
        console.print(line)
    for row in gone.iter_rows(named=True):
        console.print(
            f"{row[GonePhoto.path]}: gone; its texts and decisions return with the file "
            f"({row[GonePhoto.photo_id]})"
        )
    console.print(
        f"Open questions: {len(asked)}. Gone photos: "
        f"{found.store.read(GonePhoto).height}; with texts or decisions: {gone.height}."
    )


@photos.command("adopt")
@click.argument("project")
@click.argument("file")
@click.argument("former", required=False)
@click.option("--none", "apart", is_flag=True, help="FILE is a photo of its own.")
@json_option
def adopting(project: str, file: str, former: str | None, apart: bool, as_json: bool) -> None:
    """Give FILE of PROJECT the texts, choices and history of FORMER, a photo that is gone.

    FORMER is its id, or the path that it had. The JSON has `told`.
    """
    if apart == (former is not None):
        raise UsageError(
            "Name the former photo, or give --none (not both).",
            "Example: proofsheet photos adopt Trip lake.jpg DSC_0001.jpg",
        )
    found = settings_and_workspace()[1].project(project)
    told = (
        take_over(found, file, former, utc_now())
        if former is not None
        else keep_as_new(found, file, utc_now())
    )
    told = f"{told}; `proofsheet run {as_word(project)}` brings the tables up to date"
    if as_json:
        print_json({"told": told})
    else:
        out().print(told)
