"""`proofsheet quarantine`.

Holds the commands over refused files.
Add here: what users may do with a refused file.
Keep out: the decision to refuse.
"""

from __future__ import annotations

from datetime import UTC, datetime

import click

from dagster_project.commands.common import (
    chosen,
    end_with,
    json_option,
    out,
    print_json,
    settings_and_workspace,
)
from proofsheet.core.shell_words import as_word
from proofsheet.library.quarantine import quarantine_rows, release
from proofsheet.storage.health import each_alone
from proofsheet.storage.workspace import Project
from proofsheet.texts.picture_keys import picture_of_files
from proofsheet.texts.strikes import release_pictures, struck_pictures
from schemas.library import Photo, Quarantine


@click.group()
def quarantine() -> None:
    """List refused files and pictures that crash a model, or release them for the next run."""


@quarantine.command("list")
@click.argument("projects", nargs=-1)
@json_option
def listing(projects: tuple[str, ...], as_json: bool) -> None:
    """List the refused files of PROJECTS (all by default).

    The JSON has projects.<name>: [{path, kind, reason, next_step, content_hash, first_seen_at}]; pictures
    that are no longer sent to a model have the kind model. The JSON also has damaged: [{project, file,
    problem, next_step}].
    """
    settings, workspace = settings_and_workspace()
    shown = (
        Quarantine.path,
        Quarantine.kind,
        Quarantine.reason,
        Quarantine.next_step,
        Quarantine.content_hash,
        Quarantine.first_seen_at,
    )
    most = settings.model.strikes
    wanted = chosen(workspace, projects)
    asked = each_alone(
        wanted, lambda p: [*quarantine_rows(p.ledger).select(shown).to_dicts(), *_struck(p, most)]
    )
    found = {p.name: rows for p, rows in asked.results}
    if as_json:
        print_json({"projects": found, "damaged": [t.as_dict() for t in asked.troubles]})
    else:
        for name, rows in found.items():
            for row in rows:
                told = f"{row[Quarantine.kind]}: {row[Quarantine.reason]}; {row[Quarantine.next_step]}"
                out().print(f"{name}/{row[Quarantine.path]}: {told}")
        if not any(found.values()):
            out().print("nothing is in quarantine")
    end_with(asked.troubles, len(wanted))


@quarantine.command("release")
@click.argument("project")
@click.argument("paths", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every refused file of the project.")
@json_option
def releasing(project: str, paths: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Release refused files of PROJECT: the next run opens them again. The JSON has released: [path]."""
    if bool(paths) == everything:
        raise click.UsageError("Name paths, or give --all (not both).")
    settings, workspace = settings_and_workspace()
    there, now = workspace.project(project), datetime.now(UTC).replace(tzinfo=None)
    struck = {
        str(r[Quarantine.path]): str(r[Quarantine.content_hash])
        for r in _struck(there, settings.model.strikes)
    }
    chosen_ = set(struck) if everything else set(paths) & set(struck)
    files, pictures = {struck[p] for p in chosen_}, picture_of_files(there)
    release_pictures(there.ledger, files | {pictures[f] for f in files if f in pictures}, now)
    rest = set(paths) - chosen_
    found = sorted({*chosen_, *(release(there.ledger, rest or None, now) if rest or everything else [])})
    if as_json:
        print_json({"released": found})
    else:
        out().print(f"{len(found)} released; `proofsheet run {as_word(project)}` tries them again")


def _struck(project: Project, most: int) -> list[dict[str, object]]:
    """Pictures that are no longer sent to a model, in the form of refused files."""
    files: dict[str, list[tuple[str, str]]] = {}
    pictures = picture_of_files(project)
    for path, file in project.store.read(Photo).select(Photo.path, Photo.content_hash).iter_rows():
        for image in {file, pictures.get(file, file)}:
            files.setdefault(image, []).append((path, file))
    return [
        {
            Quarantine.path: path,
            Quarantine.kind: "model",
            Quarantine.reason: reason,
            Quarantine.next_step: "release it, or choose another model",
            Quarantine.content_hash: file,
            Quarantine.first_seen_at: when,
        }
        for image, (reason, when) in struck_pictures(project.ledger, most).items()
        for path, file in files.get(image, [(image, image)])
    ]
