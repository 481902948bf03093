from __future__ import annotations

import csv
from pathlib import Path

import pytest

from proofsheet.publish.csv_export import write_csv
from schemas.publish import Export


def export(title: str, path: str = "a.jpg") -> dict[str, object]:
    return {
        "project": "p",
        "photo_id": path,
        "path": path,
        "content_hash": "h",
        "title": title,
        "caption": "c",
        "alt_text": "a",
        "keywords": ["one", "two"],
        "written_by": "w",
        "export_file": "f",
    }


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "plain", 'quote " and, comma', "two\nlines", "ü🦊"]
)
def test_cells_survive_and_are_no_formulas(tmp_path: Path, text: str) -> None:
    target = tmp_path / "out" / "m.csv"
    assert write_csv(Export.frame([export(text)]), target)
    with target.open(encoding="utf-8", newline="") as stream:
        (row,) = list(csv.DictReader(stream))
    assert row["title"].removeprefix("'") == text
    assert row["title"][0] not in "=+-@\t\r"
    assert row["keywords"] == "one; two"


def test_an_equal_file_is_not_written_again(tmp_path: Path) -> None:
    rows = Export.frame([export("t")])
    assert write_csv(rows, tmp_path / "m.csv")
    before = (tmp_path / "m.csv").stat().st_mtime_ns
    assert not write_csv(rows, tmp_path / "m.csv")
    assert (tmp_path / "m.csv").stat().st_mtime_ns == before
