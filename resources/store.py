"""The store, the ledger and the places of a project.

Holds `StoreResource`.
Add here: what is true of a run from its first to its last step.
Keep out: reading and writing (proofsheet/storage/store.py).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import PrivateAttr

from proofsheet.core.clock import utc_now
from proofsheet.core.errors import StoreError
from proofsheet.core.files import set_aside
from proofsheet.core.locks import acquire
from proofsheet.core.process_marks import process_mark
from proofsheet.core.run_log import RunLog
from proofsheet.models.registry import mend_shared
from proofsheet.storage.project_keys import note_folder
from proofsheet.storage.workspace import Project, Workspace
from schemas.settings.library import PlaceSettings

PARTITION_TAG = "dagster/partition"
PROCESS_TAG = ".dagster/proofsheet_process"  # Dagster shows no tag of this beginning in the list of runs


class StoreResource(PlaceSettings, dg.ConfigurableResource["StoreResource"]):
    """Where pictures are and results go; held for one run a project at a time."""

    _run_log: RunLog | None = PrivateAttr(default=None)
    _damage: StoreError | None = PrivateAttr(default=None)

    def workspace(self) -> Workspace:
        """The library and its home."""
        return Workspace(self)

    def project(self, key: str) -> Project:
        """The project of a partition key.

        Raises:
            StoreError: if its ledger is damaged or its store has a later version; then the run does nothing.
        """
        if self._damage is not None:
            raise self._damage
        return self.workspace().project(key)

    @property
    def run_log(self) -> RunLog:
        """The log of the run that holds the project.

        Raises:
            RuntimeError: outside of a run of one project.
        """
        if self._run_log is None:
            raise RuntimeError("there is a log only inside a run of one project")
        return self._run_log

    def _make_whole(self, project: Project, tell: Callable[[str], None]) -> None:
        """Set aside what can be made again, and look through the ledger, which cannot."""
        try:
            project.store.generations.repair(tell)
            if project.cache.exists() and not project.cache.is_dir():
                aside = set_aside(project.cache).name
                tell(f"a file was in the place of the cache and was renamed {aside}")
            mend_shared(project.shared, tell)
            project.ledger.check()
            note_folder(project.ledger, project.name, "run", utc_now())
        except StoreError as error:
            self._damage = error

    def _end(self, project: Project) -> None:
        """Make the database for people where tables changed, and remove what no generation names."""
        if self._damage is not None:
            return
        try:
            project.store.show()
            project.store.tidy()
        except (StoreError, OSError) as error:
            self.run_log.error(type(error).__name__, str(error))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["StoreResource"]:
        """Note the process, lock the project and repair its store before a run, show the store after it."""
        run = context.run
        if run is not None and context.instance is not None:
            context.instance.add_run_tags(run.run_id, {PROCESS_TAG: process_mark()})
        key = run.tags.get(PARTITION_TAG) if run else None
        if key is None or run is None:
            yield self
            return
        project = self.project(key)
        self._run_log = RunLog(project.logs, run.run_id)
        log = context.log

        def tell(news: str) -> None:
            self.run_log.note(news)
            if log is not None:
                log.info(news)

        try:
            with acquire(project.run_lock, f"run {run.run_id} of {project.name}", on_news=tell):
                self._make_whole(project, tell)
                try:
                    yield self
                finally:
                    self._end(project)
        finally:
            self.run_log.close()
