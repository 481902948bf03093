"""One scan of the whole library: which folders to run now, and the state for the next scan.

Holds `Watched`, `Memory`, `Tick` and `look_through`.
Add here: another cause for a run.
Keep out: Dagster; whether one folder is complete (copy_detection.py).

The state is in the home, in one file for each scan that found something new. Dagster's cursor holds only the
number of the file: if a tick is interrupted before its runs are noted, the next one reads the former file and
asks for the same runs again. A scan lists folders; a ledger is opened only if its file has changed since the
last scan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from proofsheet.core.errors import StoreError
from proofsheet.core.files import short_hash, write_atomic
from proofsheet.core.process_marks import files_being_written
from proofsheet.core.volumes import forgetful_devices
from proofsheet.library.copy_detection import FolderState, Judgement, judge, look_at
from proofsheet.library.renamed_folders import adopt_renamed
from proofsheet.storage.health import each_alone, file_mark
from proofsheet.storage.workspace import Project, Workspace
from schemas.review import ReviewBatch

MOST_AT_ONCE = 3  # runs that one scan requests: to create one costs the daemon about a second
MOST_OPENED = 200  # ledgers; each costs some thousandths
_TOLD = 20


@dataclass(frozen=True)
class Watched:
    """What is remembered of a project.

    Attributes:
        state: of its folder.
        handed: batches of the review that a run has read.
        ledger: mark of the ledger at the last scan.
        batches: batches in the ledger at that time.
        trouble: what was wrong with the ledger then; empty if nothing was.
    """

    state: FolderState
    handed: int = 0
    ledger: tuple[int, ...] = ()
    batches: int = 0
    trouble: str = ""


@dataclass
class Tick:
    """The result of one scan.

    It has runs by key, the new state, lines for the user, folders without news, and the number of ledgers
    opened.
    """

    runs: dict[str, Project] = field(default_factory=dict)
    watched: dict[str, Watched] = field(default_factory=dict)
    news: list[str] = field(default_factory=list)
    unchanged: int = 0
    opened: int = 0

    def text(self) -> str:
        """The lines in one, limited to the size that can be stored with every tick."""
        shown, more = self.news[:_TOLD], len(self.news) - _TOLD
        parts = [
            *shown,
            *([f"and {more} more"] if more > 0 else []),
            *([f"{self.unchanged} unchanged"] if self.unchanged else []),
        ]
        return "; ".join(parts) or "the library has no sub-folder"


class Memory:
    """What is remembered between looks.

    Args:
        home: of the workspace.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "watch"

    def read(self, number: int) -> dict[str, Watched]:
        """What the look of this number remembered; nothing if its file is lost or damaged."""
        try:
            rows = json.loads(self._path(number).read_text("utf-8"))
            return {
                key: Watched(FolderState(*row[0]), row[1], tuple(row[2]), row[3], row[4])
                for key, row in rows.items()
            }
        except (OSError, ValueError, TypeError, IndexError, AttributeError):
            return {}

    def write(self, number: int, watched: Mapping[str, Watched]) -> None:
        """Keep it under this number; of the former files only the last stays."""
        rows = {
            key: [[w.state.signature, w.state.since, w.state.done], w.handed, w.ledger, w.batches, w.trouble]
            for key, w in watched.items()
        }
        write_atomic(self._path(number), json.dumps(rows, separators=(",", ":")).encode("ascii"))
        for path in self._folder.glob("[0-9]*.json"):
            if int(path.stem) < number - 1:
                path.unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.json"


