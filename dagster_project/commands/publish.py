"""`proofsheet publish`, `export` and `sidecars`: accepted texts on their way out.

Holds the commands.
Add here: another way out.
Keep out: conditions, forms and targets (proofsheet/publish/).
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from dagster_project.sending import copies_now, publish_now
from proofsheet.errors import ProofsheetError
from proofsheet.publish.presets import PRESETS, write_preset
from proofsheet.publish.publishing import Candidate, candidates, held_back
from proofsheet.publish.sidecar import Fields, existing_sidecar, merge_sidecar, sidecar_path
from proofsheet.publish.targets.named import publisher_of
from proofsheet.workspace import Project
from schemas.review import Export

_FAILED, _BLOCKED = 1, 4


@click.command("publish")
@click.argument("project")
@click.option("--execute", is_flag=True, help="Do it, after asking; without this nothing is sent.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--proof", is_flag=True, help="Make the copies without sending them, and list what each holds.")
@json_option
def publishing(project: str, execute: bool, yes: bool, proof: bool, as_json: bool) -> None:
    """Send copies of what passed gate, policy and a person in PROJECT to the target of the settings.

    Exit code 4 if gate or policy held texts back. The JSON has target, ready, held_back, and published, failed after --execute;
    with --proof also copies: [{path, proof or problem}].
    """
    settings, workspace = settings_and_workspace()
    found, publisher = (
        workspace.project(project),
        publisher_of(settings.publish),
    )
    rows = candidates(found, publisher.name)
    ready, held = sum(not c.held_back for c in rows), held_back(rows)
    told: dict[str, object] = {"target": publisher.name, "ready": ready, "held_back": held}
    copies = copies_now(found, settings.publish, rows) if proof else []
    if proof:
        told["copies"] = copies
    if execute and not yes:
        click.confirm(f"Publish {ready} pictures to {publisher.name}?", abort=True, err=True)
    failed = []
    if execute or yes:
        done = publish_now(found, settings.publish)
        failed = done.failed
        told |= {"published": len(done.published), "failed": failed}
    if as_json:
        print_json(told)
    else:
        out().print(
            f"{ready} ready for {publisher.name}" + (f", {told['published']} published" if "published" in told else ""),
            markup=False,
        )
        for reason, count in held.items():
            out().print(f"  {count} held back: {reason}", markup=False)
        for one in (*copies, *failed):
            out().print(f"  {one['path']}: {one.get('proof') or one['problem']}", markup=False)
    if failed or any("problem" in c for c in copies):
        sys.exit(_FAILED)
    if any(reason.startswith(("gate", "policy")) for reason in held):
        sys.exit(_BLOCKED)


@click.command("export")
@click.argument("project")
@click.argument("form", type=click.Choice(sorted(PRESETS)))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def exporting(project: str, form: str, file: Path) -> None:
    """Write the accepted texts of PROJECT into FILE, in a FORM that other tools take."""
    found = settings_and_workspace()[1].project(project)
    count = write_preset(form, found.store.read(Export), file)
    out().print(f"{count} rows in {file}", markup=False)


@click.command()
@click.argument("project")
@click.option(
    "--sidecar-style", type=click.Choice(["darktable", "adobe"]), default="darktable", show_default=True, help="Its name."
)
@click.option("--execute", is_flag=True, help="Write them; without this nothing is changed.")
@json_option
def sidecars(project: str, sidecar_style: str, execute: bool, as_json: bool) -> None:
    """Merge the approved texts of PROJECT into XMP sidecars beside the pictures; what others wrote there stays.

    The JSON has ready, written, unchanged, and refused: [{path, problem}].
    """
    found = settings_and_workspace()[1].project(project)
    ready = [c for c in candidates(found, "sidecars") if not c.held_back]
    written, refused = 0, []
    for one in ready if execute else []:
        try:
            written += _write(found, one, sidecar_style)
        except (ProofsheetError, OSError) as error:
            refused.append({"path": one.path, "problem": str(error)})
    if as_json:
        print_json(
            {
                "ready": len(ready),
                "written": written,
                "unchanged": len(ready) - written - len(refused) if execute else 0,
                "refused": refused,
            }
        )
    else:
        out().print(f"{len(ready)} with approved texts, {written} sidecars written, {len(refused)} refused", markup=False)
        for line in refused:
            out().print(f"  {line['path']}: {line['problem']}", markup=False)
        if not execute and ready:
            out().print("Nothing was changed; --execute writes them.", markup=False)
    if refused:
        sys.exit(_FAILED)


def _write(project: Project, one: Candidate, style: str) -> bool:
    picture = project.folder / one.path
    texts = one.texts
    fields = Fields(
        title=texts["title"], description=texts["caption"], alt_text=texts["alt_text"], keywords=tuple(texts["keywords"])
    )
    target = existing_sidecar(picture) or sidecar_path(picture, style)
    return merge_sidecar(target, fields, extension=picture.suffix)
