"""Builders for tests: pictures, libraries and runs.

Holds what several test modules need.
Add here: a builder named for what it gives.
Keep out: assertions.
"""

from __future__ import annotations

import ctypes
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
from click.testing import CliRunner, Result
from PIL import Image

from dagster_project.cli import main
from dagster_project.definitions import build_defs
from proofsheet.core.config import Configuration
from proofsheet.core.files import Fingerprint
from proofsheet.core.progress import Quiet
from proofsheet.imaging.decode import DecodeLimits, Picture, PictureFile, open_picture
from proofsheet.library.file_hashes import Scan
from proofsheet.library.file_locations import placed_files
from proofsheet.library.identification import IdentifiedFiles, gone_rows, identify, question_rows
from proofsheet.library.scan import photo_rows, scan
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.texts.set_intake import intake
from schemas.identity import GonePhoto, IdentityQuestion
from schemas.library import Photo
from schemas.settings.encoder import EncoderSettings
from schemas.settings.faces import FaceSettings
from schemas.settings.labels import LabelSettings
from schemas.settings.library import PlaceSettings
from schemas.settings.photos import PhotoSettings

NOW = datetime(2026, 1, 2, 3, 4, 5)
SHARED = Path(__file__).parents[3] / "shared" / "data"


def pixels(seed: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A picture of soft blobs, different for each seed, equal for equal seeds."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def save_picture(path: Path, seed: int = 0, size: tuple[int, int] = (96, 64), **options: Any) -> Path:
    """Write such a picture; the extension gives the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(seed, *size)).save(path, **options)
    return path


def jpeg_bytes(seed: int = 0, size: tuple[int, int] = (96, 64), **options: Any) -> bytes:
    """The same as JPEG in memory."""
    buffer = io.BytesIO()
    Image.fromarray(pixels(seed, *size)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def picture_file(path: Path) -> PictureFile:
    """A file as the scan would hand it over."""
    return PictureFile(path, hashlib.sha256(path.read_bytes()).hexdigest(), Fingerprint.of(path.lstat()))


def opened(path: Path, side: int = 768) -> Picture:
    """A picture, opened with the default limits."""
    return open_picture(
        picture_file(path), DecodeLimits(PhotoSettings().max_pixels, PhotoSettings().max_full_pixels, side)
    )


MEMORY = "/dev/shm"
_CAPABILITIES, _READS_EVERYTHING = (
    0x20080522,
    0b110,
)  # version of the interface of Linux; CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH


@contextmanager
def place_in_memory() -> Iterator[Path]:
    """A folder for much writing and for odd times, in memory where there is some."""
    with tempfile.TemporaryDirectory(dir=MEMORY if Path(MEMORY).is_dir() else None) as made:
        yield Path(made)


@contextmanager
def where_rights_count() -> Iterator[None]:
    """Act as any owner of files does: root may read and enter everything, unless it lays that right down."""
    if os.geteuid() != 0:
        yield
        return
    libc, head, held = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(_CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
    libc.capget(head, held)
    before = held[0]
    held[0] = before & ~_READS_EVERYTHING
    libc.capset(head, held)
    try:
        yield
    finally:
        held[0] = before
        libc.capset(head, held)


def configuration(library: Path, home: Path, **sections: Any) -> Configuration:
    """Settings for these folders; no network looks at the pictures unless a test asks for one."""
    sections = {
        "encoder": EncoderSettings(encoder="embedded"),
        "labels": LabelSettings(model="none"),
        "faces": FaceSettings(model="none"),
        **sections,
    }
    return Configuration(place=PlaceSettings(library=str(library), home=str(home)), **sections)


def stage_library(library: Path, project: str, sets: int = 2, first_seed: int = 0) -> Path:
    """A project of stage series with companions: 3 pictures and 1 text file a set."""
    folder = library / project
    for number in range(sets):
        for stage, label in enumerate(("stage1_generated", "stage2_upscaled", "stage3_enhanced")):
            size = (64 + 32 * stage, 48 + 24 * stage)
            save_picture(folder / f"2025_{number:04d}_{label}.png", first_seed + number, size)
        (folder / f"2025_{number:04d}_stage1_generated.txt").write_text("seed", "utf-8")
    return folder


def run(
    settings: Configuration, project: Project, until: str = "", **options: Any
) -> dg.ExecuteInProcessResult:
    """One run of the project's job in a throw-away instance.

    All of it, or some tables (names with commas) and what they are made from.
    """
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("project", [project.key])
        definitions = build_defs(settings)
        if until:
            chosen = (
                dg.AssetSelection.assets(*until.split(","))
                .upstream()
                .resolve(definitions.resolve_asset_graph())
            )
            options["asset_selection"] = list(chosen)
        job = definitions.resolve_job_def("project")
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        return job.execute_in_process(
            instance=instance, partition_key=project.key, run_config=quiet, raise_on_error=False, **options
        )


def name_subject(project: Project, subject: str, *folders: str) -> None:
    """Say at intake what the folders of a project show (the project folder itself if none is named)."""
    rows = [{"folder": folder, "subject": subject} for folder in folders or ("",)]
    intake(project.ledger, [row["folder"] for row in rows], rows, NOW)


def only_project(settings: Configuration) -> Project:
    """The one project of the library."""
    (project,) = Workspace(settings.place).projects()
    return project


def tree(folder: Path) -> dict[str, str]:
    """Relative path to SHA-256 of every file."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not p.is_symlink()
    }


class Shell:
    """Types commands in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, list(words), prog_name="proofsheet")
        told = f"{words}: {result.exit_code}\n{result.stdout}\n{result.stderr}\n{result.exception!r}"
        assert result.exit_code == code, told
        assert "Traceback" not in result.stderr, told
        return result

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self(*words, "--json", code=code).stdout)


def rescan(project: Project, opened: dict[str, str] | None = None) -> IdentifiedFiles:
    """What the scan of a run leaves: the photos with their ids, those that are gone, and what is asked.

    Args:
        project: with its files on disk.
        opened: content hash to format; by default every picture is a PNG.
    """
    found, placed = scan(project.folder, project.cache, Quiet()), placed_files(project.ledger)
    formats = {p.file.content_hash: "PNG" for p in found.pictures} if opened is None else opened
    who = identify(project.ledger, project.store, found, formats.keys(), {}, placed, NOW)
    tables = {
        Photo: photo_rows(project.key, found, formats, who.ids, placed, who.former),
        IdentityQuestion: question_rows(project.key, who),
        GonePhoto: gone_rows(project.key, who),
    }
    project.store.publish(tables, Stamp())
    return who


def own_ids(found: Scan) -> dict[str, str]:
    """For every picture of a first scan its id, which is its path here."""
    return {p.path: p.path for p in found.pictures}
