"""`proofsheet status`.

Holds the command.
Add here: a column that people ask for.
Keep out: counting (proofsheet/review/status.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import click
from rich.table import Table as RichTable

from assets.factory.freshness import FOLLOWS, AssetVersion, stale_tables
from assets.factory.resolved_settings import ResolvedSettings
from assets.outside import OUTSIDE
from dagster_project.commands.common import (
    chosen,
    end_with,
    err,
    json_option,
    out,
    print_json,
    settings_and_workspace,
)
from dagster_project.commands.terminal import row_of
from dagster_project.planning import current_freshness
from proofsheet.core.config import Configuration
from proofsheet.core.locks import lock_owner
from proofsheet.core.shell_words import as_word
from proofsheet.library.disk_diff import News
from proofsheet.library.renamed_folders import RenameQuestion, find_renamed
from proofsheet.publish.upload_history import take_back_rows
from proofsheet.review.status import project_status
from proofsheet.storage.health import checked, each_alone, trouble_of
from proofsheet.storage.read_ahead import read_ahead
from proofsheet.storage.workspace import LINK, Project, Workspace
from proofsheet.texts.client.discovery import missing_server
from proofsheet.texts.cost_estimate import pending_questions
from proofsheet.texts.describer import Describer
from schemas.choices import Choice
from schemas.library import Quarantine
from schemas.proof import MetadataQuality
from schemas.selections import Selection
from schemas.table import Table

_COLUMNS = (
    "files",
    "photos",
    "sets",
    "doubtful",
    "accepted",
    "drafts",
    "blocked",
    "quarantined",
    "other_files",
    "companions",
    "generation",
)
_READ = (*OUTSIDE, Choice.name, Selection.name, MetadataQuality.name)
_NEWS = ("new", "changed", "gone", "moved", "moved_back")


@click.command()
@click.argument("projects", nargs=-1)
@json_option
def status(projects: tuple[str, ...], as_json: bool) -> None:
    """Show counts, new files, stale tables, active runs and refused files of PROJECTS (default: all).

    A project with a damaged ledger or store is named with the file and the next step (exit code 3). The other
    projects are shown.

    The JSON has library, library_link, home, loose_files, links: {name: target}, left_out: {name: reason},
    model_server_missing (why the named server cannot be asked; empty if it can), vanished, renamed: [{folder,
    former, key, share, sure}], damaged: [{project, file, problem, next_step}]
    and projects.<name>.{key, files, photos, sets, reviewed, by_history, open, redecided, take_back, doubtful,
    accepted, drafts, blocked, to_describe, described, undescribed (reason for missing descriptions),
    quarantined, other_files, companions, generation, published_at, whole_at, new, changed, gone, moved,
    moved_back, written_of_gone, photo_questions, left_out: {reason: count}, stale: {table: reason}, running
    (its run, or null), to_ask: [{job, questions, seconds, problem}], requests_per_picture, take_back_list:
    [{path, name, target, uploaded_at, reason}],
    refused: [{path, kind, reason, next_step}]}.
    """
    settings, workspace = settings_and_workspace()
    versions = current_freshness(settings).versions
    wanted = chosen(workspace, projects)
    resolved = ResolvedSettings()
    asked = each_alone(
        wanted, lambda project: checked(project, lambda p: _state(p, settings, versions, resolved))
    )
    troubles = asked.troubles
    found = {project.name: told for project, told in asked.results}
    beside = _beside(workspace, settings)
    if as_json:
        print_json({**beside, "damaged": [t.as_dict() for t in troubles], "projects": found})
    else:
        _show(found)
        for line in _told(beside):
            out().print(line)
        if not wanted:
            out().print("no project: the library has no sub-folder")
    shared = trouble_of(workspace.shared)
    end_with([*troubles, *([shared] if shared else [])], len(wanted), err() if as_json else out())


def _state(
    project: Project,
    settings: Configuration,
    versions: Mapping[str, AssetVersion],
    resolved: ResolvedSettings,
) -> dict[str, Any]:
    sections = {"captions": settings.captions, "rating": settings.rating}
    with project.at_one_moment():
        read_ahead(project.store, (Table.tables[name] for name in _READ))
        rows = project.store.read(Quarantine)
        questions = pending_questions(project, Describer.of(settings.model, project), sections)
        return project_status(project).as_dict() | {
            "stale": stale_tables(versions, project, resolved),
            "running": lock_owner(project.run_lock),
            **questions.as_dict(),
            "take_back_list": take_back_rows(project),
            "refused": rows.select(
                Quarantine.path, Quarantine.kind, Quarantine.reason, Quarantine.next_step
            ).to_dicts(),
        }


def _beside(workspace: Workspace, settings: Configuration) -> dict[str, Any]:
    """The contents of the library beside its projects, and the model server that cannot be asked."""
    shelf = workspace.shelf()
    return {
        "library": str(workspace.library),
        "library_link": workspace.library_link,
        "home": str(workspace.home),
        "loose_files": shelf.loose,
        "links": shelf.links,
        "left_out": shelf.left_out,
        "model_server_missing": missing_server(settings.model),
        "vanished": sorted(workspace.vanished().values()),
        "renamed": [asdict(question) for question in find_renamed(workspace)],
    }


def _told(beside: dict[str, Any]) -> Iterator[str]:
    if beside["model_server_missing"]:
        yield f"no model is asked: {beside['model_server_missing']}"
    if beside["library_link"]:
        yield f"the library is a link to {beside['library_link']}"
    for name, target in beside["links"].items():
        yield f"{name}: is a link to {target}, and links are not followed; {LINK[0].lower()}{LINK[1:]}"
    for name, why in beside["left_out"].items():
        yield f"{name}: left out: {why}"
    for question in beside["renamed"]:
        yield RenameQuestion(**question).summary
    for name in beside["vanished"]:
        yield f"{name}: its folder is missing; the home still has its tables and facts"
    if beside["loose_files"]:
        yield f"{beside['loose_files']} files are directly in the library folder and belong to no project"


def _show(found: dict[str, dict[str, Any]]) -> None:
    table = RichTable(box=None, pad_edge=False)
    table.add_column("project")
    for name in (*_COLUMNS, "last whole (UTC)"):
        table.add_column(name.replace("_", " "), justify="right")
    for project, state in found.items():
        table.add_row(
            *row_of([project, *(state[name] for name in _COLUMNS), str(state["whole_at"] or "never")[:19]])
        )
    console = out()
    console.print(table)
    for project, state in found.items():
        for line in _remarks(project, state):
            console.print(f"{project}{line}")


def _remarks(project: str, state: dict[str, Any]) -> Iterator[str]:
    for reason, count in state["left_out"].items():
        yield f": left out: {count} × {reason}"
    if state["running"]:
        yield f": running: {state['running']}"
    if any(state[name] for name in _NEWS):
        told = News(**{name: state[name] for name in _NEWS}).in_words()
        yield f": on disk since the last run: {told}"
    if state["written_of_gone"]:
        yield (
            ": gone photos with texts or decisions, which return with the files: "
            f"{state['written_of_gone']}; `proofsheet photos list {as_word(project)}` shows them"
        )
    if state["photo_questions"]:
        yield (
            f": files that may be gone photos: {state['photo_questions']}; `proofsheet photos list "
            f"{as_word(project)}` asks which"
        )
    yield from _texts_and_choices(state)
    yield from _stale(project, state)
    yield from _costs(state)
    for row in state["refused"]:
        yield f"/{row[Quarantine.path]}: refused: {row[Quarantine.reason]}; {row[Quarantine.next_step]}"


def _stale(project: str, state: dict[str, Any]) -> Iterator[str]:
    if not state["generation"]:
        yield f": it has no tables; `proofsheet run {as_word(project)}` makes them"
        return
    reasons: dict[str, list[str]] = {}
    for name, reason in state["stale"].items():
        reasons.setdefault("" if reason.startswith(FOLLOWS) else reason, []).append(name)
    following = reasons.pop("", [])
    for reason, names in reasons.items():
        yield f": stale: {', '.join(names)}: {reason}"
    if following:
        made = f"`proofsheet run {as_word(project)}` makes them again"
        yield f": stale: {len(following)} more, which are made of these; {made}"


def _costs(state: dict[str, Any]) -> Iterator[str]:
    for cost in state["to_ask"]:
        time_ = f"about {cost['seconds']:.0f} s" if cost["seconds"] is not None else "no answer was timed yet"
        work = f"{cost['questions']} pictures, {time_}"
        yield f": to ask: {cost['job']}: {cost['problem'] or work}"
    if state["requests_per_picture"]:
        yield f": to ask: {state['requests_per_picture']:g} requests a picture"


def _texts_and_choices(state: dict[str, Any]) -> Iterator[str]:
    if state["undescribed"]:
        yield f": {state['described']} of {state['to_describe']} described: {state['undescribed']}"
    if state["drafts"]:
        yield (
            f": {state['drafts']} drafts name no subject: write what is seen, name the folder's subject, "
            "or start a model"
        )
    if state["reviewed"] + state["by_history"] + state["open"]:
        yield f": sets: {state['reviewed']} reviewed, {state['by_history']} by history, {state['open']} open"
    if state["redecided"]:
        yield (
            f": the choice of {state['redecided']} sets is newer than the last run; run the project to "
            "describe what is chosen"
        )
    for one in state["take_back_list"]:
        yield f": take back {one['name']} at {one['target']}: {one['reason']}"
