"""When to train again.

Holds `new_overrides`.
Add here: another sign that the model has aged.
Keep out: training.

It runs every half minute, so only stores with a new generation are read, and the result is saved in
`<home>/watch/overrides.json`; that file can be lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl

from proofsheet.core.errors import StoreError
from proofsheet.core.files import short_hash, write_atomic
from proofsheet.storage.workspace import Project, Workspace
from schemas.models import Fit
from schemas.rollout import Override

_MOST_READ = 100  # stores; the others wait for the next time
Known = dict[
    str, tuple[str, list[tuple[str, str]]]
]  # key to the pointer's hash, and set and time of each override


def new_overrides(workspace: Workspace) -> tuple[int, str]:
    """How many overrides by review came since the last ranker was trained, and a mark of which they are."""
    trained = workspace.shared.ledger.rows(Fit, kind="ranker")[Fit.trained_at].max()
    since = trained.isoformat(timespec="microseconds") if isinstance(trained, datetime) else ""
    found = [f"{key} {place}" for key, place, at in _overrides(workspace) if at > since]
    return len(found), short_hash(*sorted(found))


def _overrides(workspace: Workspace) -> Iterator[tuple[str, str, str]]:
    book = workspace.home / "watch" / "overrides.json"
    before = _read(book)
    known: Known = {}
    read = 0
    for project in (p for p in workspace.projects() if not p.sandbox):
        former = before.get(project.key)
        try:
            pointer = "".join(found for _number, found in project.store.generations.pointers()[:1])
            if pointer and (former is None or former[0] != pointer) and read < _MOST_READ:
                former, read = (pointer, _of(project)), read + 1
        except StoreError:
            continue  # `status` shows it
        if former is not None:
            known[project.key] = former
    if known != before:
        write_atomic(book, json.dumps(known).encode("ascii"))
    return ((key, place, at) for key, (_pointer, rows) in known.items() for place, at in rows)


def _of(project: Project) -> list[tuple[str, str]]:
    rows = project.store.read(Override).filter(pl.col(Override.source) == "review").to_dicts()
    return [
        (str(r[Override.set_key]), r[Override.decided_at].isoformat(timespec="microseconds")) for r in rows
    ]


def _read(book: Path) -> Known:
    try:
        return {
            key: (row[0], [(place, at) for place, at in row[1]])
            for key, row in json.loads(book.read_text("ascii")).items()
        }
    except (OSError, ValueError, TypeError, IndexError, AttributeError):
        return {}
