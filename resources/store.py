"""The store, the ledger and the places of a project.

Holds `StoreResource`.
Add here: nothing but access.
Keep out: reading and writing (proofsheet/store.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from proofsheet.locks import hold
from proofsheet.workspace import Project, Workspace
from schemas.settings import PlaceSettings

PARTITION_TAG = "dagster/partition"


class StoreResource(PlaceSettings, dg.ConfigurableResource["StoreResource"]):
    """Where pictures are and results go; held for one run a project at a time."""

    def workspace(self) -> Workspace:
        """The library and its home."""
        return Workspace(self)

    def project(self, key: str) -> Project:
        """The project of a partition key."""
        return self.workspace().project(key)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["StoreResource"]:
        """Hold the project's run lock as long as the run lasts; say whom we wait for."""
        key = context.run.tags.get(PARTITION_TAG) if context.run else None
        if key is None or context.run is None:
            yield self
            return
        log = context.log
        with hold(
            self.project(key).run_lock,
            f"run {context.run.run_id}",
            on_news=lambda news: log.info(news) if log else None,
        ):
            yield self
