"""The whole project as Dagster sees it.

Holds `build_defs` and `asset_declarations`.
Add here: a resource that is no section of the settings; new assets are found automatically.
Keep out: assets and jobs.
"""

from typing import Any

import dagster as dg

import assets
from assets.factory.freshness import SETTINGS_TAG, AssetDeclaration, Freshness
from assets.facts import FACT_ASSETS
from dagster_project.apply_job import apply_job
from dagster_project.automation import automation
from dagster_project.embed_job import embed_job
from dagster_project.publish_job import publish_job
from dagster_project.rename_job import organize_job, rename_job
from dagster_project.scrub_job import scrub_job
from proofsheet.core.config import Configuration, load
from resources.by_section import BY_SECTION
from resources.configured import configured
from resources.measurements import MeasurementsResource
from resources.progress import ProgressResource
from resources.resolved_settings import settings_by_section
from resources.store import StoreResource
from schemas.settings.base import settings_version

_CONFIRMED = (apply_job, rename_job, organize_job, embed_job, scrub_job, publish_job)


def build_defs(settings: Configuration, progress: object | None = None) -> dg.Definitions:
    """Definitions for these settings; the settings of an asset are part of its code version.

    Args:
        settings: everything that can be set.
        progress: replaces `ProgressResource`; a terminal uses it to show bars.
    """
    sections = settings_by_section(settings)
    resources: dict[str, Any] = {name: configured(kind, sections[name]) for name, kind in BY_SECTION.items()}
    inside = {
        "encoding": resources["encoder"],
        "labelling": resources["labels"],
        "face_finding": resources["faces"],
        "previewing": resources["previews"],
    }
    resources |= {
        "store": configured(StoreResource, settings.place),
        "measurements": configured(MeasurementsResource, **inside, preview_px=settings.photos.preview_px),
        "progress": progress or ProgressResource(),
    }

    def with_settings(spec: dg.AssetSpec) -> dg.AssetSpec:
        used = [resources[n] for n in str(spec.metadata.get(SETTINGS_TAG, "")).split(",") if n]
        return spec.replace_attributes(code_version=f"{spec.code_version}-{settings_version(used)}")

    found = _assets()
    versioned = list(dg.map_asset_specs(with_settings, found))
    resources["freshness"] = Freshness.of(
        AssetDeclaration.of(found), resources, forced=bool(settings.model.force)
    )
    by_itself = automation(settings.watch, settings.ranker)
    return dg.Definitions(
        assets=[*versioned, *FACT_ASSETS],
        jobs=[
            *by_itself.jobs,
            *(make(lambda: settings) for make in _CONFIRMED),
        ],
        sensors=by_itself.sensors,
        schedules=by_itself.schedules,
        resources=resources,
        executor=dg.in_process_executor,
    )


def _assets() -> list[dg.AssetsDefinition]:
    return [a for a in dg.load_assets_from_package_module(assets) if isinstance(a, dg.AssetsDefinition)]


def asset_declarations() -> list[AssetDeclaration]:
    """The asset of every table, as the source declares it."""
    return AssetDeclaration.of(_assets())


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads: the settings of the current folder and environment."""
    return build_defs(load())
