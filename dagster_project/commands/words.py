"""`proofsheet words`: show and edit texts, waive a rule, approve or reject.

Holds the group and its sub-commands.
Add here: another verb over texts.
Keep out: what a verb does (proofsheet/texts/).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import polars as pl

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace, text_of
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import UsageError
from proofsheet.core.files import composed
from proofsheet.core.shell_words import as_word
from proofsheet.library.photo_names import photos_meant
from proofsheet.library.written_regions import said_elsewhere
from proofsheet.proof.text_review import import_flags, review, waive, want_others
from proofsheet.storage.workspace import Project
from proofsheet.texts.edits import undo_field, write_field
from proofsheet.texts.picture_keys import picture_of_files
from schemas.edits import WordEdit
from schemas.library import Photo
from schemas.proof import FIELDS, MetadataQuality, Texts


@click.group()
def words() -> None:
    """Show and edit texts, waive a rule for one text, approve or reject."""


@contextmanager
def _told_by_path(project: Project, photo_id: str) -> Iterator[None]:
    """Errors about a photo name its path, which people know, in place of its id."""
    try:
        yield
    except UsageError as error:
        found = project.store.read(Photo).filter(pl.col(Photo.photo_id) == photo_id)[Photo.path]
        path = found[0] if len(found) else photo_id
        raise UsageError(
            error.what.replace(photo_id, path), error.next_step.replace(photo_id, path)
        ) from error


def _photo(project: str, path: str) -> tuple[Project, str]:
    """The project and the id of the photo with this path, id or file name."""
    found = settings_and_workspace()[1].project(project)
    meant = photos_meant(found.store.read(Photo), path)
    if meant.height == 1:
        return found, str(meant[Photo.photo_id][0])
    if meant.height:
        raise UsageError(
            f"{meant.height} photos of {project} are named {path!r}.",
            f"Give a path: {', '.join(meant[Photo.path])}.",
        )
    raise UsageError(
        f"There is no photo {path!r} in {project}.",
        f"`proofsheet words show {as_word(project)}` lists the photos with texts.",
    )


def _current(project: Project) -> pl.DataFrame:
    rows = project.store.read(MetadataQuality).filter(pl.col(MetadataQuality.is_current))
    paths = project.store.read(Photo).select(Photo.photo_id, Photo.path)
    return rows.join(paths, on=Photo.photo_id, how="left").sort(Photo.path)


@words.command()
@click.argument("project")
@click.argument("paths", nargs=-1)
@json_option
def show(project: str, paths: tuple[str, ...], as_json: bool) -> None:
    """Show the current texts of PROJECT (of PATHS, or all): state, who wrote them, objections, waivers.

    Below them is what people wrote into the file or its sidecar with other programs.

    The JSON has photos: [{path, status, sources, title, caption, alt_text, keywords, issues, waived, model,
    written: [{field, value, place, other}]}].
    """
    found, wanted = settings_and_workspace()[1].project(project), {composed(path) for path in paths}
    elsewhere = said_elsewhere(found)
    told = [
        _told(r) | {"written": elsewhere.get(r[Photo.photo_id], [])}
        for r in _current(found).to_dicts()
        if not paths or composed(r[Photo.path]) in wanted
    ]
    if missing := ", ".join(sorted(wanted - {composed(one["path"]) for one in told})):
        raise UsageError(
            f"There are no texts of {missing} in {project}.",
            f"`proofsheet words show {as_word(project)}` lists all.",
        )
    if as_json:
        print_json({"photos": told})
        return
    for one in told:
        out().print(f"{one['path']} [{one['status']}] {one['sources']}")
        for field in FIELDS:
            out().print(f"  {field}: {one[field]}")
        for said in one["written"]:
            other = f" (embedded: {said['other']})" if said["other"] else ""
            out().print(f"  {said['place']} {said['field']}: {said['value']}{other}")
        for issue in one["issues"]:
            out().print(f"  ! {issue['rule']} on {issue['field']}: {issue['message']}")


def _told(row: dict[str, Any]) -> dict[str, Any]:
    proof = MetadataQuality
    texts = {field: row[f"current_{field}"] for field in FIELDS}
    who = {
        "path": row[Photo.path],
        "status": row[proof.status],
        "sources": row[proof.sources],
        "model": row[proof.model],
    }
    return {**who, **texts, "issues": row[proof.issues], "waived": row[proof.waived]}


@words.command()
@click.argument("project")
@click.argument("path")
@click.option("--title", help="New title.")
@click.option("--caption", help="New caption.")
@click.option("--alt-text", help="New alternative text.")
@click.option("--keywords", help="New keywords, separated by |.")
@click.option(
    "--unlocked",
    is_flag=True,
    help="Do not lock the field: later runs may add keywords, and imports may change it.",
)
def edit(
    project: str,
    path: str,
    title: str | None,
    caption: str | None,
    alt_text: str | None,
    keywords: str | None,
    unlocked: bool,
) -> None:
    """Edit the texts of the photo PATH of PROJECT. They are locked: no run changes them.

    The gate still checks them.
    """
    found, photo = _photo(project, path)
    texts: dict[str, Any] = {Texts.title: title, Texts.caption: caption, Texts.alt_text: alt_text}
    texts[Texts.keywords] = (
        [k.strip() for k in keywords.split("|") if k.strip()] if keywords is not None else None
    )
    given = {field: value for field, value in texts.items() if value is not None}
    if not given:
        raise UsageError("Nothing to write.", "Give --title, --caption, --alt-text or --keywords.")
    before = {r[MetadataQuality.photo_id]: r for r in _current(found).to_dicts()}.get(photo, {})
    for field, value in given.items():
        write_field(
            found.ledger,
            photo,
            field,
            value,
            before.get(f"generated_{field}"),
            "human",
            utc_now(),
            lock=not unlocked,
        )
    out().print(f"{', '.join(given)} written; `proofsheet run {as_word(project)}` checks them")


@words.command()
@click.argument("project")
@click.argument("path")
@click.argument("field", type=click.Choice(FIELDS))
def undo(project: str, path: str, field: str) -> None:
    """Undo the last change of FIELD of the photo PATH; the history still shows it."""
    found, photo = _photo(project, path)
    before = undo_field(found.ledger, photo, field, utc_now())
    out().print(f"{field}: {before if before is not None else 'the text of the describer'}")


@words.command()
@click.argument("project")
@click.argument("path")
@json_option
def history(project: str, path: str, as_json: bool) -> None:
    """Show every change of the texts of the photo PATH.

    The JSON has changes: [{field, revision, value, source, locked, edited_at}].
    """
    found, photo = _photo(project, path)
    shown = (
        WordEdit.field,
        WordEdit.revision,
        WordEdit.value,
        WordEdit.source,
        WordEdit.locked,
        WordEdit.edited_at,
    )
    rows = found.ledger.rows(WordEdit, photo_id=photo).sort(WordEdit.edited_at).select(shown).to_dicts()
    if as_json:
        print_json({"changes": rows})
        return
    for row in rows:
        locked = ", locked" if row[WordEdit.locked] else ""
        told = row[WordEdit.value] if row[WordEdit.value] is not None else "(given back)"
        line = (
            f"{row[WordEdit.edited_at]:%Y-%m-%d %H:%M} {row[WordEdit.field]} by "
            f"{row[WordEdit.source]}{locked}: {told}"
        )
        out().print(line)


@words.command("waive")
@click.argument("project")
@click.argument("path")
@click.argument("rule")
@click.argument("field", type=click.Choice(FIELDS))
@click.option("--reason", required=True, help="Why the rule does not fit this text.")
def waiving(project: str, path: str, rule: str, field: str, reason: str) -> None:
    """Waive RULE for the current text of FIELD of the photo PATH.

    The rule applies again once the text changes.
    """
    found, photo = _photo(project, path)
    with _told_by_path(found, photo):
        waive(found.ledger, photo, rule, field, reason, utc_now())
    out().print(
        (f"{rule} is waived for this {field}; `proofsheet run {as_word(project)}` applies the waiver"),
    )


@words.command("review")
@click.argument("project")
@click.argument("path")
@click.argument("decision", type=click.Choice(["approved", "rejected"]))
@click.option("--reason", default="", help="Why.")
def reviewing(project: str, path: str, decision: str, reason: str) -> None:
    """Approve or reject the current texts of the photo PATH. Only accepted texts can be approved."""
    found, photo = _photo(project, path)
    with _told_by_path(found, photo):
        attempt = review(found.ledger, photo, decision, reason, utc_now())
    out().print(f"attempt {attempt} is {decision}")


@words.command()
@click.argument("project")
@click.argument("path")
def again(project: str, path: str) -> None:
    """Request new texts for the photo PATH after a refusal by the gate or by you; the next run asks once."""
    found, photo = _photo(project, path)
    with _told_by_path(found, photo):
        want_others(found.ledger, photo, utc_now())
    out().print(f"the next run of {found.name} asks again for {path}")


@words.command("flags")
@click.argument("project")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def flagging(project: str, file: Path) -> None:
    """Import NSFW and scan flags from FILE: CSV or JSON with path or content_hash, nsfw, scan.

    A missing flag means unknown, never safe.
    """
    found = settings_and_workspace()[1].project(project)
    hashes = dict(found.store.read(Photo).select(Photo.path, Photo.content_hash).iter_rows())
    noted, refused = import_flags(
        found.ledger, text_of(file), file.name, hashes, picture_of_files(found), utc_now()
    )
    out().print(f"{noted} flags noted, {len(refused)} refused")
    for line in refused:
        out().print(f"  {line}")
