"""`proofsheet sql`.

Holds the command.
Add here: another output format.
Keep out: DuckDB (proofsheet/store.py).
"""

from __future__ import annotations

import click
import polars as pl
from rich.table import Table as RichTable

from dagster_project.commands.common import chosen, json_option, out, print_json, settings_and_workspace


@click.command()
@click.argument("statement")
@click.option("--project", "projects", multiple=True, help="Ask this project only; may be repeated.")
@json_option
def sql(statement: str, projects: tuple[str, ...], as_json: bool) -> None:
    """Ask the tables of each project a question in SQL; the tables cannot be changed.

    Every project has its own database, so the statement is asked in each. The JSON has projects.<name>: [rows].
    """
    _settings, workspace = settings_and_workspace()
    answers = {p.name: p.store.query(statement) for p in chosen(workspace, projects) if p.store.generation()}
    if as_json:
        print_json({"projects": {name: answer.to_dicts() for name, answer in answers.items()}})
        return
    for name, answer in answers.items():
        out().print(_table(name, answer))
    if not answers:
        out().print("no tables yet: run `proofsheet run --all` first")


def _table(name: str, answer: pl.DataFrame) -> RichTable:
    table = RichTable(title=name, title_justify="left")
    for column in answer.columns:
        table.add_column(column)
    for row in answer.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else "␣" for c in text).replace("[", "\\[")
