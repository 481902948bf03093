"""`proofsheet sql`.

Holds the command.
Add here: another output format.
Keep out: DuckDB (proofsheet/storage/store.py).
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from functools import partial

import click
import polars as pl
from rich.table import Table as RichTable

from dagster_project.applying import planned
from dagster_project.commands.common import (
    chosen,
    end_with,
    err,
    json_option,
    out,
    print_json,
    settings_and_workspace,
)
from dagster_project.commands.terminal import harmless, row_of
from proofsheet.apply.plan_table import plan_rows
from proofsheet.core.config import Configuration
from proofsheet.storage.health import each_alone
from proofsheet.storage.ledger_tables import FACTS
from proofsheet.storage.workspace import Project
from schemas.apply import PlanOperation
from schemas.everything import every_table
from schemas.table import Table

_FORMER: dict[type[Table], type[Table]] = {
    t: types.new_class(t.__name__, (t,), {"name": t.former}) for t in every_table() if t.former
}


@click.command()
@click.argument("statement")
@click.option("--project", "projects", multiple=True, help="Query only this project; may be repeated.")
@json_option
def sql(statement: str, projects: tuple[str, ...], as_json: bool) -> None:
    """Query the tables of each project in SQL (read-only).

    The statement runs in the database of each project. It sees the derived tables, the facts of the ledger
    (review_decisions, apply_plans, uploads, ...), and plan_operations, the plan that `proofsheet apply` shows
    now. "show tables" lists all tables; docs/tables.md describes them. A table that no run has written yet
    has no rows.

    The JSON has projects.<name>: [rows], and damaged: [{project, file, problem, next_step}] (exit code 3).
    """
    settings, workspace = settings_and_workspace()
    for line in _renamed(statement):
        err().print(line)
    wanted = chosen(workspace, projects)
    asked = each_alone(
        wanted, lambda p: p.store.query(statement, _more(p, settings)) if _has_rows(p) else None
    )
    answers = {p.name: answer for p, answer in asked.results if answer is not None}
    if as_json:
        told = {name: answer.to_dicts() for name, answer in answers.items()}
        print_json({"projects": told, "damaged": [t.as_dict() for t in asked.troubles]})
    else:
        for name, answer in answers.items():
            out().print(_table(name, answer))
        if not answers and not asked.troubles:
            out().print("no tables yet: run `proofsheet run --all` first")
    end_with(asked.troubles, len(wanted))


def _has_rows(project: Project) -> bool:
    """Whether a project has derived tables, or facts from before its first run."""
    return bool(project.store.generation()) or project.ledger.is_there()


def _more(project: Project, settings: Configuration) -> dict[type[Table], Callable[[], pl.DataFrame]]:
    """Tables outside the store.

    The facts, the current plan, and tables that no run has written yet (no rows).
    """
    facts, written = {table: partial(project.ledger.rows, table) for table in FACTS}, project.store.tables()
    derived = [t for t in every_table() if t.origin == "derived" and not t.shared]
    read: Callable[[type[Table]], pl.DataFrame] = project.store.read
    later = {t: partial(read, t) for t in derived if t.name not in written}
    former = {
        f: partial(read, t) for t, f in _FORMER.items() if t.origin == "derived" and f.name not in written
    }
    former |= {f: facts[t] for t, f in _FORMER.items() if t in facts}
    return {**later, **facts, **former, PlanOperation: lambda: plan_rows(planned(project, settings))}


def _renamed(statement: str) -> list[str]:
    """A line for every former name in a statement."""
    words = set(re.findall(r"\w+", statement.lower()))
    return [
        f"The table {t.former} is named {t.name} now; the former name works in this version only."
        for t in _FORMER
        if t.former in words
    ]


def _table(name: str, answer: pl.DataFrame) -> RichTable:
    table = RichTable(title=harmless(name), title_justify="left")
    for column in answer.columns:
        table.add_column(harmless(column))
    for row in answer.iter_rows():
        table.add_row(*row_of(row))
    return table
