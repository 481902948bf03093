"""Which project a folder is: the key of each project, and the name of the folder that it has now.

Holds `Registry`, `note_folder` and `project_key`.
Add here: another thing that is known of a project before its ledger is opened.
Keep out: which folders there are (workspace.py), and who took over what was known (library/adopting.py).

    <home>/projects.json   key to folder name; made again from the ledgers if it is lost or damaged

A key is made of the first name and never changes; a project with a folder of another name keeps key, ledger, store and cache.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from proofsheet.errors import StoreError
from proofsheet.files import printable, set_aside, short_hash, write_atomic
from proofsheet.ledger import Ledger
from schemas.facts import ProjectFolder

_SLUG_LENGTH = 40
SHARED = "_all"  # key of what belongs to no project; keys of projects end in a hash and so differ


def project_key(name: str, *more: str) -> str:
    """A safe slug plus a hash of the exact name, so that no two folders share a key."""
    plain = unicodedata.normalize("NFKD", printable(name)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_SLUG_LENGTH] or "project"
    return f"{slug}-{short_hash(name, *more, length=6)}"


class Registry:
    """Keys and folder names of every project that was ever here.

    Args:
        home: of the workspace.
    """

    def __init__(self, home: Path) -> None:
        self.home, self._file = home, home / "projects.json"

    def names(self) -> dict[str, str]:
        """Key to the name of the folder, as of the last run or tick."""
        found = self._read()
        return self._from_ledgers() if found is None else found

    def remember(self, present: dict[str, str]) -> None:
        """Note these keys with their names; those of folders that are gone stay."""
        before = self._read()
        names = (self._from_ledgers() if before is None else before) | present
        if names != before:
            self._write(names)

    def rename(self, key: str, name: str) -> None:
        """From now on the folder of this name is this project; what was noted under the name before is no project any more."""
        kept = {k: n for k, n in self.names().items() if n != name}
        self._write(kept | {key: name})

    def forget(self, key: str) -> None:
        """The folder of this key gets a fresh start under its name."""
        self._write({k: n for k, n in self.names().items() if k != key})

    def _read(self) -> dict[str, str] | None:
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and all(isinstance(name, str) for name in found.values()) else None

    def _write(self, names: Mapping[str, str]) -> None:
        if self._file.exists() and self._read() is None:
            set_aside(self._file)
        write_atomic(self._file, json.dumps(names, indent=2, ensure_ascii=False).encode("utf-8"))

    def _from_ledgers(self) -> dict[str, str]:
        found = {}
        for path in sorted((self.home / "ledger").glob("*-*.sqlite")):
            try:
                rows = Ledger(path, path.stem).rows(ProjectFolder).sort(ProjectFolder.number)
            except StoreError:
                continue  # told where its project is looked at
            if rows.height:
                found[path.stem] = str(rows[ProjectFolder.folder_name][-1])
        return found


def keys_of(folders: list[str], names: Mapping[str, str]) -> dict[str, str]:
    """Folder name to key: the noted one, else one made of the name that no other project has."""
    known = {name: key for key, name in names.items()}
    found = {}
    for name in folders:
        key, number = known.get(printable(name)) or project_key(name), 0
        while names.get(key, printable(name)) != printable(name):  # a project that has moved on to another folder
            number += 1
            key = project_key(name, str(number))
        found[name] = key
    return found


def note_folder(ledger: Ledger, name: str, how: str, now: datetime) -> None:
    """Note in a ledger which folder its project has, if that is news.

    Args:
        ledger: of the project.
        name: of the folder.
        how: how that is known; a value of `ProjectFolder.how`.
        now: time (UTC, no zone).
    """
    rows = ledger.rows(ProjectFolder).sort(ProjectFolder.number)
    if not rows.height or rows[ProjectFolder.folder_name][-1] != name:
        row = {ProjectFolder.number: rows.height + 1, ProjectFolder.folder_name: name}
        ledger.add(ProjectFolder, [row | {ProjectFolder.how: how, ProjectFolder.noted_at: now}])
