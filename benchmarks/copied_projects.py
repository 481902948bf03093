"""Many small projects after their run, copied from one: its folder, facts and tables under other names.

Holds `copies`.
Add here: another part of a project in the home.
Keep out: measuring.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping

import polars as pl

from dagster_project.planning import current_freshness
from proofsheet.core.clock import utc_now
from proofsheet.core.config import Configuration
from proofsheet.core.files import short_hash
from proofsheet.storage.ledger_tables import FACTS
from proofsheet.storage.project_keys import note_folder
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project, Workspace
from schemas.library import ProjectFolder
from schemas.storage import StoredTable
from schemas.table import Table


def copies(settings: Configuration, original: Project, count: int) -> Iterator[Project]:
    """Make projects in the state after a run of each.

    Args:
        settings: those of the run of the original.
        original: a project that is fresh.
        count: how many.
    """
    workspace = Workspace(settings.place)
    for number in range(count):
        name = f"{original.name} copy {number:02d}"
        shutil.copytree(original.folder, workspace.library / name)  # with the times of its files
        project = workspace.project(name)
        for old, new in (
            (original.cache, project.cache),
            (original.export_file.parent, project.export_file.parent),
        ):
            shutil.copytree(old, new)
        for table in (t for t in FACTS if t is not ProjectFolder):
            project.ledger.add(table, original.ledger.rows(table).to_dicts())
        note_folder(project.ledger, project.name, "run", utc_now())
        _copy_tables(settings, original, project)
        yield project


def _copy_tables(settings: Configuration, original: Project, project: Project) -> None:
    """Publish each table, upstream first: what it was made of is named by the sums of the copies."""
    books = original.store.tables()
    sums = {n: str(row[StoredTable.checksum]) for n, row in original.shared.store.tables().items()}
    for name in current_freshness(settings).versions:
        if (book := books.get(name)) is None:
            continue
        table = Table.tables[name]
        rows = original.store.read(table).with_columns(pl.lit(project.key).alias(Table.project))
        project.store.publish({table: rows}, _stamp(book, sums | _facts(project)))
        sums[name] = str(project.store.tables()[name][StoredTable.checksum])


def _facts(project: Project) -> dict[str, str]:
    return {name: str(number) for name, number in project.ledger.versions().items()}


def _stamp(book: Mapping[str, object], sums: Mapping[str, str]) -> Stamp:
    code, settings = str(book[StoredTable.code_version]), str(book[StoredTable.settings_version])
    made_of = [part.split("=", 1) for part in str(book[StoredTable.upstream]).split(", ") if part]
    upstream = ", ".join(f"{n}={sums.get(n, old)}" for n, old in made_of)
    return Stamp(
        short_hash(code, settings, upstream), code, settings, upstream, str(book[StoredTable.run_id])
    )
