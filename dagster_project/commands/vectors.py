"""`proofsheet vectors`: export and import of vectors as `{hash}.npy` files.

Holds the group and its sub-commands.
Add here: another verb over vectors.
Keep out: the files (proofsheet/embedding/vector_files.py), import (importing_vectors.py) and export
(exporting_vectors.py).
"""

from __future__ import annotations

from pathlib import Path

import click

from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import (
    chosen,
    json_option,
    out,
    print_causes,
    print_json,
    settings_and_workspace,
)
from dagster_project.exporting_vectors import outgoing
from dagster_project.importing_vectors import Importer
from dagster_project.vector_lines import VectorImport
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import UsageError
from proofsheet.core.progress import Progress
from proofsheet.embedding.vector_files import INDEX, read_index, write_vectors
from proofsheet.history.report import causes_of
from proofsheet.storage.workspace import Project, Workspace

_ALL = click.option("--all", "every", is_flag=True, help="All projects of the library.")


@click.group()
def vectors() -> None:
    """Export and import embedding vectors as files."""


def _wanted(workspace: Workspace, names: tuple[str, ...], *, every: bool) -> list[Project]:
    """The named projects, or all of the library."""
    if bool(names) is every:
        raise UsageError("Which projects?", "Name projects before the folder, or give --all.")
    return chosen(workspace, names) if names else [p for p in workspace.projects() if not p.sandbox]


@vectors.command("export")
@click.argument("projects", nargs=-1)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@_ALL
@json_option
def export_vectors(projects: tuple[str, ...], folder: Path, every: bool, as_json: bool) -> None:
    """Write embeddings/{hash}.npy and processed_images.jsonl for PROJECTS into FOLDER.

    Vectors of missing pictures are included. A line of the index has image_path, embedding_file, hash,
    encoder_id and dim; `vectors import` reads it.

    The JSON has files and pictures.
    """
    _settings, workspace = settings_and_workspace()
    if folder.resolve().is_relative_to(workspace.library.resolve()):
        raise UsageError(
            (f"{folder} is inside the library, which is only read."), "Choose a folder outside the library."
        )
    found = [one for project in _wanted(workspace, projects, every=every) for one in outgoing(project)]
    count = write_vectors(found, folder)
    if as_json:
        print_json({"files": count, "pictures": len(found)})
        return
    out().print(f"{count} files for {len(found)} pictures: {folder / INDEX}")


@vectors.command("import")
@click.argument("projects", nargs=-1)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_ALL
@click.option(
    "--encoder",
    help="Encoder of vectors without a named encoder, such as 'open_clip ViT-B-32 openai'.",
)
@click.option(
    "--made-by-encoder-in-force",
    "declared",
    is_flag=True,
    help="These vectors were made by the encoder of the settings.",
)
@json_option
def import_vectors(
    projects: tuple[str, ...], folder: Path, every: bool, encoder: str | None, declared: bool, as_json: bool
) -> None:
    """Import vectors from FOLDER into PROJECTS; these pictures are not encoded again, except by lite0.

    Each line is assigned to its project. The index is FOLDER/processed_images.jsonl or
    FOLDER/cache/processed_images.jsonl. Vectors of the encoder of the settings are compared with those of a
    sample of pictures, and are refused if they differ. Vectors of missing pictures and of other encoders are
    saved too: rankers learn from them.

    The JSON has `taken`, `kept`, new, without_pictures, projects {name: `kept`}, refused {reason: count},
    causes [{state, reason, rows, line, detail, next_step, paste}], and lines [{line, state, reason, detail,
    next_step, setting}].
    """
    if encoder is not None and (declared or not encoder.strip()):
        raise UsageError("Name exactly one encoder.", "Give --encoder NAME or --made-by-encoder-in-force.")
    settings, workspace = settings_and_workspace()
    wanted = _wanted(workspace, projects, every=every)
    entries, unreadable = read_index(folder)
    with progress_bars() as bars:

        def listener(name: str) -> Progress:
            return BarListener(bars, name)

        importer = Importer(settings, "" if declared else encoder, utc_now(), listener)
        outcome = importer.take(
            entries, unreadable, wanted, [p for p in workspace.projects() if not p.sandbox]
        )
    _report(outcome, as_json=as_json)


def _report(outcome: VectorImport, *, as_json: bool) -> None:
    causes = causes_of(outcome.lines)
    if not outcome.kept and (wrong := outcome.refused["not of that encoder"]):
        cause = next(c for c in causes if c.rows == wrong and c.reason == "not of that encoder")
        raise UsageError(f"{cause.detail}.", f"Nothing was imported; {cause.next_step}.")
    if as_json:
        print_json({**outcome.as_dict(), "causes": [c.as_dict() for c in causes], "lines": outcome.lines})
        return
    out().print(
        f"{outcome.taken} vectors imported; run the project to use them. {outcome.kept} saved "
        f"({outcome.new} new), {outcome.without_pictures} without pictures; "
        f"{sum(outcome.refused.values())} refused",
    )
    print_causes(outcome.lines)
