"""PROJECT or FOLDER of a command that makes new files elsewhere.

Holds `CopySource`, `copy_source` and `scan_source`.
Add here: what such commands share.
Keep out: the commands (commands/).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dagster_project.commands.bars import BarListener, progress_bars
from proofsheet.core.config import Configuration, find, load
from proofsheet.core.errors import NotFound, UsageError
from proofsheet.library.file_hashes import Scan
from proofsheet.library.scan import scan
from proofsheet.publish.copy_plan import refuse_inside
from proofsheet.storage.workspace import Project, Workspace
from schemas.settings.library import PlaceSettings


@dataclass(frozen=True)
class CopySource:
    """A folder of originals.

    Attributes:
        name: as it is shown.
        folder: the originals.
        cache: folder for hashes.
        settings: the current ones, or defaults without proofsheet.toml.
    """

    name: str
    folder: Path
    cache: Path
    settings: Configuration


@contextmanager
def copy_source(wanted: str, out: Path) -> Iterator[CopySource]:
    """A project by its name, or else any folder.

    Args:
        wanted: a project of the library; otherwise, or with a slash, a folder.
        out: where new files would go.

    Raises:
        UsageError: if there is neither, or if new files would be among originals.
    """
    settings = load() if find(Path.cwd()) else None
    project = _project(wanted, settings)
    folder = Path(wanted).resolve() if project is None else project.folder
    if not folder.is_dir():
        where = f"no project of {settings.place.library} and " if settings else ""
        raise UsageError(f"{wanted} is {where}no folder.", "Name a project or a folder with pictures.")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file.", "Name a folder with --out.")
    refuse_inside(out, _originals(folder, settings))
    if project is not None and settings is not None:
        yield CopySource(project.name, folder, project.cache, settings)
        return
    with tempfile.TemporaryDirectory(prefix="proofsheet-copies-") as home:
        used = settings or Configuration(place=PlaceSettings(library=str(folder), home=home))
        yield CopySource(folder.name, folder, Path(home), used)


def scan_source(source: CopySource) -> Scan:
    """The pictures of a folder of originals, under a progress bar."""
    with progress_bars() as bars:
        return scan(source.folder, source.cache, BarListener(bars, source.name))


def _project(wanted: str, settings: Configuration | None) -> Project | None:
    if settings is None or wanted.startswith((".", "/", "~")):
        return None
    try:
        return Workspace(settings.place).project(wanted)
    except NotFound:
        return None


def _originals(folder: Path, settings: Configuration | None) -> Sequence[Path]:
    return [folder, *([Path(settings.place.library).expanduser()] if settings else [])]
