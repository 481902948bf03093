"""Which tables no longer follow from what there is, and why.

Holds `stale_tables`.
Add here: another reason.
Keep out: making them fresh (a run does).
"""

from dagster_project.definitions import build_defs
from proofsheet.config import Configuration
from proofsheet.workspace import Project
from schemas.storage import StoredTable
from schemas.table import Table


def stale_tables(settings: Configuration, project: Project) -> dict[str, str]:
    """Table name to reason, in the order of the graph; empty if all is fresh.

    Args:
        settings: in force now.
        project: whose tables are asked about.
    """
    books = project.store.tables()
    if not books:
        return {}
    defs = build_defs(settings)
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    found: dict[str, str] = {}
    for key in defs.resolve_asset_graph().toposorted_asset_keys:
        name = key.to_user_string()
        if name not in Table.tables:
            continue
        upstream = [dep.asset_key.to_user_string() for dep in specs[name].deps]
        reason = _reason(str(specs[name].code_version), books.get(name), {n: books.get(n) for n in upstream}, found)
        if reason:
            found[name] = reason
    return found


def _reason(
    version: str, book: dict[str, object] | None, upstream: dict[str, dict[str, object] | None], stale: dict[str, str]
) -> str | None:
    if book is None:
        return "never made"
    code, settings = version.rsplit("-", 1)
    if book[StoredTable.code_version] != code:
        return "its code changed"
    if book[StoredTable.settings_version] != settings:
        return "its settings changed"
    sums = ", ".join(f"{n}={row[StoredTable.checksum] if row else ''}" for n, row in upstream.items())
    if sorted(sums.split(", ")) != sorted(str(book[StoredTable.upstream]).split(", ")):
        return "what it is made of changed"
    follows = [n for n in upstream if n in stale]
    return f"follows {', '.join(sorted(follows))}" if follows else None
