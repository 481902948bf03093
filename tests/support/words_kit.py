"""A project that is described by the tests' model server.

Holds builders for tests about words.
Add here: a builder named for what it gives.
Keep out: assertions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from proofsheet.core.config import Configuration
from proofsheet.core.progress import Quiet
from proofsheet.storage.workspace import Project
from proofsheet.texts.describer import Describer
from proofsheet.texts.inference import ask_all
from proofsheet.texts.job_results import JobRows
from proofsheet.texts.jobs import Job, JobRequest
from schemas.proof import MetadataQuality
from schemas.settings.vision_model import VisionModelSettings
from schemas.words import Answered
from tests.support.kit import NOW, configuration, jpeg_bytes, only_project, save_picture
from tests.support.model_server import ModelServer

FOLDER = "Secretname"
FAST: dict[str, Any] = {"backend": "ollama", "idle_s": 0.4, "hard_s": 1.0, "backoff_s": 0.5, "outage_s": 5.0}
PATIENT: dict[str, Any] = {
    "idle_s": 10.0,
    "hard_s": 20.0,
}  # where no limit is tested, a busy machine breaks none


def described_project(
    place: Path, server: ModelServer, pictures: int, **model: Any
) -> tuple[Configuration, Project]:
    """A project of unlike pictures, all of which get texts."""
    for seed in range(pictures):
        save_picture(place / "library" / "one" / FOLDER / f"p{seed:03}.jpg", seed)
    settings = {**FAST, "ollama_url": server.url, **model}
    found = configuration(place / "library", place / "home", model=settings, captions={"all_images": True})
    return found, only_project(found)


def describing(project: Project, server: ModelServer, **more: Any) -> Describer:
    """The describer of a test, without a canary."""
    return Describer.of(
        VisionModelSettings(**{**FAST, "ollama_url": server.url, "canary": False, **more}), project
    )


def bare_project(place: Path) -> Project:
    """A project without pictures."""
    return Project("p", "Display", place / "library", place / "home")


def asked(project: Project, count: int, **values: str) -> list[JobRequest]:
    """Questions about unlike pictures, whose previews are written into the cache."""
    project.cache.mkdir(parents=True, exist_ok=True)
    found = []
    for n in range(count):
        (project.cache / f"{n}.jpg").write_bytes(jpeg_bytes(n))
        found.append(
            JobRequest(
                f"photo{n}",
                f"hash{n}",
                (f"{n}.jpg",),
                values,
                {},
                phash=(0x9E3779B97F4A7C15 * (n + 1)) % 2**64,
            )
        )
    return found


def say(job: Job, questions: list[JobRequest], who: Describer, project: Project) -> JobRows:
    """The rows of a job."""
    return ask_all(job, questions, who, project, NOW, Quiet())


def statuses(rows: pl.DataFrame) -> dict[str, int]:
    """Rows by status."""
    return dict(rows[Answered.status].value_counts().iter_rows())


def current(project: Project) -> pl.DataFrame:
    """The current attempts."""
    return project.store.read(MetadataQuality).filter(pl.col(MetadataQuality.is_current))


def metadata_of(result: dg.ExecuteInProcessResult, table: str) -> dict[str, Any]:
    """What a run told of a table."""
    for event in result.get_asset_materialization_events():
        if event.asset_key and event.asset_key.to_user_string() == table:
            return {
                n: getattr(v, "value", v)
                for n, v in event.step_materialization_data.materialization.metadata.items()
            }
    raise KeyError(table)
