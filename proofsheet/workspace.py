"""Where everything lies: the library, the home, and the projects between them.

Holds `Workspace` and `Project`.
Add here: a place inside the home.
Keep out: what is done there.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from proofsheet.errors import NotFound, UsageError
from proofsheet.files import printable, short_hash, write_atomic
from proofsheet.ledger import Ledger
from proofsheet.store import Store
from schemas.settings import PlaceSettings

_SLUG_LENGTH = 40
_NAMES = "projects.json"
SANDBOX = "sandbox"
SHARED = "_all"  # key of what belongs to no project; keys of projects end in a hash and so differ


@dataclass(frozen=True)
class Project:
    """One sub-folder of the library, or a sandbox, and its places in the home."""

    key: str
    name: str
    folder: Path
    home: Path
    sandbox: bool = False

    @property
    def store(self) -> Store:
        """Derived tables."""
        return Store(self.home / "store", self.key)

    @property
    def ledger(self) -> Ledger:
        """Facts."""
        return Ledger(self.home / "ledger" / f"{self.key}.sqlite", self.key)

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
        """Held by the one run that works on the project."""
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
    def export_file(self) -> Path:
        """The CSV of accepted rows."""
        return self.home / "exports" / self.key / "metadata.csv"


class Workspace:
    """A library and its home.

    Raises:
        UsageError: if the library is missing or the home lies inside it.
    """

    def __init__(self, place: PlaceSettings) -> None:
        self.library = Path(place.library).expanduser()
        self.home = Path(place.home).expanduser()
        if not self.library.is_dir():
            raise UsageError(
                f"The library {self.library} is not a folder.",
                "Run `proofsheet init LIBRARY` with the folder of your projects.",
            )
        if self.home.resolve().is_relative_to(self.library.resolve()):
            raise UsageError(f"The home {self.home} lies inside the library.", "Choose a home outside: the library is only read.")

    def projects(self) -> list[Project]:
        """Every project in the order of its name, then every sandbox; hidden folders and links are none."""
        return [self._of(folder) for folder in _folders(self.library)] + self.sandboxes()

    def sandboxes(self) -> list[Project]:
        """Copies of sets to try decisions on: projects of their own, never data for training."""
        place = sandbox_folder(self.home)
        names = [(f"{SANDBOX}/{folder.name}", folder) for folder in (_folders(place) if place.is_dir() else [])]
        return [Project(project_key(name), printable(name), folder, self.home, sandbox=True) for name, folder in names]

    def project(self, wanted: str) -> Project:
        """The project with this key or folder name.

        Raises:
            NotFound: if there is none.
        """
        found = [p for p in self.projects() if wanted in (p.key, p.name)]
        if not found:
            names = ", ".join(p.name for p in self.projects()) or "none"
            raise NotFound(f"There is no project {wanted!r} in {self.library}.", f"Projects there: {names}.")
        return found[0]

    @property
    def shared(self) -> Project:
        """The places of what belongs to no project."""
        return Project(SHARED, "all projects", self.library, self.home)

    def remember(self) -> None:
        """Note the names of the present projects, so that a vanished folder can be told by its name."""
        names = self._names() | {p.key: p.name for p in self.projects()}
        if names != self._names():
            write_atomic(self.home / _NAMES, json.dumps(names, indent=2, ensure_ascii=False).encode("utf-8"))

    def vanished(self) -> dict[str, str]:
        """Key to name of every project that was here and whose folder is gone; its tables and facts stay."""
        present = {p.key for p in self.projects()}
        return {key: name for key, name in self._names().items() if key not in present}

    def _names(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self.home / _NAMES).read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def loose_files(self) -> int:
        """Files that lie in the library itself and so belong to no project."""
        return sum(1 for p in self.library.iterdir() if not p.is_dir() and not p.name.startswith("."))

    def _of(self, folder: Path) -> Project:
        return Project(project_key(folder.name), printable(folder.name), folder, self.home)


def _folders(place: Path) -> list[Path]:
    found = (p for p in place.iterdir() if p.is_dir() and not p.is_symlink() and not p.name.startswith("."))
    return sorted(found, key=lambda p: p.name)


def sandbox_folder(home: Path) -> Path:
    """Where sandboxes lie."""
    return home / SANDBOX


def project_key(name: str) -> str:
    """A safe slug plus a hash of the exact name, so that no two folders share a key."""
    plain = unicodedata.normalize("NFKD", printable(name)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_SLUG_LENGTH] or "project"
    return f"{slug}-{short_hash(name, length=6)}"
