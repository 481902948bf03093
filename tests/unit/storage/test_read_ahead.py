"""Tables read together: the same rows, and no damage hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.core.errors import Damaged
from proofsheet.storage.parts import Parts
from proofsheet.storage.read_ahead import read_ahead
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import RECENT, Store
from schemas.library import OtherFile
from schemas.models import RankerModel
from schemas.publish import Takedown
from schemas.table import Table

TABLES: tuple[type[Table], ...] = (OtherFile, Takedown, RankerModel)


def filled(root: Path) -> Store:
    store = Store(root, "p")
    row = {"project": "p", "path": "a", "role": "other", "extension": ""}
    store.publish({OtherFile: OtherFile.frame([row]), Takedown: Takedown.frame()}, Stamp("1"))
    RECENT.clear()
    return store


def test_rows_read_together_are_those_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(tmp_path)
    alone = {table: store.read(table) for table in TABLES}
    RECENT.clear()
    read_ahead(store, TABLES)
    monkeypatch.setattr(Parts, "read", lambda *_: pytest.fail("it was read already"))
    assert all(store.read(table).equals(frame) for table, frame in alone.items())
    assert alone[OtherFile].height == 1


@pytest.mark.parametrize("content", [b"PAR1 no rows PAR1", None], ids=["changed", "gone"])
def test_a_damaged_file_is_told_by_the_read_that_follows(tmp_path: Path, content: bytes | None) -> None:
    store = filled(tmp_path)
    (path,) = store.folder.glob("tables/other_files/*.parquet")
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    read_ahead(store, TABLES)
    with pytest.raises(Damaged, match=r"other_files"):
        store.read(OtherFile)


def test_rows_of_an_earlier_generation_are_not_taken_for_those_of_now(tmp_path: Path) -> None:
    store = filled(tmp_path)
    read_ahead(store, TABLES)
    row = {"project": "p", "path": "b", "role": "other", "extension": ""}
    store.publish({OtherFile: OtherFile.frame([row])}, Stamp("2"))
    read_ahead(store, TABLES)
    assert store.read(OtherFile)["path"].to_list() == ["b"]
