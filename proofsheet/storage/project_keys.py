"""Which project a folder is: the key of each project, and the name of the folder that it has now.

Holds `Registry`, `note_folder` and `project_key`.
Add here: another thing that is known of a project before its ledger is opened.
Keep out: which folders there are (workspace.py), and who took over what was known
(library/renamed_folders.py).

    <home>/projects.json   key to folder name; made again from the ledgers if it is lost or damaged

Names are noted as the system gives them, bytes that are no text as surrogates; ledgers and former versions
note them as they are printed, so one noted name may fit two folders. No two folders ever get one key. A key
is made of the first name and never changes; a project with a folder of another name keeps key, ledger, store
and cache.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from pathlib import Path

from proofsheet.core.errors import StoreError
from proofsheet.core.files import printable, set_aside, short_hash, write_atomic
from proofsheet.storage.ledger import Ledger
from schemas.library import ProjectFolder

_SLUG_LENGTH = 40
SHARED = "_all"  # key of what belongs to no project; keys of projects end in a hash and so differ


@lru_cache(1 << 14)
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

    def rename(self, key: str, name: str, own: str) -> None:
        """Assign this project to the folder of this name.

        The folder's own key is no longer a project.
        """
        kept = {k: n for k, n in self.names().items() if n != name and k != own}
        self._write(kept | {key: name})

    def _read(self) -> dict[str, str] | None:
        try:
            found = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return (
            found
            if isinstance(found, dict) and all(isinstance(name, str) for name in found.values())
            else None
        )

    def _write(self, names: Mapping[str, str]) -> None:
        if self._file.exists() and self._read() is None:
            set_aside(self._file)
        write_atomic(
            self._file, json.dumps(names, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace")
        )

    def _from_ledgers(self) -> dict[str, str]:
        found = {}
        for path in sorted((self.home / "ledger").glob("*-*.sqlite")):
            try:
                rows = Ledger(path, path.stem).rows(ProjectFolder).sort(ProjectFolder.number)
            except StoreError:
                continue  # reported for its project
            if rows.height:
                found[path.stem] = str(rows[ProjectFolder.folder_name][-1])
        return found


def keys_of(folders: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """Folder name to key: the noted one, else one made of the name that no other project has.

    Args:
        folders: their names, as the system gives them.
        names: key to noted name; as the system gives it, or as it is printed.
    """
    by_form: dict[str, list[str]] = defaultdict(list)
    for name in folders:
        for form in {name, printable(name)}:
            by_form[form].append(name)
    fitting = [(name, key) for key, noted in names.items() for name in by_form.get(noted, ())]
    found, taken = dict[str, str](), set[str]()
    for name, key in sorted(
        fitting, key=lambda pair: (pair[1] != project_key(pair[0]), names[pair[1]] != pair[0])
    ):
        if name not in found and key not in taken:
            found[name] = key
            taken.add(key)
    for name in (n for n in folders if n not in found):
        made = (project_key(name, *([str(number)] if number else [])) for number in count())
        found[name] = next(key for key in made if key not in names and key not in taken)
        taken.add(found[name])
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
