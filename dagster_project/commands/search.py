"""`proofsheet search`: find photos of a project.

Holds the command.
Add here: another way to ask, as an option.
Keep out: searching (proofsheet/search/).
"""

from __future__ import annotations

import click

from dagster_project.commands.common import err, json_option, out, print_json, settings_and_workspace
from proofsheet.core.errors import UsageError
from proofsheet.search.search import Search

_MOST = 1000


@click.command()
@click.argument("project")
@click.option(
    "--like", metavar="PHOTO", help="Path, id or file name of a photo of PROJECT, or any picture file."
)
@click.option("--label", metavar="WORDS", help="What a model saw, such as flower.")
@click.option("--text", metavar="WORDS", help="Words in texts, keywords, labels, prompts, names and places.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=20, show_default=True, help="Most photos.")
@json_option
def search(
    project: str, like: str | None, label: str | None, text: str | None, limit: int, as_json: bool
) -> None:
    """Find photos of PROJECT: like a picture, by label or by words.

    Words are also found in what people wrote into files and sidecars with other programs.

    The JSON has project, kind, query, searched, hits [{photo_id, path, score, why, by}] and notes: what
    could not be searched, and what to do about it.
    """
    options = {"like": like, "label": label, "text": text}
    given = {name: words for name, words in options.items() if words is not None}
    if len(given) != 1:
        raise UsageError(
            f"{len(given)} of --like, --label and --text are given.", "Give exactly one of them."
        )
    settings, workspace = settings_and_workspace()
    searching = Search(workspace.project(project), settings.encoder, settings.photos)
    ((name, words),) = given.items()
    found = {"like": searching.like, "label": searching.label, "text": searching.text}[name](words, limit)
    if as_json:
        print_json(found.as_dict())
        return
    for hit in found.hits:
        by = f" ({hit.by})" if hit.by else ""
        out().print(f"{hit.score:.3f} {hit.path}: {hit.why}{by}")
    err().print(f"{len(found.hits)} of {found.searched} photos")
    for note in found.notes:
        err().print(note)
