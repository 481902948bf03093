"""What commands say and give back when something small is wrong."""

from __future__ import annotations

import errno
import os
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from dagster_project.cli import main
from proofsheet.core.files import write_atomic


def test_init_writes_whole_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lib", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    result = CliRunner().invoke(main, ["init", "../lib", "--home", "../home"])
    assert result.exit_code == 0, result.output
    place = tomllib.loads((tmp_path / "work" / "proofsheet.toml").read_text("utf-8"))["place"]
    assert place == {"library": str(tmp_path / "lib"), "home": str(tmp_path / "home")}


def test_an_import_without_any_good_line_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "library" / "trip").mkdir(parents=True)
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("PROOFSHEET_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("bad.jsonl").write_text('{"group_id": "nowhere"}\n', "utf-8")
    result = CliRunner().invoke(main, ["decisions", "import", "trip", "bad.jsonl"])
    assert "1 refused" in result.output
    assert result.exit_code == 1


def test_a_full_disk_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"out\.csv"):
        write_atomic(tmp_path / "out.csv", b"x")
