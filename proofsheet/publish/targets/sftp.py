"""An SFTP server as target.

Holds `Sftp`.
Add here: what servers do differently.
Keep out: other targets.
"""

from __future__ import annotations

import hashlib
import importlib.util
import urllib.parse
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from proofsheet.apply.disk import TargetTaken
from proofsheet.core import extras
from proofsheet.core.errors import ServiceUnreachable, UsageError
from proofsheet.publish.targets.base import TIMEOUT_S, UploadItem, refused

if TYPE_CHECKING:
    import paramiko

_NEXT = "Check address, folder, rights, and key or password."


class Sftp:
    """An SSH server's files; uploads under another name and renames, so that nobody takes half a file.

    The keys of the agent and of ~/.ssh are tried, then the password. A host that ~/.ssh/known_hosts does not
    know, or knows by another key, is refused.

    Args:
        url: sftp://USER@HOST:PORT/FOLDER, or /~/FOLDER in the home there; the folder must be there, those
            below it are made.
        password: empty for none.

    Raises:
        UsageError: if paramiko is not installed.
    """

    def __init__(self, url: urllib.parse.SplitResult, password: str) -> None:
        if importlib.util.find_spec("paramiko") is None:
            raise UsageError("SFTP is not available: paramiko is not installed.", f"Run {extras.SFTP}.")
        self._url, self._password = url, password
        self._user = urllib.parse.unquote(url.username) if url.username else None
        self._open: tuple[paramiko.SSHClient, paramiko.SFTPClient] | None = None
        path = urllib.parse.unquote(url.path) or "/"
        self._folder = (
            PurePosixPath(path.removeprefix("/~/") or ".") if path.startswith("/~/") else PurePosixPath(path)
        )
        self.name = f"sftp://{f'{self._user}@' if self._user else ''}{url.hostname}:{url.port or 22}{path}"

    def put(self, parcel: UploadItem) -> None:
        """Upload it; the size there is compared, and the content of a file that is there already."""
        import paramiko

        try:
            self._put(self._connected(), parcel)
        except (OSError, paramiko.SSHException, EOFError) as error:
            self.close()
            raise refused(self, parcel.name, error, _next_step(error)) from error

    def close(self) -> None:
        """End the connection."""
        if self._open is not None:
            self._open[0].close()
            self._open = None

    def _connected(self) -> paramiko.SFTPClient:
        if self._open is None:
            import paramiko

            client = paramiko.SSHClient()
            client.load_system_host_keys()
            client.set_missing_host_key_policy(paramiko.RejectPolicy())
            try:
                client.connect(
                    str(self._url.hostname),
                    self._url.port or 22,
                    self._user,
                    self._password or None,
                    timeout=TIMEOUT_S,
                    banner_timeout=TIMEOUT_S,
                    auth_timeout=TIMEOUT_S,
                )
                files = client.open_sftp()
                channel = files.get_channel()
                if channel is not None:
                    channel.settimeout(TIMEOUT_S)
            except BaseException:
                client.close()
                raise
            self._open = client, files
        return self._open[1]

    def _put(self, there: paramiko.SFTPClient, parcel: UploadItem) -> None:
        target = self._folder / parcel.name
        there.stat(str(self._folder))
        for folder in reversed(target.relative_to(self._folder).parents[:-1]):
            _make(there, str(self._folder / folder))
        if _size(there, str(target)) is not None:
            with there.open(str(target), "rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() == parcel.content_hash:
                    return
            raise TargetTaken(f"{self.name} has another {parcel.name} already")
        work = str(target.with_name(f".{target.name}.part"))
        there.put(str(parcel.path), work, confirm=False)
        if _size(there, work) != parcel.path.stat().st_size:
            raise ServiceUnreachable(
                f"{self.name} has fewer bytes of {parcel.name} than were sent.", "Publish again."
            )
        there.rename(work, str(target))  # SSH_FXP_RENAME of version 3: an error if the name is there


def _size(there: paramiko.SFTPClient, path: str) -> int | None:
    """Bytes of a file; None if it is not there."""
    try:
        return there.stat(path).st_size
    except FileNotFoundError:
        return None


def _make(there: paramiko.SFTPClient, folder: str) -> None:
    if _size(there, folder) is None:
        there.mkdir(folder)


def _next_step(error: Exception) -> str:
    if "not found in known_hosts" in str(error):
        return "Connect once with ssh to that host and port, compare its key, and publish again."
    return _NEXT
