"""An HTTP server as target.

Holds `Http`.
Add here: what servers do differently.
Keep out: other targets.
"""

from __future__ import annotations

import hashlib
import ssl
import urllib.parse
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from proofsheet.apply.disk import TargetTaken
from proofsheet.core.errors import ServiceUnreachable
from proofsheet.publish.targets.base import TIMEOUT_S, UploadItem, refused

if TYPE_CHECKING:
    import httpx

_OK, _TAKEN = 200, 412
_KEPT, _NO_FOLDER = (200, 201, 202, 204), (404, 409)
_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


class Http:
    """An HTTP server with PUT, which is asked to refuse a name in use.

    Args:
        url: https://USER@HOST:PORT/PATH.
        password: for Basic authentication, if a user is named.
    """

    def __init__(self, url: urllib.parse.SplitResult, password: str) -> None:
        self._auth = (urllib.parse.unquote(url.username), password) if url.username else None
        self._folder = f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path.rstrip('/')}/"
        self.name = f"{url.scheme}://{url.hostname}{f':{url.port}' if url.port else ''}{url.path}"

    def put(self, parcel: UploadItem) -> None:
        """Upload it by PUT with `If-None-Match: *`; folders that a WebDAV server misses are made."""
        import httpx

        try:
            with httpx.Client(
                auth=self._auth,
                headers={"accept-encoding": "identity"},
                timeout=TIMEOUT_S,
                verify=ssl.create_default_context(),  # the certificates of the system, also those of the user
            ) as client:
                self._put(client, parcel)
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise refused(self, parcel.name, error, "Check the address.") from error

    def close(self) -> None:
        """Nothing stays open."""

    def _put(self, client: httpx.Client, parcel: UploadItem) -> None:
        if _status(client, "HEAD", self._place(parcel.name), follow_redirects=True) == _OK:
            return self._compare(client, parcel)
        code = self._send(client, parcel)
        if code in _NO_FOLDER:
            for folder in reversed(PurePosixPath(parcel.name).parents[:-1]):
                _status(client, "MKCOL", self._place(f"{folder}/"))
            code = self._send(client, parcel)
        if code == _TAKEN:
            return self._compare(client, parcel)
        if code not in _KEPT:
            raise ServiceUnreachable(
                f"{self.name} answered {code} to {parcel.name}.", "Check address, user, password and rights."
            )
        return None

    def _place(self, name: str) -> str:
        return self._folder + urllib.parse.quote(name)

    def _send(self, client: httpx.Client, parcel: UploadItem) -> int:
        kind = _TYPES.get(parcel.path.suffix, "application/octet-stream")
        headers = {"content-type": kind, "if-none-match": "*"}
        with parcel.path.open("rb") as stream:
            return _status(client, "PUT", self._place(parcel.name), content=stream, headers=headers)

    def _compare(self, client: httpx.Client, parcel: UploadItem) -> None:
        """Refuse another file under the name."""
        found = hashlib.sha256()
        with client.stream("GET", self._place(parcel.name), follow_redirects=True) as answer:
            if answer.status_code != _OK:
                raise ServiceUnreachable(
                    f"{self.name} answered {answer.status_code} to {parcel.name}.",
                    "The name is in use, and its content cannot be read.",
                )
            for piece in answer.iter_bytes():
                found.update(piece)
        if found.hexdigest() != parcel.content_hash:
            raise TargetTaken(f"{self.name} has another {parcel.name} already")


def _status(client: httpx.Client, method: str, place: str, **more: Any) -> int:  # noqa: ANN401
    """The status of an answer; its body is not read."""
    with client.stream(method, place, **more) as answer:
        return answer.status_code
