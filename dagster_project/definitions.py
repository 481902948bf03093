"""The whole project as Dagster sees it.

Holds `build_defs` and `present_versions`.
Add here: a resource; new stages are found by themselves.
Keep out: stages and jobs.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

import assets
from assets.facts import FACT_ASSETS
from assets.staleness import SETTINGS_TAG, Stages, StageVersion, stage_versions
from dagster_project.apply_job import apply_job
from dagster_project.automation import automation
from dagster_project.publish_job import publish_job
from proofsheet.core.config import Configuration, load
from resources.along import EncodingResource, MeasurementsResource, PreviewingResource
from resources.configured import configured
from resources.judging import CropResource, RankerResource, ReviewingResource
from resources.labels import DetectionResource, ScenesResource
from resources.photos import PhotoFilesResource
from resources.progress import ProgressResource
from resources.rules import (
    DuplicatesResource,
    GroupingResource,
    WantedMixResource,
)
from resources.store import StoreResource
from resources.words import CaptioningResource, GateResource, RatingRuleResource, VisionModelResource, VocabularyResource
from schemas.settings import settings_version


def build_defs(settings: Configuration, progress: object | None = None) -> dg.Definitions:
    """Definitions for these settings; the settings of a stage are part of its code version.

    Args:
        settings: everything that can be set.
        progress: stands in for `ProgressResource`, so that a terminal shows bars.
    """
    encoding = configured(EncodingResource, settings.encoder)
    previewing = configured(PreviewingResource, settings.previews)
    resources: dict[str, Any] = {
        "store": configured(StoreResource, settings.place),
        "photo_files": configured(PhotoFilesResource, settings.photos),
        "previewing": previewing,
        "encoding": encoding,
        "along": configured(MeasurementsResource, encoding=encoding, previewing=previewing, preview_px=settings.photos.preview_px),
        "grouping": configured(GroupingResource, settings.groups),
        "scene_rule": configured(ScenesResource, settings.scenes),
        "detection": configured(DetectionResource, settings.objects, device=settings.encoder.device),
        "duplicate_rule": configured(DuplicatesResource, settings.duplicates),
        "wanted_mix": configured(WantedMixResource, settings.inventory),
        "captioning": configured(CaptioningResource, settings.captions),
        "vision_model": configured(VisionModelResource, settings.model),
        "gate": configured(GateResource, settings.gate),
        "vocabulary": configured(VocabularyResource, settings.vocabulary),
        "ranking": configured(RankerResource, settings.ranker),
        "cropping": configured(CropResource, settings.crops),
        "reviewing": configured(ReviewingResource, settings.review),
        "rating_rule": configured(RatingRuleResource, settings.rating),
        "progress": progress or ProgressResource(),
    }

    def with_settings(spec: dg.AssetSpec) -> dg.AssetSpec:
        used = [resources[n] for n in str(spec.metadata.get(SETTINGS_TAG, "")).split(",") if n]
        return spec.replace_attributes(code_version=f"{spec.code_version}-{settings_version(used)}")

    found = [a for a in dg.load_assets_from_package_module(assets) if isinstance(a, dg.AssetsDefinition)]
    versioned = list(dg.map_asset_specs(with_settings, found))
    together = [[key.to_user_string() for key in a.keys] for a in versioned]
    versions = stage_versions((spec for a in versioned for spec in a.specs), resources)
    resources["stages"] = Stages(versions, together, bool(settings.model.force))
    by_itself = automation(settings.watch, settings.ranker)
    return dg.Definitions(
        assets=[*versioned, *FACT_ASSETS],
        jobs=[*by_itself.jobs, apply_job(lambda: settings), publish_job(lambda: settings)],
        sensors=by_itself.sensors,
        schedules=by_itself.schedules,
        resources=resources,
        executor=dg.in_process_executor,
    )


def present_versions(settings: Configuration) -> Mapping[str, StageVersion]:
    """What every table would be made from with these settings."""
    stages: Stages = (build_defs(settings).resources or {})["stages"]
    return stages.versions


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads: the settings of the current folder and environment."""
    return build_defs(load())
