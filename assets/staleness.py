"""Which tables no longer follow from what there is, and why.

Holds `StageVersion` and `stale_tables`.
Add here: another reason.
Keep out: making them fresh (a run does).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

import dagster as dg

from proofsheet.workspace import Project
from schemas.storage import StoredTable
from schemas.table import Table


@dataclass(frozen=True)
class StageVersion:
    """Code and settings of a table's stage as they are now, and the tables that it reads."""

    code: str
    settings: str
    upstream: tuple[str, ...]


def stage_versions(specs: Iterable[dg.AssetSpec]) -> dict[str, StageVersion]:
    """The versions of every table, upstream first.

    Args:
        specs: of all assets, with code versions of the form `<code>-<settings>`.
    """
    found: dict[str, StageVersion] = {}
    for spec in specs:
        if (name := spec.key.to_user_string()) in Table.tables:
            code, _, settings = str(spec.code_version).rpartition("-")
            found[name] = StageVersion(code, settings, tuple(sorted(d.asset_key.to_user_string() for d in spec.deps)))
    order = TopologicalSorter({name: version.upstream for name, version in found.items()}).static_order()
    return {name: found[name] for name in order}


def stale_tables(versions: Mapping[str, StageVersion], project: Project) -> dict[str, str]:
    """Table name to reason, upstream first; empty if all is fresh or nothing was ever made.

    Args:
        versions: what `stage_versions` gives.
        project: whose tables are asked about.
    """
    books = project.store.tables()
    found: dict[str, str] = {}
    for name, version in versions.items() if books else ():
        if reason := _reason(version, books.get(name), {n: books.get(n) for n in version.upstream}, found):
            found[name] = reason
    return found


def _reason(
    version: StageVersion,
    book: Mapping[str, object] | None,
    upstream: Mapping[str, Mapping[str, object] | None],
    stale: Mapping[str, str],
) -> str | None:
    if book is None:
        return "never made"
    if book[StoredTable.code_version] != version.code:
        return "its code changed"
    if book[StoredTable.settings_version] != version.settings:
        return "its settings changed"
    sums = {f"{n}={row[StoredTable.checksum] if row else ''}" for n, row in upstream.items()}
    if sums != {part for part in str(book[StoredTable.upstream]).split(", ") if part}:
        return "what it is made of changed"
    follows = [n for n in upstream if n in stale]
    return f"follows {', '.join(follows)}" if follows else None
