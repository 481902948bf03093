"""Mistakes in the declaration of an asset, which is refused when its module is imported.

Holds `check_outputs`, `check_upstream`, `check_facts`, `check_row_checks` and `check_side_effects`.
Add here: another mistake in a declaration that would show late, or never.
Keep out: annotations of parameters (proofsheet/storage/injection.py), and rows (row_checks.py).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeGuard, get_origin

import polars as pl

from assets.factory.injection import RESOURCES
from assets.facts import KIND_OF
from assets.partitions import GROUPS
from proofsheet.storage.injection import Injected, hints_of, name_of, resource_key
from schemas.table import Rows, Table


def check_outputs(
    function: Callable[..., Any],
    tables: Sequence[type[Table]],
    group: str,
    returned: type[Any],
    *,
    shared: bool,
) -> None:
    """Refuse what cannot be filled, and a function that does not fill it.

    Args:
        function: of the asset.
        tables: that it fills.
        group: in the asset graph.
        returned: what a function of several tables returns.
        shared: whether the tables are over all projects.

    Raises:
        TypeError: if the function is not named like one of the tables or returns no rows, if a table is no
            derived one of this kind or is named twice, or if there is no such group.
    """
    who, made = name_of(function), [_derived(function, "makes", t).name for t in tables]
    for table in tables:
        if table.shared is not shared:
            over, use = "one project", "table_asset"
            if table.shared:
                over, use = "all projects", "shared_table_asset"
            raise TypeError(f"{who} makes {table.name}, which is over {over}: use {use}.")
    if function.__name__ not in made:
        raise TypeError(f"{who} makes {', '.join(made)}: name it like one of them.")
    if len(set(made)) < len(made):
        raise TypeError(f"{who} makes {', '.join(made)}: name each table once.")
    if group not in GROUPS:
        raise TypeError(f"{who}: there is no group {group!r}. Groups: {', '.join(GROUPS)}.")
    hint = hints_of(function).get("return")
    frames = hint is pl.DataFrame or get_origin(hint) is Rows
    if hint is not returned and not (frames and len(tables) == 1):
        wanted = f"{returned.__name__}{' or pl.DataFrame' if len(tables) == 1 else ''}"
        raise TypeError(f"{who} returns {_text(hint)} for {', '.join(made)}: return {wanted}.")


def check_upstream(function: Callable[..., Any], after: Iterable[type[Table]]) -> None:
    """Refuse what is no asset.

    Args:
        function: of the asset.
        after: tables that it reads.

    Raises:
        TypeError: if no asset makes one of them.
    """
    for table in after:
        _derived(function, "comes after", table)


def _derived(function: Callable[..., Any], does: str, table: Any) -> type[Table]:  # noqa: ANN401 - whatever is named
    """A table that assets make."""
    who = name_of(function)
    if not _is_table(table):
        raise TypeError(f"{who} {does} {_text(table)}, which is no table. Name a class of schemas/.")
    if table.origin != "derived":
        raise TypeError(
            f"{who} {does} {table.name}, which is a {table.origin} table: no asset makes its rows. "
            "Name a derived table."
        )
    return table


def check_facts(
    function: Callable[..., Any], reads: Sequence[type[Table]], writes: Sequence[type[Table]]
) -> None:
    """Refuse what is no fact.

    Args:
        function: of the asset.
        reads: facts that its rows follow from.
        writes: those of them that it adds to.

    Raises:
        TypeError: if a table of `reads` is no fact of a known kind, or one of `writes` is not read.
    """
    who = name_of(function)
    for table in (*reads, *writes):
        if not _is_table(table):
            raise TypeError(f"{who}: {_text(table)} in reads= is no table of facts. Name one of schemas/.")
        if table.origin == "derived":
            raise TypeError(
                f"{who}: {table.name} in reads= is made by an asset. Annotate a parameter with "
                f"Rows[{table.__name__}] instead."
            )
        if table not in KIND_OF:
            raise TypeError(
                f"{who}: {table.name} in reads= is of no kind of fact. Add it to KINDS in assets/facts.py."
            )
    if unread := [t.name for t in writes if t not in reads]:
        raise TypeError(f"{who}: {unread[0]} in writes= is not in reads=. Name it in both.")


def check_row_checks(
    function: Callable[..., Any], tables: Collection[type[Table]], checked: Iterable[Any]
) -> None:
    """Refuse row checks of tables that the asset does not fill.

    Args:
        function: of the asset.
        tables: that it fills.
        checked: tables with row checks.

    Raises:
        TypeError: if one of them is not filled.
    """
    for table in checked:
        if table not in tables:
            raise TypeError(
                f"{name_of(function)}: row_checks= names {_text(table)}, which it does not make. "
                f"It makes {', '.join(t.__name__ for t in tables)}."
            )


def check_side_effects(injected: Injected, kinds: Iterable[Any]) -> set[str]:
    """The keys of resources that change no row.

    Args:
        injected: the function with its parameters.
        kinds: classes of these resources.

    Raises:
        TypeError: if a class is that of no resource, or no parameter takes it.
    """
    found = set[str]()
    for kind in kinds:
        key = resource_key(kind, RESOURCES)
        if key not in injected.resources:
            what = "is no resource" if key is None else "is taken by no parameter"
            raise TypeError(
                f"{name_of(injected.function)}: {_text(kind)} in side_effects= {what}. "
                "Name the class that annotates a parameter."
            )
        found.add(str(key))
    return found


def _is_table(value: object) -> TypeGuard[type[Table]]:
    return isinstance(value, type) and issubclass(value, Table)


def _text(value: Any) -> str:  # noqa: ANN401 - whatever is named
    return value.__name__ if isinstance(value, type) else repr(value)
