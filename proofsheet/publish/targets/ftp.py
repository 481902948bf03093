"""An FTP server as target.

Holds `Ftp`.
Add here: what servers do differently.
Keep out: other targets.
"""

from __future__ import annotations

import ftplib
import hashlib
import urllib.parse
from pathlib import PurePosixPath

from proofsheet.apply.disk import TargetTaken
from proofsheet.core.errors import ServiceUnreachable
from proofsheet.core.files import folded
from proofsheet.publish.targets.base import TIMEOUT_S, UploadItem, refused

_NEXT = "Check address, rights and password."


class Ftp:
    """An FTP server; uploads under another name and renames, so that nobody takes half a file.

    Args:
        url: ftp://USER@HOST:PORT/FOLDER; the folder must be there, those below it are made.
        password: empty for none.
    """

    def __init__(self, url: urllib.parse.SplitResult, password: str) -> None:
        self._url, self._password = url, password
        self._user = urllib.parse.unquote(url.username or "anonymous")
        self._open: ftplib.FTP | None = None
        self.name = f"ftp://{self._user}@{url.hostname}:{url.port or 21}{url.path or '/'}"

    def put(self, parcel: UploadItem) -> None:
        """Upload it; the size there is compared, and the content of a file that is there already."""
        try:
            self._put(self._connected(), parcel)
        except (OSError, ftplib.Error, EOFError) as error:
            self.close()
            raise refused(self, parcel.name, error, _NEXT) from error

    def close(self) -> None:
        """End the connection."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connected(self) -> ftplib.FTP:
        if self._open is None:
            self._open = ftplib.FTP(timeout=TIMEOUT_S)  # noqa: S321 - the protocol of the user's server
            self._open.connect(str(self._url.hostname), self._url.port or 21)
            self._open.login(self._user, self._password)
            self._root = self._open.pwd()
        return self._open

    def _put(self, ftp: ftplib.FTP, parcel: UploadItem) -> None:
        name = PurePosixPath(parcel.name)
        ftp.cwd(self._root)  # names below are relative
        ftp.cwd(urllib.parse.unquote(self._url.path) or ".")
        for part in name.parent.parts:
            _enter(ftp, part)
        names = _names(ftp)
        if name.name in names:
            there = hashlib.sha256()
            ftp.retrbinary(f"RETR {name.name}", there.update)
            if there.hexdigest() == parcel.content_hash:
                return
            raise TargetTaken(f"{self.name} has another {name} already")
        if folded(name.name) in {folded(n) for n in names}:
            raise TargetTaken(
                f"{self.name} has {name} already in another spelling, and some servers treat them as one"
            )
        work = f".{name.name}.part"
        with parcel.path.open("rb") as stream:
            ftp.storbinary(f"STOR {work}", stream)
        if ftp.size(work) != parcel.path.stat().st_size:
            raise ServiceUnreachable(
                f"{self.name} has fewer bytes of {name} than were sent.", "Publish again."
            )
        ftp.rename(work, name.name)


def _enter(ftp: ftplib.FTP, part: str) -> None:
    """Go into a folder, which is made if it is not there."""
    try:
        ftp.cwd(part)
    except ftplib.error_perm:
        ftp.mkd(part)
        ftp.cwd(part)


def _names(ftp: ftplib.FTP) -> set[str]:
    """Names in the present folder; some servers call an empty one an error, some give whole paths."""
    try:
        return {n.rpartition("/")[2] for n in ftp.nlst()}
    except ftplib.error_perm as error:
        if str(error).startswith("550"):
            return set()
        raise
