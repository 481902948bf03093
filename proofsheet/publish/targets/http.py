"""An HTTP server as target.

Holds `Http`.
Add here: what servers do differently.
Keep out: other targets.
"""

from __future__ import annotations

import base64
import hashlib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import PurePosixPath

from proofsheet.apply.disk import TargetTaken
from proofsheet.core.errors import ServiceUnreachable
from proofsheet.publish.targets.base import TIMEOUT_S, UploadItem, refused

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
        self._url, self._password = url, password
        self.name = f"{url.scheme}://{url.hostname}{f':{url.port}' if url.port else ''}{url.path}"

    def put(self, parcel: UploadItem) -> None:
        """Upload it by PUT with `If-None-Match: *`; folders that a WebDAV server misses are made."""
        name = parcel.name
        place = self._place(name)
        try:
            if self._status("HEAD", place) == _OK:
                return self._compare(place, parcel)
            code = self._send(place, parcel)
            if code in _NO_FOLDER:
                for folder in reversed(PurePosixPath(name).parents[:-1]):
                    self._status("MKCOL", self._place(f"{folder}/"))
                code = self._send(place, parcel)
        except OSError as error:
            raise refused(self, name, error, "Check the address.") from error
        if code == _TAKEN:
            return self._compare(place, parcel)
        if code not in _KEPT:
            raise ServiceUnreachable(
                f"{self.name} answered {code} to {name}.", "Check address, user, password and rights."
            )
        return None

    def close(self) -> None:
        """Nothing stays open."""

    def _place(self, name: str) -> str:
        return f"{self.name.rstrip('/')}/{urllib.parse.quote(name)}"

    def _send(self, place: str, parcel: UploadItem) -> int:
        kind = _TYPES.get(parcel.path.suffix, "application/octet-stream")
        return self._status(
            "PUT", place, {"content-type": kind, "if-none-match": "*"}, parcel.path.read_bytes()
        )

    def _compare(self, place: str, parcel: UploadItem) -> None:
        """Refuse another file under the name."""
        try:
            with urllib.request.urlopen(self._asked("GET", place, {}), timeout=TIMEOUT_S) as answer:  # noqa: S310
                if hashlib.file_digest(answer, "sha256").hexdigest() == parcel.content_hash:
                    return
        except OSError as error:
            raise refused(
                self, parcel.name, error, "The name is in use, and its content cannot be read."
            ) from error
        raise TargetTaken(f"{self.name} has another {parcel.name} already")

    def _status(
        self, method: str, place: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> int:
        try:
            with urllib.request.urlopen(  # noqa: S310
                self._asked(method, place, headers or {}, content), timeout=TIMEOUT_S
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def _asked(
        self, method: str, place: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> urllib.request.Request:
        found = urllib.request.Request(place, content, dict(headers), method=method)  # noqa: S310
        if self._url.username:
            secret = f"{urllib.parse.unquote(self._url.username)}:{self._password}".encode()
            found.add_unredirected_header("authorization", f"Basic {base64.b64encode(secret).decode()}")
        return found
