"""Which projects hold a file of a name: for rows of history of which the folders name no project.

Holds `FileNames`.
Add here: another source of a project's file names.
Keep out: which picture a row refers to (matching.py).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence

from proofsheet.core.errors import StoreError
from proofsheet.core.foreign_paths import file_name_of
from proofsheet.library.identity_records import paths_of_photos
from proofsheet.storage.workspace import Project
from schemas.history import ImportedVector
from schemas.library import Photo


class FileNames:
    """The file names of projects, collected at the first question.

    They come from the disk, from `photos`, and from imported vectors.

    Args:
        projects: where to look.
    """

    def __init__(self, projects: Iterable[Project]) -> None:
        self._projects = list(projects)
        self._holders: dict[str, set[str]] | None = None

    def holders(self, names: Sequence[str]) -> set[str]:
        """Names of the projects that hold a file of each of these names; folders are not looked at.

        Args:
            names: file names in NFC.
        """
        if self._holders is None:
            self._holders = {}
            for project in self._projects:
                for name in _names(project):
                    self._holders.setdefault(name, set()).add(project.name)
        return set.intersection(*(self._holders.get(n, set()) for n in names))


def _names(project: Project) -> set[str]:
    """Names in a project; a store or ledger that is damaged adds none."""
    found = set[str]()
    with contextlib.suppress(StoreError):
        found |= set(project.store.read(Photo)[Photo.file_name])
    with contextlib.suppress(StoreError):
        found |= set(project.ledger.rows(ImportedVector)[ImportedVector.file_name])
        found |= {path for paths in paths_of_photos(project.ledger).values() for _since, path in paths}
    for _folder, folders, files in os.walk(project.folder):
        folders[:] = [f for f in folders if not f.startswith(".")]
        found.update(files)
    return {file_name_of(name) for name in found}
