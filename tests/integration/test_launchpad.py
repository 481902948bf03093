"""An override in the Launchpad changes that field alone; all others stay as in proofsheet.toml."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from dagster_project.definitions import build_defs
from proofsheet.core.config import Configuration, load
from schemas.words import Caption
from tests.support.kit import only_project, stage_library

TOML = """
[place]
library = "library"
home = "home"
[photos]
workers = 1
analysis_side_px = 512
[previews]
quality = 50
[encoder]
encoder = "embedded"
batch = 5
[objects]
min_score = 0.9
[groups]
window = 7
max_size = 3
[inventory]
formats = { JPEG = 1.0 }
[captions]
all_images = true
[model]
models = ["one", "two"]
off = ["rating"]
[gate]
max_title = 60
[ranker]
epochs = 3
overrule_at_of = { harbour = 0.5 }
[review]
batch = 90
"""
OVERRIDES: dict[str, dict[str, Any]] = {
    "store": {"home": "elsewhere"},
    "photos": {"batch": 9},
    "previews": {"thumb_px": 128},
    "encoder": {"batch": 7},
    "measurements": {"preview_px": 800},
    "objects": {"most": 3},
    "groups": {"window": 4},
    "inventory": {"sources": {"camera": 1.0}},
    "captions": {"least_tags": 2},
    "model": {"side_px": 500},
    "gate": {"max_caption": 300},
    "ranker": {"least_sets": 20},
    "review": {"auto_advance": False},
}
QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    folder = tmp_path_factory.mktemp("launchpad")
    (folder / "proofsheet.toml").write_text(TOML)
    stage_library(folder / "library", "one", 1)
    return load(folder, environment={})


def fields(resource: Any) -> dict[str, Any]:
    return {name: getattr(resource, name) for name in type(resource).model_fields}


@pytest.fixture(scope="module")
def seen(settings: Configuration) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """The fields of every resource as a run sees them: with nothing overridden, and with `OVERRIDES`."""
    given = {n: r for n, r in (build_defs(settings).resources or {}).items() if n in OVERRIDES}
    found: list[dict[str, dict[str, Any]]] = []

    @dg.op(required_resource_keys=set(given))
    def look(context) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - Dagster reads annotations as they stand
        found.append({name: fields(getattr(context.resources, name)) for name in given})

    @dg.job(resource_defs=given)
    def looking() -> None:
        look()

    for overrides in ({}, OVERRIDES):
        config = {name: {"config": values} for name, values in overrides.items()}
        assert looking.execute_in_process(run_config={"resources": config, "loggers": QUIET}).success
    return {name: (found[0][name], found[1][name]) for name in given}


@pytest.mark.parametrize("name", OVERRIDES)
def test_one_overridden_field_leaves_the_others_to_the_toml(
    name: str, seen: dict[str, tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    before, after = seen[name]
    same = set(before) - set(OVERRIDES[name]) - {"encoding", "previewing"}
    assert {n: after[n] for n in same} == {n: before[n] for n in same}
    assert {n: after[n] for n in OVERRIDES[name]} == OVERRIDES[name]


def test_the_launchpad_shows_the_values_of_the_toml(settings: Configuration) -> None:
    schema = build_defs(settings).resolve_job_def("project").run_config_schema.config_type
    groups = (
        schema.fields["resources"]
        .config_type.fields["groups"]
        .config_type.fields["config"]
        .config_type.fields
    )  # type: ignore[attr-defined]
    assert {n: groups[n].default_value for n in ("window", "max_size", "similarity")} == {
        "window": 7,
        "max_size": 3,
        "similarity": settings.groups.similarity,
    }


def test_a_run_of_the_job_with_one_field_overridden_keeps_the_toml(settings: Configuration) -> None:
    project = only_project(settings)
    definitions = build_defs(settings)
    selection = list(
        dg.AssetSelection.assets("captions").upstream().resolve(definitions.resolve_asset_graph())
    )
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("project", [project.key])
        done = definitions.resolve_job_def("project").execute_in_process(
            instance=instance,
            partition_key=project.key,
            run_config={"resources": {"captions": {"config": {"least_tags": 2}}}, "loggers": QUIET},
            asset_selection=selection,
        )
    assert done.success
    assert (
        project.store.read(Caption).height == 3
    )  # `all_images` stays; by default one picture of the set is described
