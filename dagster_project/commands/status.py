"""`proofsheet status`.

Holds the command.
Add here: a column that people ask for.
Keep out: counting (proofsheet/status.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from rich.table import Table as RichTable

from dagster_project.commands.common import chosen, json_option, out, print_json, settings_and_workspace
from proofsheet.locks import held_by
from proofsheet.publish.uploads import take_back_rows
from proofsheet.status import project_status
from proofsheet.words.asking import Describing
from proofsheet.words.costs import pending_questions
from schemas.library import Quarantine

_COLUMNS = ("files", "photos", "sets", "doubtful", "accepted", "blocked", "quarantined", "other_files", "generation")
_NEWS = ("new", "changed", "gone")


@click.command()
@click.argument("projects", nargs=-1)
@json_option
def status(projects: tuple[str, ...], as_json: bool) -> None:
    """Show for PROJECTS (all by default) counts, what is new, stale and running, and each refused file with its reason.

    The JSON has library, home, loose_files, vanished and projects.<name>.{key, files, photos, sets, reviewed, by_history, open,
    redecided, take_back, doubtful, accepted, blocked, quarantined, other_files, generation, published_at, whole_at, new, changed,
    gone, stale: {table: reason}, running (by whom, or null), to_ask: [{job, questions, seconds}], take_back_list: [{path, name,
    target, uploaded_at, reason}], refused: [{path, kind, reason, next_step}]}.
    """
    settings, workspace = settings_and_workspace()
    from assets.staleness import stale_tables
    from dagster_project.definitions import present_versions

    versions = present_versions(settings)
    given = {"captioning": settings.captions, "rating_rule": settings.rating}
    found: dict[str, dict[str, Any]] = {}
    for project in chosen(workspace, projects):
        rows = project.store.read(Quarantine)
        found[project.name] = project_status(project).as_dict() | {
            "stale": stale_tables(versions, project),
            "running": held_by(project.run_lock),
            "to_ask": [c.as_dict() for c in pending_questions(project, Describing.of(settings.model, project), given)],
            "take_back_list": take_back_rows(project),
            "refused": rows.select(Quarantine.path, Quarantine.kind, Quarantine.reason, Quarantine.next_step).to_dicts(),
        }
    vanished = sorted(workspace.vanished().values())
    if as_json:
        places = {"library": str(workspace.library), "home": str(workspace.home), "loose_files": workspace.loose_files()}
        print_json({**places, "vanished": vanished, "projects": found})
        return
    _show(found)
    for name in vanished:
        out().print(f"{name}: its folder is gone; tables and facts are kept in the home", markup=False)
    if workspace.loose_files():
        out().print(f"{workspace.loose_files()} files lie in the library itself and belong to no project")


def _show(found: dict[str, dict[str, Any]]) -> None:
    table = RichTable(box=None, pad_edge=False)
    table.add_column("project")
    for name in (*_COLUMNS, "last whole (UTC)"):
        table.add_column(name.replace("_", " "), justify="right")
    for project, state in found.items():
        table.add_row(project, *(str(state[name]) for name in _COLUMNS), str(state["whole_at"] or "never")[:19])
    console = out()
    console.print(table)
    for project, state in found.items():
        for line in _remarks(state):
            console.print(f"{project}{line}", markup=False)
    if not found:
        console.print("no project: the library has no sub-folder")


def _remarks(state: dict[str, Any]) -> Iterator[str]:
    if state["running"]:
        yield f": running: {state['running']}"
    if any(state[name] for name in _NEWS):
        yield ": on disk since the last run: " + ", ".join(f"{state[n]} {n}" for n in _NEWS if state[n])
    if state["reviewed"] + state["by_history"] + state["open"]:
        yield f": sets: {state['reviewed']} reviewed, {state['by_history']} by history, {state['open']} open"
    if state["redecided"]:
        yield f": the choice of {state['redecided']} sets is newer than the last run; run the project to describe what is chosen"
    for one in state["take_back_list"]:
        yield f": take back {one['name']} at {one['target']}: {one['reason']}"
    reasons: dict[str, list[str]] = {}
    for name, reason in state["stale"].items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        yield f": stale: {', '.join(names)}: {reason}"
    for cost in state["to_ask"]:
        time_ = f"about {cost['seconds']:.0f} s" if cost["seconds"] is not None else "no answer was timed yet"
        yield f": to ask: {cost['job']}: {cost['questions']} pictures, {time_}"
    for row in state["refused"]:
        yield f"/{row[Quarantine.path]}: refused: {row[Quarantine.reason]}; {row[Quarantine.next_step]}"
