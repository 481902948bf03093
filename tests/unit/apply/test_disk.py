"""Owners of files that are written anew under their names, or copied to another disk."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from proofsheet.apply.disk import Disk
from proofsheet.core.errors import UsageError

OWNER = (1234, 2345)
pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files to others"
)


class NoLinks(Disk):
    """A disk that links nothing."""

    def before(self, what: str, path: Path) -> None:
        if what == "link":
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(path))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of another user, with rights."""
    found = tmp_path / "a.jpg"
    found.write_bytes(b"one")
    os.chown(found, *OWNER)
    found.chmod(0o640)
    return found


def owner(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid, found.st_mode & 0o777


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_keeps_its_owner_with_another_content_and_on_another_disk(file: Path) -> None:
    Disk().replace(file, b"two", digest(b"one"))
    assert (file.read_bytes(), owner(file)) == (b"two", (*OWNER, 0o640))
    NoLinks().move(file, file.with_name("b.jpg"), digest(b"two"))
    assert owner(file.with_name("b.jpg")) == (*OWNER, 0o640)


def test_a_file_whose_owner_cannot_be_kept_is_not_touched(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _user: int, _group: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(UsageError, match=r"a.jpg belongs to user 1234, group 2345"):
        Disk().replace(file, b"two", digest(b"one"))
    with pytest.raises(UsageError, match=r"a.jpg belongs to user 1234, group 2345"):
        NoLinks().move(file, file.with_name("b.jpg"), digest(b"one"))
    assert [(p, p.read_bytes()) for p in file.parent.iterdir()] == [(file, b"one")]
    assert owner(file) == (*OWNER, 0o640)
