"""Facts in Dagster: an observation, with data version and number of rows, for each kind of fact that changed.

Holds `kind_versions`, `news`, `observe` and `read_as_they_are`.
Add here: what else the UI should show of facts.
Keep out: the kinds themselves (facts.py), and what a run decides by (freshness.py reads the ledger alone).
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from assets.facts import KINDS, kinds_of
from proofsheet.storage.workspace import Project
from schemas.table import Table

VERSION_TAG = "dagster/data_version"
_INPUT_VERSION, _INPUT_EVENT = (
    "dagster/input_data_version",
    "dagster/input_event_pointer",
)  # of a materialization, by asset


def kind_versions(project: Project) -> dict[str, int]:
    """Kind of fact to the number of changes of its tables.

    A kind without facts is observed with version 0: for Dagster, a first observation changes nothing.
    """
    changes = project.ledger.versions()
    return {name: sum(changes.get(table.name, 0) for table in kind.tables) for name, kind in KINDS.items()}


def news(instance: dg.DagsterInstance, project: Project) -> list[dg.AssetObservation]:
    """An observation of every kind with another version than the one observed last; mostly empty."""
    seen = {
        name: (_last(instance, name, project.key)[1], str(version))
        for name, version in kind_versions(project).items()
    }
    return [_observation(project, name, now) for name, (before, now) in seen.items() if before != now]


def observe(instance: dg.DagsterInstance, project: Project) -> None:
    """Note in the instance what moved."""
    for one in news(instance, project):
        instance.report_runless_asset_event(one)


def read_as_they_are(
    instance: dg.DagsterInstance, project: Project, written: Iterable[type[Table]]
) -> Mapping[str, str]:
    """Tags after a step that added to facts that it reads: it has read the present facts.

    Without them Dagster compares with the facts before the step, and the asset is stale for ever.

    Args:
        instance: where `observe` noted what the step wrote.
        project: the project of the facts.
        written: tables that the step read, and added to.
    """
    found = {name: _last(instance, name, project.key) for name in kinds_of(written)}
    pointers = {f"{_INPUT_EVENT}/{name}": str(event) for name, (event, _) in found.items() if event}
    return pointers | {f"{_INPUT_VERSION}/{name}": version for name, (_, version) in found.items() if version}


def _last(instance: dg.DagsterInstance, kind: str, partition: str) -> tuple[int | None, str | None]:
    """Id of the newest observation of a kind, and its version."""
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(kind), asset_partitions=[partition])
    for record in instance.fetch_observations(wanted, limit=1).records:
        observation = record.asset_observation
        return record.storage_id, observation.tags.get(VERSION_TAG) if observation else None
    return None, None


def _observation(project: Project, kind: str, version: str) -> dg.AssetObservation:
    rows = {table.name: project.ledger.count(table) for table in KINDS[kind].tables}
    return dg.AssetObservation(
        asset_key=kind,
        partition=project.key,
        metadata={"dagster/row_count": sum(rows.values()), **rows},
        tags={VERSION_TAG: version},
    )
