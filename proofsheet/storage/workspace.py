"""All places: the library, the home, and the projects between them.

Holds `Workspace` and `Project`.
Add here: a place inside the home.
Keep out: what is done there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from proofsheet.core.errors import NotFound, UsageError
from proofsheet.core.files import composed, printable
from proofsheet.core.folder_walk import Shelf, folders_of
from proofsheet.storage.ledger import Ledger
from proofsheet.storage.project_keys import SHARED, Registry, keys_of
from proofsheet.storage.store import Store
from schemas.settings.library import PlaceSettings

SANDBOX = "sandbox"
LINK = "Move the folder itself into the library, or mount it there (`mount --bind`)."


@dataclass(frozen=True)
class Project:
    """One sub-folder of the library, or a sandbox, and its places in the home."""

    key: str
    name: str
    folder: Path
    home: Path
    sandbox: bool = False

    @property
    def folder_name(self) -> str:
        """Its name as in the system, for a sandbox with the folder of sandboxes.

        `name` is the same in readable form.
        """
        return f"{SANDBOX}/{self.folder.name}" if self.sandbox else self.folder.name

    @cached_property
    def store(self) -> Store:
        """Derived tables."""
        return Store(self.home / "store", self.key)

    @cached_property
    def ledger(self) -> Ledger:
        """Facts."""
        return Ledger(self.home / "ledger" / f"{self.key}.sqlite", self.key)

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Inside, this thread reads one generation, and the facts of one moment, until it writes itself."""
        with self.ledger.held_still(), self.store.held_still():
            yield

    @property
    def cache(self) -> Path:
        """Folder of what is only expensive."""
        return self.home / "cache" / self.key

    @property
    def vectors(self) -> Path:
        """Folder of the matrices of imported vectors."""
        return self.home / "vectors" / self.key

    @property
    def models(self) -> Path:
        """Folder of models; it serves all projects."""
        return self.home / "models"

    @property
    def shared(self) -> Project:
        """The places of what belongs to no project, such as models over all of them."""
        return Project(SHARED, "all projects", self.folder.parent, self.home)

    @property
    def decisions_file(self) -> Path:
        """The proposals as a file for other tools."""
        return self.home / "exports" / self.key / "automation_decisions.jsonl"

    @property
    def prompts(self) -> Path:
        """Folder of the user's own prompts; they serve all projects."""
        return self.home / "prompts"

    @property
    def run_lock(self) -> Path:
        """The lock of the one run of the project."""
        return self.home / "locks" / f"{self.key}.lock"

    @property
    def logs(self) -> Path:
        """Folder of the logs of its runs."""
        return self.home / "logs" / self.key

    @property
    def outgoing(self) -> Path:
        """Folder of copies that are being published; empty between publications."""
        return self.home / "outgoing" / self.key

    @property
    def conversions(self) -> Path:
        """Folder of converted photos, where the settings name no other."""
        return self.home / "conversions" / self.key

    @property
    def export_file(self) -> Path:
        """The CSV of accepted rows."""
        return self.home / "exports" / self.key / "metadata.csv"


class Workspace:
    """A library and its home.

    Raises:
        UsageError: if the library is missing or the home is inside it.
    """

    def __init__(self, place: PlaceSettings) -> None:
        self.library = Path(place.library).expanduser()
        self.home = Path(place.home).expanduser()
        if not self.library.is_dir():
            link = (
                f"is a link to {self.library.readlink()}, which is not there"
                if self.library.is_symlink()
                else "is not a folder"
            )
            raise UsageError(
                f"The library {self.library} {link}.",
                "Mount its disk, or run `proofsheet init LIBRARY` with the folder of your projects.",
            )
        if self.home.resolve().is_relative_to(self.library.resolve()):
            raise UsageError(
                f"The home {self.home} is inside the library.",
                "Choose a home outside: the library is only read.",
            )
        self.registry = Registry(self.home)

    def projects(self) -> list[Project]:
        """Every project by name, then every sandbox.

        Links, and folders that are left out, are not projects.
        """
        return self._placed(("", self.library), (f"{SANDBOX}/", sandbox_folder(self.home)))

    def _placed(self, *places: tuple[str, Path]) -> list[Project]:
        found = {
            f"{before}{f.name}": f
            for before, place in places
            if place.is_dir()
            for f in folders_of(place).folders
        }
        keys = keys_of(list(found), self.registry.names())
        return [
            Project(keys[name], printable(name), folder, self.home, sandbox=folder.parent != self.library)
            for name, folder in found.items()
        ]

    def project(self, wanted: str) -> Project:
        """The project with this key or folder name.

        Raises:
            NotFound: if it does not exist.
            UsageError: if several folders have this name as it is printed.
        """
        projects = self.projects()
        found = [p for p in projects if wanted in (p.key, p.name)]
        found = found or [p for p in projects if composed(p.name) == composed(wanted)]
        if not found:
            shelf = self.shelf()
            if wanted in shelf.links:
                raise NotFound(
                    f"{self.library / wanted} is a link to {shelf.links[wanted]}; links are not followed.",
                    LINK,
                )
            if wanted in shelf.left_out:
                raise NotFound(
                    f"{self.library / wanted} is left out: {shelf.left_out[wanted]}.",
                    "It is not one of your folders.",
                )
            names = ", ".join(p.name for p in projects) or "none"
            raise NotFound(f"There is no project {wanted!r} in {self.library}.", f"Projects there: {names}.")
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} folders are named {wanted!r}.",
                f"Give a key: {', '.join(p.key for p in found)}.",
            )
        return found[0]

    @property
    def shared(self) -> Project:
        """The places of what belongs to no project."""
        return Project(SHARED, "all projects", self.library, self.home)

    def remember(self) -> list[Project]:
        """Note the names of the present projects, and give these projects.

        A folder that is gone can then be reported by its name.
        """
        projects = self.projects()
        self.registry.remember({p.key: p.folder_name for p in projects})
        return projects

    def vanished(self, projects: Iterable[Project] | None = None) -> dict[str, str]:
        """Key to name of every former project without a folder; its tables and facts stay.

        Args:
            projects: the present ones, where they are known.
        """
        present = {p.key for p in (self.projects() if projects is None else projects)}
        return {key: printable(name) for key, name in self.registry.names().items() if key not in present}

    def former(self, key: str, name: str) -> Project:
        """The places of a project without a folder."""
        return Project(key, name, self.library / name, self.home)

    def shelf(self) -> Shelf:
        """Entries of the library that are not projects: links, folders that are left out, loose files."""
        return folders_of(self.library)

    @cached_property
    def library_link(self) -> str | None:
        """Where the library points, if it is a link."""
        return str(self.library.readlink()) if self.library.is_symlink() else None


def sandbox_folder(home: Path) -> Path:
    """The folder of sandboxes."""
    return home / SANDBOX
