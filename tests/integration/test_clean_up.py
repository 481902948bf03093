"""The job that cleans up, over caches of models that look at previews."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from dagster_project.definitions import build_defs
from proofsheet.labeling.content_score import content_model
from proofsheet.labeling.ocr import ocr_model
from schemas.settings.labels import FlagSettings, OcrSettings
from tests.support.kit import configuration, only_project, save_picture

LONG_AGO = 1_000_000_000.0


def test_answers_of_current_models_stay_and_those_of_former_ones_go(tmp_path: Path) -> None:
    save_picture(tmp_path / "library" / "one" / "a.png")
    reads, flags = OcrSettings(read="picks"), FlagSettings(model="open_nsfw")
    settings = configuration(tmp_path / "library", tmp_path / "home", ocr=reads, flags=flags)
    cache = only_project(settings).cache
    current = [cache / model.folder / "0.parquet" for model in (ocr_model(reads), content_model(flags))]
    former = [cache / "look-ocr_texts-0123456789ab" / "0.parquet", cache / "look-objects-0" / "0.parquet"]
    for file in (*current, *former):
        file.parent.mkdir(parents=True)
        file.touch()
        os.utime(file, (LONG_AGO, LONG_AGO))
    job = build_defs(settings).resolve_job_def("clean_up")
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance).success
    assert [file.is_file() for file in (*current, *former)] == [True, True, False, False]
