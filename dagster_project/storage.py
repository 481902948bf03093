"""Dagster's own storage in SQLite, with connections that stay open.

Holds `KeptOpenStorage`, which the instance of a home names.
Add here: only speed; files and tables are those of Dagster.
Keep out: what is stored.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, SqliteStorageConfig
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

SHARDS_OPEN = 2


def _engine(address: str) -> Engine:
    """A pool of connections. A power failure may lose the newest log lines of Dagster, never its files."""
    engine = create_engine(address, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}, max_overflow=-1)
    event.listen(
        engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=NORMAL")
    )
    return engine


class KeptOpenRuns(SqliteRunStorage):
    """The stock storage of runs; the base class opens a connection for each statement."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(conn_string, inst_data)
        self._engine = _engine(conn_string)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction on an open connection."""
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close the open connections."""
        self._engine.dispose()
        super().dispose()


class KeptOpenEvents(SqliteEventLogStorage):
    """The stock event log: a file per run and an index.

    The newest `SHARDS_OPEN` runs and the index stay open.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table: Dagster asks for each event, and never removes one."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._kept(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _kept(self, shard: str) -> Engine:
        """The engine of a shard; a removed file is created again, as in the stock log."""
        if shard in self._engines and not Path(self.path_for_shard(shard)).exists():
            self._engines.pop(shard).dispose()
            self._initialized_dbs.discard(shard)
            self._tables.clear()
        if shard not in self._engines:
            self._engines[shard] = _engine(self.conn_string_for_shard(shard))
        self._engines.move_to_end(shard)
        runs = [s for s in self._engines if s != INDEX_SHARD_NAME]
        for old in runs[:-SHARDS_OPEN]:
            self._engines.pop(old).dispose()
        return self._engines[shard]

    def dispose(self) -> None:
        """Close the open connections."""
        super().dispose()
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


class KeptOpenStorage(DagsterSqliteStorage):
    """Files and tables of `DagsterSqliteStorage`, at about half of the time per run (decision 014)."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._run_storage = KeptOpenRuns.from_local(str(Path(base_dir) / "history"))
        self._event_log_storage = KeptOpenEvents(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(  # type: ignore[override]  # as in the base class
        cls, inst_data: ConfigurableClassData, config_value: SqliteStorageConfig
    ) -> "KeptOpenStorage":
        """Named by `storage: custom:` of a dagster.yaml."""
        return cls.from_local(inst_data=inst_data, **config_value)
