"""Published copies never become photos of the library."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.core.config import load
from proofsheet.core.errors import UsageError


def read(tmp_path: Path, target: Path) -> str:
    for name in ("library", "home"):
        (tmp_path / name).mkdir(exist_ok=True)
    values = {
        "PROOFSHEET_LIBRARY": str(tmp_path / "library"),
        "PROOFSHEET_HOME": str(tmp_path / "home"),
        "PROOFSHEET_PUBLISH_TARGET": f"folder:{target}",
    }
    return load(tmp_path, values).publish.target


@pytest.mark.parametrize("inside", ["library", "library/Empty", "home/out", "out/../library/Empty"])
def test_a_target_inside_library_or_home_is_refused(tmp_path: Path, inside: str) -> None:
    with pytest.raises(UsageError, match="inside the"):
        read(tmp_path, tmp_path / inside)


def test_a_link_into_the_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "library")
    with pytest.raises(UsageError, match="inside the library"):
        read(tmp_path, tmp_path / "link" / "out")


def test_a_folder_beside_the_library_is_a_target(tmp_path: Path) -> None:
    assert read(tmp_path, tmp_path / "library of others").endswith("library of others")
