"""A project with a folder of another name: found by its contents, it keeps key, ledger, store and cache.

Holds `find_renamed`, `adopt_renamed`, `adopt` and `keep_apart`.
Add here: another sign that two folders are one project.
Keep out: single files (a scan knows them by path); names that another folder bears now (name_reuse.py).

Two projects are never mixed: only a folder without facts of its own takes over, and only from a project
without a folder, so a copy is a new project. It happens automatically if exactly one folder and one such
project fit each other; otherwise you are asked.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from proofsheet.core.errors import Locked, NotFound, StoreError, UsageError
from proofsheet.core.files import write_atomic
from proofsheet.core.locks import acquire
from proofsheet.core.shell_words import as_word
from proofsheet.library.name_reuse import EQUAL, compare, is_new, let_go
from proofsheet.storage.health import each_alone, set_aside_ledger
from proofsheet.storage.project_keys import note_folder
from proofsheet.storage.workspace import SANDBOX, Project, Workspace
from schemas import apply, edits, marks, publish, review, sets
from schemas.history import HistoryRow
from schemas.library import Photo
from schemas.table import Table

_OWN = 0.5
BY_PEOPLE: tuple[type[Table], ...] = (
    *(edits.WordEdit, edits.Waiver, edits.WordReview, edits.TextRequest, sets.SetContext, HistoryRow),
    *(review.ReviewDecision, review.ReviewBatch, review.Feedback, apply.ApplyPlan, publish.Upload),
    marks.PhotoMark,
)


@dataclass(frozen=True)
class RenameQuestion:
    """A folder that may be a project with its own folder gone.

    Attributes:
        folder: its name.
        former: name that the folder of the project had.
        key: of the project.
        share: of the project's photos that the folder holds, by content.
        sure: whether the next run takes over by itself.
    """

    folder: str
    former: str
    key: str
    share: float
    sure: bool

    @property
    def summary(self) -> str:
        """The question, or what the next run will do, in one line."""
        equal = f"{self.folder}: holds {self.share:.0%} of the photos of {self.former} (its folder is gone)"
        if self.sure:
            return f"{equal}; its next run takes over the data"
        return (
            f"{equal}; is it the same project? `proofsheet projects adopt {as_word(self.folder)} "
            f"{as_word(self.former)}`, or with --none"
        )


def find_renamed(workspace: Workspace) -> list[RenameQuestion]:
    """Folders with the content of a project without a folder. Nothing is changed."""
    gone = {k: n for k, n in workspace.vanished().items() if not n.startswith(f"{SANDBOX}/")}
    asked, apart = _read(workspace.home)
    if not gone:
        return []
    waiting = {q.folder for q in asked}
    new = [p for p in workspace.projects() if not p.sandbox and (p.name in waiting or is_new(p))]
    pairs: list[tuple[RenameQuestion, float]] = []
    for former in (workspace.former(key, name) for key, name in gone.items()) if new else ():
        try:
            photos = former.store.read(Photo)
        except StoreError:
            continue  # its former content is not known; `projects adopt` confirms it
        compared = each_alone(
            new, partial(compare, former, photos)
        )  # a folder that cannot be listed is reported at every scan
        for project, found in compared.results:
            if found.share >= EQUAL and [project.name, former.key] not in apart:
                pairs.append(
                    (
                        RenameQuestion(
                            project.name, former.name, former.key, round(found.share, 3), sure=False
                        ),
                        found.own,
                    )
                )
    folders, keys = (Counter(getattr(q, part) for q, _own in pairs) for part in ("folder", "key"))
    only = {
        q
        for q, own in pairs
        if own >= _OWN and folders[q.folder] == keys[q.key] == 1 and q.folder not in waiting
    }
    return [RenameQuestion(**asdict(q) | {"sure": q in only}) for q, _own in pairs]


def adopt_renamed(
    workspace: Workspace,
    now: datetime,
    ready: Collection[str] | None = None,
    changed: Collection[str] | None = None,
) -> tuple[dict[str, str], list[str]]:
    """Let certain folders take over the data of a former project, and ask about the others.

    Args:
        workspace: library and home.
        now: time (UTC, no zone).
        ready: names of the folders that may be read now; all if None.
        changed: names of the folders that may hold another project's pictures since their last run; all if
            None.

    Returns:
        Folder name to the key taken over, and lines for people.
    """
    let_go(workspace, now, changed)
    found = [q for q in find_renamed(workspace) if ready is None or q.folder in ready]
    done, told = dict[str, str](), [q.summary for q in found if not q.sure]
    for question in (q for q in found if q.sure):
        try:
            told.append(adopt(workspace, question.folder, question.key, "found by its contents", now))
            done[question.folder] = question.key
        except (StoreError, Locked) as error:
            told.append(
                f"{question.folder}: cannot take over {question.former}: {error.what} {error.next_step}"
            )
    _write(workspace.home, [q for q in found if not q.sure], _read(workspace.home)[1])
    return done, told


def adopt(workspace: Workspace, folder: str, former: str, how: str, now: datetime) -> str:
    """Let a folder take over key, ledger, store and cache of a project without a folder.

    Gives a line for the user.

    Args:
        workspace: library and home.
        folder: name of the folder.
        former: key or former name of the project.
        how: who says so; a value of `ProjectFolder.how`.
        now: time (UTC, no zone).

    Raises:
        UsageError: if the project's folder is there, or people wrote or decided something about the new
            folder already.
        StoreError: if the ledger of the project is damaged.
    """
    project, gone = workspace.project(folder), workspace.vanished()
    key = next((k for k, name in gone.items() if former in (k, name)), None)
    if key is None:
        if any(former in (p.key, p.name) for p in workspace.projects()):
            raise UsageError(
                f"The folder of {former} is there: {folder} is a project of its own.", "Nothing was changed."
            )
        raise NotFound(
            f"No project {former!r} without its folder is known.", "`proofsheet status` lists these projects."
        )
    if own := ", ".join(t.name for t in BY_PEOPLE if project.ledger.rows(t).height):
        raise UsageError(
            f"{folder} already has edits or decisions ({own}).",
            "Two projects are never mixed.",
        )
    old = workspace.former(key, gone[key])
    with (
        acquire(workspace.home / "locks" / "projects.lock", f"adopting {gone[key]}"),
        acquire(old.run_lock, "adopting", wait_s=0),
    ):
        note_folder(old.ledger, project.name, how, now)
        _clear_place(project)
        workspace.registry.rename(key, project.folder_name, project.key)
    questions, apart = _read(workspace.home)
    _write(workspace.home, [q for q in questions if q.folder != project.name], apart)
    return f"{project.name}: took over the data of {gone[key]} (its folder is gone)"


def keep_apart(workspace: Workspace, folder: str) -> list[str]:
    """Note that a folder is a project of its own; gives the former names that were asked about."""
    name = workspace.project(folder).name
    asked = [q for q in find_renamed(workspace) if q.folder == name]
    questions, apart = _read(workspace.home)
    _write(
        workspace.home, [q for q in questions if q.folder != name], [*apart, *([name, q.key] for q in asked)]
    )
    return [q.former for q in asked]


def _clear_place(project: Project) -> None:
    """Set aside the tables of the folder under its own name.

    Its facts are those of the former project from now on.
    """
    set_aside_ledger(project)
    store = project.store
    if store.folder.exists():
        aside = store.folder.parent / "set-aside" / f"{project.key}-{time.time_ns()}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        store.folder.rename(aside)
        store.open_copy.unlink(missing_ok=True)


def _read(home: Path) -> tuple[list[RenameQuestion], list[list[str]]]:
    """Open questions, and pairs of folder and key that the user keeps apart."""
    try:
        found = json.loads((home / "renamed.json").read_text("utf-8"))
        return [RenameQuestion(**q) for q in found["questions"]], [
            [str(a), str(b)] for a, b in found["apart"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return [], []


def _write(home: Path, questions: list[RenameQuestion], apart: list[list[str]]) -> None:
    if (questions, apart) != _read(home):
        document = {"questions": [asdict(q) for q in questions], "apart": apart}
        write_atomic(
            home / "renamed.json", json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8")
        )
