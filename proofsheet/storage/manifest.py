"""What a generation consists of: a small file that names the part of each table.

Holds `Manifest` and `Part`.
Add here: another thing that readers need to know of a part; raise `FORMAT` if older versions would read it
wrongly.
Keep out: the rows (parts.py), and which manifest is the current one (generations.py).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.errors import Damaged, StoreTooNew
from schemas.storage import StoredTable

FORMAT = 2
MENDS = "You need not restore anything: the next run of the project sets it aside and makes the tables again."


@dataclass(frozen=True)
class Part:
    """The rows of one table, in a file that never changes.

    Attributes:
        file: its place in the folder of the store.
        sha256: of its bytes.
        size: bytes.
        lengths: how many numbers the vectors of a column hold, by column.
        book: what is noted of the table, by the columns of `StoredTable`.
    """

    file: str
    sha256: str
    size: int
    lengths: Mapping[str, int]
    book: Mapping[str, object]


@dataclass(frozen=True)
class Manifest:
    """One generation.

    Attributes:
        number: 0 for the one before the first, which has no tables.
        parts: by table name.
    """

    number: int = 0
    parts: Mapping[str, Part] = field(default_factory=dict)

    def files(self) -> dict[str, str]:
        """SHA-256 by file; one file may hold several tables."""
        return {part.file: part.sha256 for part in self.parts.values()}

    def books(self) -> pl.DataFrame:
        """The rows of `StoredTable`."""
        return StoredTable.frame(part.book for part in self.parts.values())

    def content(self) -> bytes:
        """Its bytes; equal generations have equal bytes."""
        told = {name: {**vars(part), "book": _plain(part.book)} for name, part in sorted(self.parts.items())}
        return json.dumps({"format": FORMAT, "generation": self.number, "tables": told}, indent=1).encode(
            "ascii"
        )


@functools.lru_cache(maxsize=64)
def read_manifest(content: bytes, path: Path) -> Manifest:
    """The manifest in a file.

    Raises:
        StoreTooNew: if a later version wrote it.
        Damaged: if it holds something else.
    """
    try:
        told = json.loads(content)
        check_format(int(told["format"]), path)
        parts = {
            str(name): Part(**{**part, "book": _typed(part["book"])}) for name, part in told["tables"].items()
        }
        return Manifest(int(told["generation"]), parts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(path, f"it is not a list of tables ({error})", MENDS) from error


def check_format(found: int, path: Path) -> None:
    """Refuse what a later version wrote.

    Raises:
        StoreTooNew: if it did.
    """
    if found > FORMAT:
        raise StoreTooNew(
            f"The store {path.parent} has format {found}; this Proofsheet knows {FORMAT}.",
            "Install the newer Proofsheet, or delete the store folder: it is rebuilt by `proofsheet run`.",
        )


def _plain(book: Mapping[str, object]) -> dict[str, object]:
    return {n: v.isoformat() if isinstance(v, datetime) else v for n, v in book.items()}


def _typed(book: dict[str, Any]) -> dict[str, object]:
    return {**book, StoredTable.published_at: datetime.fromisoformat(book[StoredTable.published_at])}
