"""The lines of an index of vectors: the project and the picture of each, and the report of an import.

Holds `VectorImport`, `LineOwners` and `PictureLookup`.
Add here: another way to find the picture of a line.
Keep out: reading, checking and storing vectors (importing_vectors.py).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from proofsheet.core.foreign_paths import file_name_of, normalised
from proofsheet.core.row_errors import RowRefused
from proofsheet.embedding.vector_files import VectorEntry
from proofsheet.history.file_name_lookup import FileNames
from proofsheet.history.project_resolver import ProjectRegistry
from proofsheet.imaging.decode import PictureFile


@dataclass
class VectorImport:
    """The result of an import, line by line.

    Attributes:
        taken: vectors of present pictures, which need not be encoded again.
        kept: vectors stored as facts.
        new: of these, vectors that were not stored before.
        without_pictures: of the stored vectors, those without a picture in their project.
        projects: project to the number of stored vectors.
        refused: reason to lines.
        lines: state, reason, detail and next_step of every line that is refused or stored with a reservation.
    """

    taken: int = 0
    kept: int = 0
    new: int = 0
    without_pictures: int = 0
    projects: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    lines: list[dict[str, object]] = field(default_factory=list)

    def refuse(self, line: int, why: RowRefused) -> None:
        """A line that is refused."""
        self.refused[why.reason] += 1
        self.note("refused", line, why)

    def note(self, state: str, line: int, why: RowRefused) -> None:
        """The report on a line."""
        told = {
            "line": line,
            "reason": why.reason,
            "detail": why.detail,
            "next_step": why.next_step,
            "setting": why.setting,
        }
        self.lines.append({**told, "state": state})

    def as_dict(self) -> dict[str, object]:
        """Counts for JSON."""
        return {
            n: getattr(self, n) for n in ("taken", "kept", "new", "without_pictures", "projects", "refused")
        }


class PictureLookup:
    """The pictures of a project, by content and by name."""

    def __init__(self, files: Mapping[str, PictureFile]) -> None:
        self._by_hash = {f.content_hash: f for f in files.values()}
        self._by_name: dict[str, dict[str, PictureFile]] = defaultdict(dict)
        for path, file in files.items():
            self._by_name[file_name_of(path)][normalised(path)] = file

    def of(self, entry: VectorEntry) -> PictureFile | None:
        """The picture of a line: by content if it has a hash, else by a unique file name or by path."""
        if entry.content_hash:
            return self._by_hash.get(entry.content_hash)
        found = self._by_name.get(file_name_of(entry.path), {})
        if len({f.content_hash for f in found.values()}) > 1:
            wanted = f"/{normalised(entry.path)}"
            found = {p: f for p, f in found.items() if wanted.endswith(f"/{p}")}
        contents = {f.content_hash: f for f in found.values()}
        return next(iter(contents.values())) if len(contents) == 1 else None


@dataclass(frozen=True)
class LineOwners:
    """The projects of the lines of an index.

    Attributes:
        wanted: names of the projects that are asked for.
        registry: finds the project of a path.
        names: which projects hold a file of a name.
    """

    wanted: set[str]
    registry: ProjectRegistry
    names: FileNames

    def of(self, entry: VectorEntry) -> str:
        """Name of the project of a line: by its folders, else by a file name that only one project has.

        Raises:
            RowRefused: if there is none, more than one, or one that was not requested.
        """
        project = self.registry.find(entry.path)
        if project is None:
            holders = self.names.holders([file_name_of(entry.path)]) if entry.path else self.wanted
            project = next(iter(holders)) if len(holders) == 1 else self.registry.of_path(entry.path)
        if project not in self.wanted:
            raise RowRefused(
                "another project",
                f"{entry.path!r} belongs to {project}",
                "name that project too, or give --all",
            )
        return project
