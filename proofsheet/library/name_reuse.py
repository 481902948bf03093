"""Project names on folders with the pictures of another project: a project belongs to its pictures.

Holds `let_go`, `compare` and `is_new`.
Add here: another sign that a folder is no longer that of its project.
Keep out: who takes over what was known (renamed_folders.py).

A folder is renamed and a new one gets its name, or two folders swap their names. By name alone, words and
decisions would be shown at other pictures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path

import polars as pl

from proofsheet.core.errors import StoreError
from proofsheet.core.folder_walk import walk
from proofsheet.core.progress import Quiet
from proofsheet.imaging.formats import EXTENSIONS, RAW_EXTENSIONS
from proofsheet.library.file_hashes import Scan, hash_all
from proofsheet.storage.health import each_alone
from proofsheet.storage.project_keys import note_folder
from proofsheet.storage.workspace import SANDBOX, Project, Workspace
from schemas.library import Photo

EQUAL, _SAMPLE = 0.8, 32


@dataclass(frozen=True)
class FolderLikeness:
    """How much of a project a folder holds.

    Attributes:
        share: of the project's photos that the folder holds, by content.
        own: share of the folder's pictures that they are.
        moved: whether they are the very files, and no copies.
    """

    share: float = 0.0
    own: float = 0.0
    moved: bool = False


def let_go(workspace: Workspace, now: datetime, changed: Collection[str] | None = None) -> None:
    """Take the name from projects with a folder that holds another project's pictures.

    The project's own pictures must be elsewhere.

    Such a project has no folder from then on, and may be found again by its contents. A folder with new
    pictures keeps its project, unless they are known to belong to another one. A folder beside a copy of its
    former content keeps its project too.

    Args:
        workspace: library and home.
        now: time (UTC, no zone).
        changed: names of the folders to look at; all if None.
    """
    projects = [p for p in workspace.projects() if not p.sandbox]
    placed = _displaced(workspace, [p for p in projects if changed is None or p.name in changed])
    if not placed:
        return
    gone = [
        workspace.former(k, n) for k, n in workspace.vanished().items() if not n.startswith(f"{SANDBOX}/")
    ]
    held = placed | {p: photos for p in gone if (photos := _photos(p)) is not None}
    free = [p for p in projects if p in placed or is_new(p)]
    leaving = set[Project]()
    for former, photos in held.items():
        for project, found in each_alone(
            [p for p in free if p != former], partial(compare, former, photos)
        ).results:
            if found.share >= EQUAL and (project in placed or found.moved):
                leaving |= {project, former} & placed.keys()
    taken = set(workspace.registry.names().values())
    for project in leaving:
        name = next(
            n
            for k in count(1)
            if (n := f"{project.folder_name} (before{f' {k}' if k > 1 else ''})") not in taken
        )
        note_folder(project.ledger, name, "found by its contents", now)
        workspace.registry.rename(project.key, name, project.key)


def _displaced(workspace: Workspace, projects: list[Project]) -> dict[Project, pl.DataFrame]:
    """Projects with a folder that has lost nearly all pictures of the last run, with those pictures.

    Without a change of the library itself since then, no folder in it has another name.
    """
    renamed = workspace.library.stat().st_mtime
    asked: Mapping[Project, pl.DataFrame] = {
        p: photos
        for p in projects
        if p.store.folder.exists()
        and p.store.folder.stat().st_mtime <= renamed
        and (photos := _photos(p)) is not None
    }
    own = each_alone(asked, lambda p: compare(p, asked[p], p))
    return {p: asked[p] for p, found in own.results if found.share <= 1 - EQUAL}


def _photos(project: Project) -> pl.DataFrame | None:
    """The content of a project at its last run.

    None if it is empty or unknown: then you must confirm.
    """
    try:
        photos = project.store.read(Photo)
    except StoreError:
        return None
    return photos if photos.height else None


def is_new(project: Project) -> bool:
    """Whether a folder has no data yet."""
    return not project.ledger.is_there() and not project.store.folder.exists()


def compare(former: Project, photos: pl.DataFrame, project: Project) -> FolderLikeness:
    """How much of the photos of a former project the folder of a project holds.

    Sizes are compared for all, contents for some dozens of them; the project's own hashes spare the reading
    where only the folder's name changed.

    Args:
        former: the project with known hashes.
        photos: of it.
        project: the project of the folder.
    """
    sizes = Counter(photos[Photo.size_bytes].to_list())
    here: dict[str, tuple[Path, int]] = {}
    for entry in walk(project.folder):
        named_so = entry.path.suffix.lower() in EXTENSIONS | RAW_EXTENSIONS
        if named_so and entry.why is None and not entry.hidden and entry.stat is not None:
            here[entry.name] = (entry.path, entry.stat.st_size)
    common = sum((sizes & Counter(size for _path, size in here.values())).values())
    if not common or common < (1 - EQUAL) * photos.height:
        return FolderLikeness()
    alike = [name for name, (_path, size) in here.items() if size in sizes]
    some = alike[:: -(-len(alike) // _SAMPLE)]
    read = Scan()
    hash_all({name: here[name][0] for name in some}, read, former.cache, Quiet())
    known = set(photos[Photo.content_hash])
    right = sum(p.file.content_hash in known for p in read.pictures) / len(some)
    return FolderLikeness(right * common / photos.height, right * common / len(here), read.hashed == 0)
