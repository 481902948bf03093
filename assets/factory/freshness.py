"""Which tables no longer follow from their inputs, and why.

Holds `AssetDeclaration`, `AssetVersion`, `stale_tables` and `Freshness`, which says what there is to run.
Add here: another reason.
Keep out: making them fresh (a run does), and imports of Dagster: freshness is known without it.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Self

from assets.factory.resolved_settings import ResolvedSettings
from assets.outside import OUTSIDE
from proofsheet.core.errors import ProofsheetError
from proofsheet.review.status import whole_before
from proofsheet.storage.read_ahead import read_ahead
from proofsheet.storage.workspace import Project
from schemas.settings.base import settings_version
from schemas.storage import StoredTable
from schemas.table import Table

if TYPE_CHECKING:
    import dagster as dg

SETTINGS_TAG = "proofsheet/settings"
READS_TAG = "proofsheet/reads"
REPORT = "project_report"
FOLLOWS = "follows "  # begins the reason of a table whose own inputs are stale
Look = Callable[[Project], str | None]


@dataclass(frozen=True)
class AssetDeclaration:
    """What the source says of the asset of a table, whatever the settings are.

    Attributes:
        table: its name.
        code: version of its code.
        resources: names of the resources with its settings.
        upstream: tables that it reads.
        reads: tables of facts that it reads.
        together: tables that the same asset makes, itself among them.
    """

    table: str
    code: str
    resources: tuple[str, ...]
    upstream: tuple[str, ...]
    reads: tuple[str, ...]
    together: tuple[str, ...]

    @classmethod
    def of(cls, assets: "Iterable[dg.AssetsDefinition]") -> list[Self]:
        """What assets say before settings are part of their code versions."""
        return [
            cls(
                name,
                str(spec.code_version),
                _names(spec.metadata.get(SETTINGS_TAG)),
                tuple(sorted(n for d in spec.deps if _is_derived(n := d.asset_key.to_user_string()))),
                _names(spec.metadata.get(READS_TAG)),
                tuple(sorted(key.to_user_string() for key in asset.keys)),
            )
            for asset in assets
            for spec in asset.specs
            if (name := spec.key.to_user_string()) in Table.tables
        ]


def _is_derived(name: str) -> bool:
    return name in Table.tables and Table.tables[name].origin == "derived"


def _names(tag: object) -> tuple[str, ...]:
    return tuple(name for name in str(tag or "").split(",") if name)


@dataclass(frozen=True)
class AssetVersion:
    """A table's asset as it is now.

    Attributes:
        code: version of its code.
        resources: with its settings.
        upstream: tables that it reads.
        reads: tables of facts that it reads.
        outside: says what is new on the disk or at a server; None if it reads tables and facts alone.
    """

    code: str
    resources: tuple[Any, ...]
    upstream: tuple[str, ...]
    reads: tuple[str, ...] = ()
    outside: Look | None = None

    @functools.cached_property
    def settings(self) -> str:
        """Hash of its settings, the same for every project."""
        return settings_version(self.resources)


def row_version(table: type[Table], book: Mapping[str, object] | None) -> str:
    """Checksum of the rows of a table, as those that are made of it note it.

    It is empty for a table that was never made. A shared table without rows counts as one: a training that
    trains nothing is no news for a project.

    Args:
        table: of the rows.
        book: its row in the bookkeeping of the store, if it was made.
    """
    if book is None or (table.shared and not book[StoredTable.row_count]):
        return ""
    return str(book[StoredTable.checksum])


def fact_versions(project: Project, names: Iterable[str]) -> dict[str, str]:
    """Name of a table of facts to its version, which moves with every row."""
    wanted = list(names)
    own = project.ledger.versions() if wanted else {}
    return {n: str(own.get(n, 0)) for n in wanted}


def asset_versions(
    declared: Iterable[AssetDeclaration], resources: Mapping[str, Any]
) -> dict[str, AssetVersion]:
    """The versions of every table, upstream first.

    Args:
        declared: what the source says of each.
        resources: by name, or their settings.
    """
    found: dict[str, AssetVersion] = {}
    looks = {look: functools.partial(look, resources=resources) for look in OUTSIDE.values()}
    for one in declared:
        used = tuple(resources[n] for n in one.resources)
        look = looks[OUTSIDE[one.table]] if one.table in OUTSIDE else None
        found[one.table] = AssetVersion(one.code, used, one.upstream, one.reads, look)
    order = TopologicalSorter({name: version.upstream for name, version in found.items()}).static_order()
    return {name: found[name] for name in order if name in found}


@dataclass(frozen=True)
class Freshness:
    """What every table would be made from now: the resource that says what there is to run.

    Attributes:
        versions: of every table, upstream first.
        together: tables that one asset makes.
        forced: whether a job is to ask again, which only a whole run does.
    """

    versions: Mapping[str, AssetVersion]
    together: Sequence[Sequence[str]]
    forced: bool = False

    @classmethod
    def of(cls, declared: Sequence[AssetDeclaration], resources: Mapping[str, Any], *, forced: bool) -> Self:
        """From what the source says, and from resources or settings by name."""
        return cls(
            asset_versions(declared, resources), list(dict.fromkeys(d.together for d in declared)), forced
        )

    def to_run(self, project: Project) -> list[str] | None:
        """The assets that a run of a project has to make, with the report; empty if all are fresh.

        None means all assets: no run was whole before, or a file of the project cannot be read or is not as
        it was written. The run says what is wrong, and repairs derived tables.
        """
        try:
            with project.at_one_moment():
                if self.forced or not whole_before(project):
                    return None
                project.store.check()
                found = set(stale_tables(self.versions, project))
        except (ProofsheetError, OSError):
            return None
        names = [name for tables in self.together if found & {*tables} for name in tables]
        return [*names, REPORT] if names else []

    def never_made(self, project: Project, names: Sequence[str]) -> dict[str, list[str]]:
        """Tables that no run of a project has made, to those of the named assets that read them.

        Args:
            project: the project of the tables.
            names: assets of a run; what they make themselves is left out.

        Returns:
            Empty too where the store cannot be read: the run itself says what is wrong with it.
        """
        try:
            there = {*project.store.tables(), *names}
        except (ProofsheetError, OSError):
            return {}
        found = dict[str, list[str]]()
        for name in (n for n in names if n in self.versions):
            for table in self.versions[name].upstream:
                if table not in there and not Table.tables[table].shared:
                    found.setdefault(table, []).append(name)
        return found


def stale_tables(
    versions: Mapping[str, AssetVersion], project: Project, resolved: ResolvedSettings | None = None
) -> dict[str, str]:
    """Table name to reason, upstream first; empty if all is fresh.

    Args:
        versions: what `asset_versions` gives.
        project: the project of the tables.
        resolved: what is known of the settings from other projects of the same pass.
    """
    resolved = resolved or ResolvedSettings()
    read_ahead(project.store, (Table.tables[n] for n, v in versions.items() if v.outside is not None))
    books = project.store.tables()
    books |= {
        n: row
        for n, row in project.shared.store.tables().items()
        if n in Table.tables and Table.tables[n].shared
    }
    sums = {n: row_version(Table.tables[n], row) for n, row in books.items() if n in Table.tables}
    sums |= fact_versions(project, {n for v in versions.values() for n in v.reads})
    found: dict[str, str] = {}
    news = functools.cache(lambda look: look(project))  # several tables have one question
    for name, version in versions.items():
        if Table.tables[name].shared:
            continue  # training makes them, and no run of a project
        if reason := _reason(name, version, project, books.get(name), sums, found, news, resolved):
            found[name] = reason
    return found


def _reason(
    name: str,
    version: AssetVersion,
    project: Project,
    book: Mapping[str, object] | None,
    sums: Mapping[str, str],
    stale: Mapping[str, str],
    news: Callable[[Look], str | None],
    resolved: ResolvedSettings,
) -> str | None:
    if book is None:
        return "never made"
    if book[StoredTable.code_version] != version.code:
        return "its code changed"
    present = resolved.version(version.resources, version.settings, project, name)
    if book[StoredTable.settings_version] != present:
        by_model = any(hasattr(r, "resolved_version") for r in version.resources)
        return "its settings or its model changed" if by_model else "its settings changed"
    made_of = dict(part.split("=", 1) for part in str(book[StoredTable.upstream]).split(", ") if part)
    if changed := sorted(
        n for n in {*made_of, *version.upstream, *version.reads} if made_of.get(n) != sums.get(n, "")
    ):
        return f"what it is made of changed: {', '.join(changed)}"
    if version.outside is not None and (told := news(version.outside)):
        return told
    follows = [n for n in version.upstream if n in stale]
    return f"{FOLLOWS}{', '.join(follows)}" if follows else None
