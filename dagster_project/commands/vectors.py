"""`proofsheet vectors`: take vectors out as `{hash}.npy` files, and bring such files in.

Holds the group and its sub-commands.
Add here: another verb over vectors.
Keep out: reading and writing the files (proofsheet/vision/vector_files.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import polars as pl

from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from proofsheet.cache import ChunkCache
from proofsheet.config import Configuration
from proofsheet.errors import UsageError
from proofsheet.library.scan import scan
from proofsheet.locks import hold
from proofsheet.onepass import Measurement, cache_name, look
from proofsheet.pictures import PictureFile
from proofsheet.vision.encoders import Encoder, choose_encoder
from proofsheet.vision.vector_files import INDEX, Entry, read_vectors, write_vectors
from proofsheet.workspace import Project
from schemas.library import Photo
from schemas.vision import Embedding

_SAMPLE = 8
_SAME = 0.98  # an own decode and another's differ by less


@click.group()
def vectors() -> None:
    """Take vectors out as files of numbers, and bring such files in."""


@vectors.command("export")
@click.argument("project")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@json_option
def export_vectors(project: str, folder: Path, as_json: bool) -> None:
    """Write embeddings/{hash}.npy and processed_images.jsonl for PROJECT into FOLDER.

    The JSON has files and pictures.
    """
    _settings, workspace = settings_and_workspace()
    found = workspace.project(project)
    if folder.resolve().is_relative_to(workspace.library.resolve()):
        raise UsageError(f"{folder} lies in the library, which is only read.", "Choose a folder outside.")
    rows = found.store.read(Photo).join(found.store.read(Embedding), on=[Photo.project, Photo.photo_id])
    count = write_vectors(rows.select(Photo.path, Photo.content_hash, Embedding.encoder_id, Embedding.vector).to_dicts(), folder)
    if as_json:
        print_json({"files": count, "pictures": rows.height})
        return
    out().print(f"{count} files for {rows.height} pictures: {folder / INDEX}", markup=False)


@vectors.command("import")
@click.argument("project")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--made-by-encoder-in-force", "declared", is_flag=True, help="Say so where the files name no encoder; a sample is checked."
)
@json_option
def import_vectors(project: str, folder: Path, declared: bool, as_json: bool) -> None:
    """Take vectors of the encoder in force from FOLDER, so that PROJECT's pictures need not be encoded again.

    A sample is encoded here and compared; vectors of another encoder are refused. The JSON has taken, refused {reason: count}, and
    lines [{line, reason}].
    """
    settings, workspace = settings_and_workspace()
    found = workspace.project(project)
    if not (folder / INDEX).is_file():
        raise UsageError(f"{folder / INDEX} is not there.", "Name the folder that holds it.")
    encoder = choose_encoder(settings.encoder, found.models)
    entries, lines = read_vectors(folder)
    with hold(found.run_lock, "vectors import"), progress_bars() as bars:
        scanned = scan(found.folder, found.cache, BarListener(bars, found.name))
        files = {p.path: p.file for p in scanned.pictures}
        taken, refused = _matched(entries, files, encoder, declared)
        lines += refused
        measurement = encoder.measurement()
        _check_sample(taken, measurement, settings, found, BarListener(bars, found.name))
        cache = ChunkCache(found.cache / cache_name(measurement, settings.photos), measurement.schema(), Photo.content_hash)
        rows = [
            {Photo.content_hash: h, Embedding.encoder_id: encoder.encoder_id, Embedding.vector: v} for h, (_f, v) in taken.items()
        ]
        cache.append(pl.DataFrame(rows, schema=measurement.schema(), orient="row"))
    counts = Counter(reason.partition(":")[0] for _line, reason in lines)
    if as_json:
        told = [{"line": line, "reason": reason} for line, reason in sorted(lines)]
        print_json({"taken": len(taken), "refused": dict(counts), "lines": told})
        return
    out().print(f"{len(taken)} vectors taken; run the project to use them", markup=False)
    for line, reason in sorted(lines):
        out().print(f"line {line} refused: {reason}", markup=False)


def _matched(
    entries: list[Entry], files: Mapping[str, PictureFile], encoder: Encoder, declared: bool
) -> tuple[dict[str, tuple[PictureFile, list[float]]], list[tuple[int, str]]]:
    """The vectors of pictures of the project by content hash, and the lines that are refused."""
    by_hash = {f.content_hash: f for f in files.values()}
    taken: dict[str, tuple[PictureFile, list[float]]] = {}
    refused: list[tuple[int, str]] = []
    for entry in entries:
        file = by_hash.get(entry.content_hash) if entry.content_hash else files.get(entry.path)
        if file is None:
            refused.append((entry.line, f"no such picture in the project: {entry.path or entry.content_hash}"))
        elif entry.encoder_id and entry.encoder_id != encoder.encoder_id:
            refused.append((entry.line, f"made by another encoder: {entry.encoder_id}; in force is {encoder.encoder_id}"))
        elif not entry.encoder_id and not declared:
            refused.append((entry.line, "names no encoder: give --made-by-encoder-in-force if it was that one"))
        else:
            taken[file.content_hash] = (file, entry.vector.tolist())
    return taken, refused


def _check_sample(
    taken: Mapping[str, tuple[PictureFile, list[float]]],
    measurement: Measurement,
    settings: Configuration,
    project: Project,
    progress: BarListener,
) -> None:
    """Encode a few of the pictures here and compare.

    Raises:
        UsageError: if one of the vectors is another.
    """
    step = max(1, len(taken) // _SAMPLE)
    sample = [taken[h][0] for h in sorted(taken)[::step]][:_SAMPLE]
    own: dict[str, Any] = {}
    if sample:
        found = look(sample, [measurement], settings.photos, project.cache / "check", progress)
        own = dict(found.rows[Embedding.name].select(Photo.content_hash, Embedding.vector).iter_rows())
    for content, vector in own.items():
        theirs = taken[content][1]
        likeness = float(np.dot(vector, theirs)) if len(vector) == len(theirs) else -1.0
        if likeness < _SAME:
            raise UsageError(
                f"The vector of {taken[content][0].path.name} is not that of the encoder in force: cosine {likeness:.3f}.",
                "Nothing was taken; set `model` and `weights` under [encoder] to those that made the files.",
            )
