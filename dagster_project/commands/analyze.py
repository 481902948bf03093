"""`proofsheet analyze`: measurements of the pictures in a folder, as JSON, without a library or a project.

Holds the command.
Add here: a part of the results.
Keep out: measuring (proofsheet/).
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click
import polars as pl

from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import out, print_json
from proofsheet.core.config import Configuration, find, load
from proofsheet.core.errors import UsageError
from proofsheet.core.files import Refused, write_atomic
from proofsheet.grouping.duplicates import find_duplicates
from proofsheet.grouping.grouping_input import seen_photos
from proofsheet.imaging.measurement_pass import MeasurementResult
from proofsheet.labeling.detectors import choose_detector
from proofsheet.library.file_hashes import Scan, ScannedFile
from proofsheet.library.inventory import quality_score, quality_verdict
from proofsheet.library.scan import scan
from proofsheet.storage.workspace import Project
from resources.labels import FaceFindingResource, LabellingResource
from resources.measurements import (
    FILE_MEASUREMENTS,
    EncodingResource,
    MeasurementsResource,
    PreviewingResource,
)
from resources.photos import PhotoFilesResource
from schemas.groups import Duplicate
from schemas.library import IN_PLACE, ExifFact, GenerationFact, Photo
from schemas.settings.library import PlaceSettings
from schemas.table import OfTable, Rows
from schemas.vectors import Embedding, LayoutVector
from schemas.vision import ImageQuality, PictureHash

_KEY = "folder"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the results (default: stdout).",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="Measure only the first N pictures by path, as a quick test.",
)
def analyze(folder: Path, output: Path | None, limit: int | None) -> None:
    """Measure every picture in FOLDER and write the results as JSON. Nothing else is written.

    The JSON has folder, summary {files, pictures, refused, seconds, pictures_per_s, formats, quality,
    encoder, not_available}, pictures [{path, format, width_px, height_px, camera, generated, quality,
    quality_score, quality_verdict, phash}], duplicates [{kind, paths}] and refused [{path, kind, reason,
    next_step}].
    """
    if output is not None and output.suffix != ".json":
        raise UsageError(
            f"{output} is not a .json file.",
            "Give the file a name that ends with .json; this protects pictures from being overwritten.",
        )
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="proofsheet-analyze-") as home:
        settings = (
            load() if find(Path.cwd()) else Configuration(place=PlaceSettings(library=str(folder), home=home))
        )
        project = Project(_KEY, folder.name, folder, Path(home))
        scanned = _scanned(project, limit)
        photo_files, measurements = _resources(settings)
        with progress_bars() as bars:
            measuring = measurements.of(project)
            formats, refused, looked = photo_files.open(
                project, [p.file for p in scanned.pictures], measuring, BarListener(bars, folder.name)
            )
        results = _results(folder, project, scanned, formats, {**refused}, looked, settings)
    seconds = time.monotonic() - began
    results["summary"] |= {
        "seconds": round(seconds, 3),
        "pictures_per_s": round(len(scanned.pictures) / seconds, 2),
    }
    if output is None:
        print_json(results)
        return
    write_atomic(
        output, (json.dumps(results, indent=2, ensure_ascii=False, default=str) + "\n").encode("utf-8")
    )
    told = results["summary"]
    out().print(f"{told['pictures']} pictures, {told['refused']} refused, {seconds:.1f} s: {output}")


def _scanned(project: Project, limit: int | None) -> Scan:
    with progress_bars() as bars:
        scanned = scan(project.folder, project.cache, BarListener(bars, project.name))
    scanned.pictures.sort(key=lambda p: p.path)
    scanned.pictures = scanned.pictures[:limit]
    return scanned


def _resources(settings: Configuration) -> tuple[PhotoFilesResource, MeasurementsResource]:
    """All measurements, without previews."""
    encoding = EncodingResource(**settings.encoder.model_dump())
    labelling = LabellingResource(**settings.labels.model_dump())
    face_finding = FaceFindingResource(**settings.faces.model_dump())
    measurements = MeasurementsResource(
        encoding=encoding,
        labelling=labelling,
        face_finding=face_finding,
        previewing=PreviewingResource(),
        preview_px=0,
    )
    return PhotoFilesResource(**{**settings.photos.model_dump(), "preview_px": 0}), measurements


def _results(
    folder: Path,
    project: Project,
    scanned: Scan,
    formats: Mapping[str, str],
    unopened: Mapping[str, Refused],
    looked: MeasurementResult,
    settings: Configuration,
) -> dict[str, Any]:
    refused, _hashes = scanned.refusals(unopened)
    measured = {table: _by_content(looked.rows[table.name]) for table in FILE_MEASUREMENTS}
    opened = [p for p in scanned.pictures if p.file.content_hash in formats]
    pictures = [
        _picture(p, formats, {t.name: rows[p.file.content_hash] for t, rows in measured.items()})
        for p in opened
    ]
    encoded = [rows for rows in looked.rows.values() if Embedding.encoder_id in rows.columns]
    encoders = sorted({name for rows in encoded for name in rows[Embedding.encoder_id]})
    missing = ["scenes and objects: run a project to get them"]
    detector = choose_detector(settings.objects, settings.encoder.device)
    missing += [] if detector.ready else [f"objects: {detector.note}"]
    summary = {
        "files": scanned.files,
        "pictures": len(pictures),
        "refused": len(refused),
        "formats": dict(Counter(p["format"] for p in pictures)),
        "quality": dict(Counter(p["quality_verdict"] for p in pictures)),
        "encoder": encoders,
        "not_available": missing,
    }
    told = [
        {"path": path, "kind": r.kind, "reason": r.reason, "next_step": r.next_step}
        for path, r in sorted(refused.items())
    ]
    duplicates = _duplicates(project, opened, looked, settings)
    return {
        "folder": str(folder),
        "summary": summary,
        "pictures": pictures,
        "duplicates": duplicates,
        "refused": told,
    }


def _by_content(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row.pop(Photo.content_hash): row for row in rows.to_dicts()}


def _picture(
    found: ScannedFile, formats: Mapping[str, str], measured: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    quality, generated = measured[ImageQuality.name], measured[GenerationFact.name]
    score = quality_score(quality)
    return {
        "path": found.path,
        "format": formats[found.file.content_hash],
        "content_hash": found.file.content_hash,
        "width_px": quality[ImageQuality.width_px],
        "height_px": quality[ImageQuality.height_px],
        "camera": {k: v for k, v in measured[ExifFact.name].items() if v is not None},
        "generated": generated
        if generated[GenerationFact.generated] or generated[GenerationFact.unread]
        else None,
        "quality": {k: v for k, v in quality.items() if k not in {ImageQuality.sharpness_tiles}},
        "quality_score": round(score, 4),
        "quality_verdict": quality_verdict(score),
        "phash": f"{measured[PictureHash.name][PictureHash.phash]:016x}",
    }


def _duplicates(
    project: Project, opened: list[ScannedFile], looked: MeasurementResult, settings: Configuration
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            **dict.fromkeys((Photo.series, Photo.stage, Photo.stage_label)),
            Photo.project: _KEY,
            Photo.photo_id: p.path,
            Photo.path: p.path,
            Photo.folder: str(Path(p.path).parent),
            Photo.file_name: Path(p.path).name,
            Photo.format: "",
            Photo.size_bytes: p.file.fingerprint.size,
            Photo.modified_at: None,
            Photo.content_hash: p.file.content_hash,
            Photo.state: IN_PLACE,
            Photo.companions: [],
        }
        for p in opened
    ]
    photos = Photo.frame(rows)
    ids = photos.select(Photo.project, Photo.photo_id, Photo.content_hash)

    def measured(table: type[OfTable]) -> Rows[OfTable]:
        found = ids.join(looked.rows[table.name], on=Photo.content_hash).drop(Photo.content_hash)
        return cast("Rows[OfTable]", found)

    seen = seen_photos(
        photos,
        measured(ExifFact),
        measured(ImageQuality),
        measured(PictureHash),
        measured(LayoutVector),
        measured(GenerationFact),
    )
    found = find_duplicates(project.key, seen, settings.duplicates)
    parts = found.partition_by(Duplicate.cluster_id, maintain_order=True)
    return [{"kind": part[Duplicate.kind][0], "paths": part[Duplicate.photo_id].to_list()} for part in parts]
