"""`python -m demo [FOLDER]`: make the demo library, run its projects, train, print the results.

Holds the demo's story.
Add here: a line that a newcomer needs.
Keep out: results that are not read from the tables.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import click
import polars as pl

from dagster_project.instance import open_instance
from dagster_project.running import run_one, sync_partitions, train_all
from demo.history import PROJECT, make_finished_project, write_log
from demo.library import make_library
from proofsheet.core.clock import utc_now
from proofsheet.core.config import FILE, Configuration, load, write_new
from proofsheet.core.extras import LEARN
from proofsheet.history.importer import import_history
from proofsheet.review.status import project_status
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.training import torch_mlp
from schemas.choices import Proposal
from schemas.library import Photo
from schemas.proof import MetadataQuality

_SHOWN = 3
QUESTION = '"select chosen_path, reasons, flags from proposals"'


def main(folder: Path) -> int:
    """Run the demo in `folder`; the exit code is 0 if all projects ran without failures."""
    library = folder / "library"
    make_finished_project(library)
    files = make_library(library)
    before = _hashes(library)
    if not (folder / FILE).exists():
        write_new(folder, library, folder / "home")
    settings = load(folder, {})
    workspace = Workspace(settings.place)
    click.echo(
        f"{files} files in {library}: two projects that share file names and differ in pixels, and one, "
        f"{PROJECT}, with a log of choices."
    )
    workspace.remember()
    with open_instance(workspace.home) as instance:
        sync_partitions(instance, workspace)
    import_history([write_log(folder)], workspace, settings.history, utc_now(), dry_run=False)
    for project in workspace.projects():
        if not _run(settings, project):
            return 1
    if not _train(settings, workspace):
        return 1
    unchanged = _hashes(library) == before
    click.echo(
        f"\nOriginals: {'unchanged, byte for byte' if unchanged else 'CHANGED'} ({len(before)} files)."
    )
    here, command = (
        os.path.relpath(folder),
        os.path.relpath(Path(sys.executable).parent / "proofsheet", folder),
    )
    click.echo(f"\nNext, after `cd {here}`:")
    click.echo(f"  {command} status")
    click.echo(f"  {command} sql {QUESTION}")
    click.echo(f"  {command} up        # the Dagster UI and the review app, with all three projects")
    return 0 if unchanged else 1


def _run(settings: Configuration, project: Project) -> bool:
    """Run a project and print its state; False if it failed."""
    outcome = run_one(settings, project.key, None)
    if not outcome.success:
        click.echo(f"{project.name}: FAILED: {outcome.error}")
        return False
    _tell(project, outcome.seconds)
    return True


def _train(settings: Configuration, workspace: Workspace) -> bool:
    """Train on the log of choices, and run its project again; False if one of both failed.

    Without the extra `learn` nothing is trained, and the demo says so.
    """
    click.echo("\ntraining on the log of choices, which a rule made: the last stage, unless it is overdone")
    if not torch_mlp.installed():
        click.echo(f"            not available without the extra learn: {LEARN}, then run the demo again")
        return True
    trained = train_all(settings)
    for line in [trained.error] if trained.error else trained.messages:
        click.echo(f"            {line}")
    (finished,) = (p for p in workspace.projects() if p.name == PROJECT)
    return trained.success and _run(settings, finished)


def _tell(project: Project, seconds: float) -> None:
    state = project_status(project)
    judged = state.accepted + state.drafts + state.blocked
    click.echo(f"\n{project.name} ({seconds:.1f} s)")
    click.echo(
        f"  found     {state.photos} photos in {state.sets} sets, {state.other_files} companions; "
        f"refused {state.quarantined}"
    )
    for row in project.store.query("SELECT path, reason FROM quarantine").to_dicts():
        click.echo(f"            refused {row['path']}: {row['reason']}")
    proposals = project.store.read(Proposal)
    flagged = proposals.filter(pl.col(Proposal.flags).list.len() > 0)
    makers = ", ".join(sorted(set(proposals[Proposal.decided_by].to_list())))
    click.echo(f"  proposed  {state.sets} by {makers}; {flagged.height} have a warning")
    for row in flagged.head(3).to_dicts():
        click.echo(f"            {row[Proposal.chosen_path]}: {'; '.join(row[Proposal.flags])}")
    _tell_texts(project)
    share = f"{state.accepted / judged:.0%}" if judged else "none"
    click.echo(
        f"  accepted  {state.accepted} of {judged} texts ({share}), written to "
        f"{project.export_file.relative_to(project.home)}"
    )
    blocked = project.store.read(MetadataQuality).filter(
        pl.col(MetadataQuality.is_current) & (pl.col(MetadataQuality.status) == "blocked")
    )
    click.echo(f"  blocked   {blocked.height}")
    click.echo(f"  drafts    {state.drafts} name no subject; they wait for a person or a model")
    names = dict(project.store.read(Photo).select(Photo.photo_id, Photo.path).iter_rows())
    for row in blocked.head(3).to_dicts():
        issue = row[MetadataQuality.issues][0]
        click.echo(
            f"            {names[row[MetadataQuality.photo_id]]}: {issue['rule']}: "
            f"{issue['field']} {issue['message']}"
        )


def _tell_texts(project: Project) -> None:
    """What the accepted titles say."""
    proofs = project.store.read(MetadataQuality)
    accepted = proofs.filter(
        pl.col(MetadataQuality.is_current) & pl.col(MetadataQuality.accepted_title).is_not_null()
    )
    paths = project.store.read(Photo).select(Photo.photo_id, Photo.path)
    for row in accepted.join(paths, on=Photo.photo_id).sort(Photo.path).head(_SHOWN).to_dicts():
        click.echo(f"            {row[Photo.path]}: {row[MetadataQuality.accepted_title]}")


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("demo-out"))
def demo(folder: Path) -> None:
    """Make the demo library in FOLDER, run its projects, train, and print the results."""
    target = folder.absolute()
    target.mkdir(parents=True, exist_ok=True)
    sys.exit(main(target))


if __name__ == "__main__":
    demo()
