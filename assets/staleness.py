"""Which tables no longer follow from what there is, and why.

Holds `StageVersion` and `stale_tables`.
Add here: another reason.
Keep out: making them fresh (a run does).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg

from proofsheet.core.files import short_hash
from proofsheet.storage.workspace import Project
from schemas.settings import settings_version
from schemas.storage import StoredTable
from schemas.table import Table

SETTINGS_TAG = "proofsheet/settings"


@dataclass(frozen=True)
class StageVersion:
    """Code and resources of a table's stage as they are now, and the tables that it reads."""

    code: str
    resources: tuple[Any, ...]
    upstream: tuple[str, ...]


def settings_in_force(resources: Iterable[Any], project: Project, table: str) -> str:
    """Hash of these settings and of what they come to on this machine, such as the model that is there.

    Args:
        resources: with settings; one may tell by `in_force(project, table)` what its settings come to.
        project: whose rows are meant.
        table: that is made with them.
    """
    found = list(resources)
    present = [r.in_force(project, table) for r in found if hasattr(r, "in_force")]
    return short_hash(settings_version(found), *present, length=12) if present else settings_version(found)


def stage_versions(specs: Iterable[dg.AssetSpec], resources: Mapping[str, Any]) -> dict[str, StageVersion]:
    """The versions of every table, upstream first.

    Args:
        specs: of all assets, with code versions of the form `<code>-<settings>` and the names of their resources.
        resources: by name.
    """
    found: dict[str, StageVersion] = {}
    for spec in specs:
        if (name := spec.key.to_user_string()) in Table.tables:
            code = str(spec.code_version).rpartition("-")[0]
            used = tuple(resources[n] for n in str(spec.metadata.get(SETTINGS_TAG, "")).split(",") if n)
            found[name] = StageVersion(code, used, tuple(sorted(d.asset_key.to_user_string() for d in spec.deps)))
    order = TopologicalSorter({name: version.upstream for name, version in found.items()}).static_order()
    return {name: found[name] for name in order}


def stale_tables(versions: Mapping[str, StageVersion], project: Project) -> dict[str, str]:
    """Table name to reason, upstream first; empty if all is fresh or nothing was ever made.

    Args:
        versions: what `stage_versions` gives.
        project: whose tables are asked about.
    """
    books = project.store.tables()
    books |= {n: row for n, row in project.shared.store.tables().items() if Table.tables[n].shared} if books else {}
    found: dict[str, str] = {}
    for name, version in versions.items() if books else ():
        if Table.tables[name].shared:
            continue  # training makes them, and no run of a project
        if reason := _reason(name, version, project, books.get(name), {n: books.get(n) for n in version.upstream}, found):
            found[name] = reason
    return found


def _reason(
    name: str,
    version: StageVersion,
    project: Project,
    book: Mapping[str, object] | None,
    upstream: Mapping[str, Mapping[str, object] | None],
    stale: Mapping[str, str],
) -> str | None:
    if book is None:
        return "never made"
    if book[StoredTable.code_version] != version.code:
        return "its code changed"
    if book[StoredTable.settings_version] != settings_in_force(version.resources, project, name):
        by_model = any(hasattr(r, "in_force") for r in version.resources)
        return "its settings or its model changed" if by_model else "its settings changed"
    sums = {f"{n}={row[StoredTable.checksum] if row else ''}" for n, row in upstream.items()}
    if sums != {part for part in str(book[StoredTable.upstream]).split(", ") if part}:
        return "what it is made of changed"
    follows = [n for n in upstream if n in stale]
    return f"follows {', '.join(follows)}" if follows else None