def look_through(
    workspace: Workspace,
    projects: Sequence[Project],
    before: Mapping[str, Watched],
    quiet_s: float,
    now: float,
) -> Tick:
    """Scan every folder once, and decide which to run.

    A folder that cannot be listed waits and is reported.

    Args:
        workspace: library and home.
        projects: of the workspace.
        before: the saved state of the last scan, by key.
        quiet_s: how long nothing may have changed.
        now: seconds.
    """
    tick, forgetful, ready, gone = (
        Tick(),
        forgetful_devices(),
        dict[str, Project](),
        workspace.vanished(projects),
    )
    looks = each_alone(projects, lambda p: look_at(p.folder, forgetful))
    tick.watched = {p.key: before[p.key] for p in projects if p.key in before}
    for project, look in looks.results:
        known = before.get(project.key)
        judged = judge(known.state if known else None, look, now, quiet_s)
        if known and judged.ready and len(ready) == MOST_AT_ONCE:
            judged = Judgement(known.state, False, "settled: waits for its turn")
        tick.watched[project.key] = _with_ledger(project, known, judged, tick)
        if judged.ready:
            ready[project.key] = project
        else:
            _consider(project, known, tick, judged)
    if ready:
        _adopt(workspace, projects, ready, tick, now)
    writers = list(files_being_written()) if ready else []
    tick.watched |= {key: replace(tick.watched[key], state=before[key].state) for key in ready}
    again = each_alone(ready.values(), lambda p: look_at(p.folder, forgetful))
    for project, look in again.results:
        known, writer = before[project.key], next(_inside(project.folder, writers), None)
        judged = judge(known.state, look, now, quiet_s, writer)
        tick.watched[project.key] = replace(tick.watched[project.key], state=judged.state)
        _consider(project, known, tick, judged)
    tick.news += [str(trouble) for trouble in (*looks.troubles, *again.troubles)]
    tick.news += [f"{name}: its folder is gone; tables and facts stay" for name in gone.values()]
    return tick


def _consider(project: Project, known: Watched | None, tick: Tick, judged: Judgement) -> None:
    """Ask for a run of one project if there is a cause, else say why not."""
    now = tick.watched[project.key]
    done, mark = now.state.done == now.state.signature, short_hash(str(now.ledger), length=8)
    if now.trouble:
        tick.watched[project.key] = replace(now, state=known.state if known and judged.ready else now.state)
        cause, end = (
            now.trouble,
            f"damaged-{mark}",
        )  # its run fails at once, and reports the damage on the page of runs
        wanted = known is None or known.trouble != now.trouble
    elif known and known.trouble and done:
        cause, end, wanted = "its ledger can be read again", f"{now.state.signature}-restored-{mark}", True
    elif (
        now.batches > now.handed and done and not judged.ready
    ):  # while it is copied to, its next run takes the batch in
        cause, end, wanted = (
            "a batch of the review was submitted",
            f"{now.state.signature}-batch-{now.batches}",
            True,
        )
    else:
        cause, end, wanted = judged.reason, now.state.signature, judged.ready
    if wanted:
        tick.runs[f"{project.key}-{end}"] = project
    if wanted and not now.trouble:
        tick.watched[project.key] = replace(now, handed=now.batches)
    if not wanted and done and not now.trouble:
        tick.unchanged += 1
    else:
        tick.news.append(f"{project.name}: {cause}")


def _with_ledger(project: Project, known: Watched | None, judged: Judgement, tick: Tick) -> Watched:
    """The new state of a project.

    Its ledger is opened only if the file changed, and while this scan has room for it.
    """
    mark, handed = file_mark(project.ledger.path), known.handed if known else 0
    full = tick.opened >= MOST_OPENED or len(tick.runs) >= MOST_AT_ONCE
    if full or (known and known.ledger == mark):
        return replace(known or Watched(judged.state), state=judged.state)
    tick.opened += project.ledger.is_there()
    try:
        return Watched(judged.state, handed, mark, project.ledger.rows(ReviewBatch).height)
    except StoreError as error:
        return Watched(judged.state, handed, mark, handed, f"{error.what} {error.next_step}")


def _adopt(
    workspace: Workspace, projects: Sequence[Project], ready: dict[str, Project], tick: Tick, now: float
) -> None:
    """Let settled folders that are certainly former projects take over.

    They are run at the next scan, under their own key.
    """
    moment = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)
    changed = {
        p.name
        for p in projects
        if p.key in ready or ((w := tick.watched.get(p.key)) and w.state.done != w.state.signature)
    }
    tick.news += adopt_renamed(workspace, moment, {p.name for p in ready.values()}, changed)[1]
    keys = {p.name: p.key for p in workspace.projects()}
    moved = [p for p in projects if keys.get(p.name, p.key) != p.key]
    seen = {p.name: tick.watched.pop(p.key).state for p in moved if p.key in tick.watched}
    for project in moved:
        ready.pop(project.key, None)
    tick.watched |= {keys[name]: Watched(replace(look, done="")) for name, look in seen.items()}


def _inside(folder: Path, files: list[str]) -> Iterator[str]:
    start = f"{folder.resolve()}/"
    return (file.removeprefix(start) for file in files if file.startswith(start))
