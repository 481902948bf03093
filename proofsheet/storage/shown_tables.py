"""The database for users, of which only changed tables are written again.

Holds `show_tables`.
Add here: another reason to write the whole database.
Keep out: how tables are written into it (database.py), and when (store.py).

    <store>/shown.json   which tables the database holds, and the fingerprint of its file

A database that another program has changed since, or that has grown, is written whole.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from proofsheet.core.files import Fingerprint, short_hash, write_atomic
from proofsheet.storage.database import FORM, block_size, write_database
from proofsheet.storage.manifest import Manifest, Part
from schemas.table import Table

_MOST_GROWTH = 2  # a changed table leaves free space; times the size of the whole database
_NOTE = "shown.json"


@dataclass(frozen=True)
class _Shown:
    """What the database was when it was written.

    Attributes:
        fingerprint: of its file.
        whole_size: bytes of the last one that was written whole.
        form: how it was written.
        tables: name to what the table was written from.
    """

    fingerprint: Mapping[str, int]
    whole_size: int
    form: str
    tables: Mapping[str, str]


def show_tables(target: Path, folder: Path, manifest: Manifest, made_ns: int) -> None:
    """Bring the database for users to a generation.

    Args:
        target: its file.
        folder: of the store.
        manifest: the generation.
        made_ns: modification time that the file gets.

    Raises:
        OSError: if there is no room, or a part cannot be read.
    """
    form, tables = f"{FORM} {block_size(manifest)}", {n: _mark(n, p) for n, p in manifest.parts.items()}
    before = _known(target, folder, form)
    same = {n for n, mark in tables.items() if before is not None and before.tables.get(n) == mark}
    whole = _written(target, folder, manifest, same if before is not None else set())
    os.utime(target, ns=(made_ns, made_ns))
    found = Fingerprint.at(str(target))
    size = found.size if whole or before is None else before.whole_size
    note = _Shown(asdict(found), size, form, tables)
    write_atomic(folder / _NOTE, json.dumps(asdict(note)).encode("ascii"), durable=False)


def _written(target: Path, folder: Path, manifest: Manifest, same: set[str]) -> bool:
    """Write what changed, or everything if that fails; gives whether everything was written."""
    if same:
        with contextlib.suppress(OSError):
            write_database(target, folder, manifest, same)
            return False
    write_database(target, folder, manifest)
    return True


def _known(target: Path, folder: Path, form: str) -> _Shown | None:
    """What the present file holds; None if that is not known for sure."""
    try:
        note = _Shown(**json.loads((folder / _NOTE).read_text("ascii")))
        untouched = note.fingerprint == asdict(Fingerprint.at(str(target)))
        grown = note.fingerprint["size"] > _MOST_GROWTH * note.whole_size
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return note if untouched and note.form == form and not grown else None


def _mark(name: str, part: Part) -> str:
    """What a table of the database follows from: the file of its rows and its declaration."""
    table = Table.tables.get(name)
    declared = table.ddl(part.lengths) if table is not None else []
    return f"{part.sha256} {short_hash(*declared)}"
