"""`proofsheet publish`, `export` and `sidecars`: output of accepted texts.

Holds the commands.
Add here: another kind of output.
Keep out: conditions, forms and targets (proofsheet/publish/).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import polars as pl

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import ProofsheetError
from proofsheet.publish.export_presets import PRESETS, write_preset
from proofsheet.publish.service import copies_now, publish_now
from proofsheet.publish.sidecar_names import sidecar_of
from proofsheet.publish.sidecar_plan import SidecarWork, sidecar_work
from proofsheet.publish.targets.resolve import publisher_of
from proofsheet.publish.upload_history import take_back_rows, taken_back
from proofsheet.publish.uploader import candidates, outlook
from proofsheet.publish.xmp_sidecar import Merged, merge_sidecar, would_change
from proofsheet.review.status import project_status
from proofsheet.selection.choices import held_photos, present_choices
from proofsheet.storage.workspace import Project
from schemas.publish import Export

_FAILED, _BLOCKED = 1, 4


@click.command("publish")
@click.argument("project")
@click.option(
    "--execute", is_flag=True, help="Send the copies, after a confirmation. The default sends nothing."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--proof", is_flag=True, help="Make the copies without sending them, and list the contents of each."
)
@click.option(
    "--taken-back",
    "gone",
    metavar="NAME",
    multiple=True,
    help="Note that you removed NAME from the target.",
)
@json_option
def publishing(
    project: str, execute: bool, yes: bool, proof: bool, gone: tuple[str, ...], as_json: bool
) -> None:
    """Send copies of the chosen, accepted and approved pictures of PROJECT to the configured target.

    A picture with corrected texts is sent again as a new version under a new name. Published pictures that
    are no longer chosen are listed; nothing is deleted at a target. The exit code is 4 if the gate or the
    policy held texts back. The JSON has target, ready, again: [{path, version, name}], held_back, take_back:
    [{path, name, target, uploaded_at, reason}], and published, failed after --execute; with --proof also
    copies: [{path, proof or problem}].
    """
    settings, workspace = settings_and_workspace()
    found, target = workspace.project(project), publisher_of(settings.publish).name
    for name in gone:
        taken_back(found, target, name, utc_now())
    told = outlook(found, target)
    if proof:
        told["copies"] = copies_now(found, settings.publish, candidates(found, target))
    if execute and not yes:
        click.confirm(f"Publish {told['ready']} pictures to {target}?", abort=True, err=True)
    if execute or yes:
        done = publish_now(found, settings.publish)
        told |= {"published": len(done.published), "failed": done.failed, "take_back": take_back_rows(found)}
    if as_json:
        print_json(told)
    else:
        _show(told)
    if told.get("failed") or any("problem" in c for c in told.get("copies", ())):
        sys.exit(_FAILED)
    if any(reason.startswith(("gate", "policy")) for reason in told["held_back"]):
        sys.exit(_BLOCKED)


def _show(told: Mapping[str, Any]) -> None:
    sent = f", {told['published']} published" if "published" in told else ""
    failed = {one["path"] for one in told.get("failed", ())}
    out().print(f"{told['ready']} ready for {told['target']}{sent}")
    for one in told["again"]:
        what = "published again" if sent and one["path"] not in failed else "to be published again"
        out().print(f"  {one['path']}: {what} as version {one['version']}, {one['name']}")
    for reason, count in told["held_back"].items():
        out().print(f"  {count} held back: {reason}")
    for one in (*told.get("copies", ()), *told.get("failed", ())):
        out().print(f"  {one['path']}: {one.get('proof') or one['problem']}")
    for one in told["take_back"]:
        out().print(f"  take back {one['name']} at {one['target']}: {one['reason']}")
    if told["take_back"]:
        out().print(
            "Nothing is deleted at a target. Remove it there, then note it with --taken-back NAME.",
        )


@click.command("export")
@click.argument("project")
@click.argument("form", type=click.Choice(sorted(PRESETS)))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def exporting(project: str, form: str, file: Path) -> None:
    """Write the accepted texts of PROJECT into FILE, in a FORM that other tools read."""
    found = settings_and_workspace()[1].project(project)
    rows = found.store.read(Export)
    held = held_photos(found, present_choices(found))
    count = write_preset(form, rows.filter(~pl.col(Export.photo_id).is_in(list(held))), file)
    out().print(f"{count} rows in {file}")
    for reason, left in Counter(held[i] for i in rows[Export.photo_id] if i in held).items():
        out().print(f"  {left} left out: {reason}")
    state = project_status(found)
    for left, reason in (
        (state.drafts, "drafts, which name no subject"),
        (state.blocked, "blocked by the gate"),
    ):
        if left:
            out().print(f"  {left} left out: {reason}")


@click.command()
@click.argument("project")
@click.option(
    "--sidecar-style",
    type=click.Choice(["darktable", "adobe"]),
    default="darktable",
    show_default=True,
    help="Its name.",
)
@click.option("--execute", is_flag=True, help="Write the sidecars. The default changes nothing.")
@json_option
def sidecars(project: str, sidecar_style: str, execute: bool, as_json: bool) -> None:
    """Merge approved texts, stars, labels and flags of PROJECT into XMP sidecars beside the pictures.

    Stars, labels and flags are those that you set in the review app; they need no approval. One that another
    program changed since then stays, and is listed.

    Other fields are not touched. What people wrote into a sidecar or a picture stays: such a field is listed
    and not written, keywords are added to theirs, and what they removed is not written again.

    A stem.xmp is used only if it belongs to the picture: not beside a RAW or another picture of that stem.
    Without --execute every sidecar that would be written is named.

    The JSON has ready, marked, written, unchanged, files: [{path, sidecar}], conflicts: [{path, fields}] and
    refused: [{path, problem}].
    """
    found = settings_and_workspace()[1].project(project)
    work = sidecar_work(found)
    ready, marked = sum(one.has_texts for one in work), sum(bool(one.sources.bases) for one in work)
    told: dict[str, Any] = {
        "ready": ready,
        "marked": marked,
        "written": 0,
        "files": [],
        "conflicts": [],
        "refused": [],
    }
    for one in work:
        try:
            target, merged = _sidecar(found, one, sidecar_style, execute=execute)
        except (ProofsheetError, OSError) as error:
            told["refused"].append({"path": one.path, "problem": str(error)})
            continue
        if merged.changed:
            name = target.relative_to(found.folder).as_posix()
            told["files"].append({"path": one.path, "sidecar": name})
        if merged.conflicts:
            told["conflicts"].append({"path": one.path, "fields": list(merged.conflicts)})
    told["written"] = len(told["files"]) if execute else 0
    told["unchanged"] = len(work) - len(told["files"]) - len(told["refused"])
    if as_json:
        print_json(told)
    else:
        _show_sidecars(told, execute=execute)
    if told["refused"]:
        sys.exit(_FAILED)


def _show_sidecars(told: Mapping[str, Any], *, execute: bool) -> None:
    counts = f"{told['written']} sidecars written, {len(told['refused'])} refused"
    out().print(
        f"{told['ready']} with approved texts, {told['marked']} with stars, labels or flags, {counts}"
    )
    for one in told["files"]:
        what = "written" if execute else "would be written"
        out().print(f"  {one['path']}: {one['sidecar']} {what}")
    for one in told["conflicts"]:
        out().print(f"  {one['path']}: not changed: {'; '.join(one['fields'])}")
    for one in told["refused"]:
        out().print(f"  {one['path']}: {one['problem']}")
    if not execute and told["ready"] + told["marked"]:
        out().print("Nothing was changed. --execute writes the sidecars.")


def _sidecar(project: Project, one: SidecarWork, style: str, *, execute: bool) -> tuple[Path, Merged]:
    """The sidecar, and what was written into it, or would be."""
    picture = project.folder / one.path
    target = sidecar_of(picture, style)
    act = merge_sidecar if execute else would_change
    return target, act(target, one.fields, extension=picture.suffix, sources=one.sources)
