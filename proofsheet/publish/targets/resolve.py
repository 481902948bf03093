"""Which place a setting means.

Holds `publisher_of`.
Add here: the scheme of another target.
Keep out: the targets.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path

from proofsheet.core.errors import UsageError
from proofsheet.publish.targets.base import Publisher
from proofsheet.publish.targets.folder import Folder
from proofsheet.publish.targets.ftp import Ftp
from proofsheet.publish.targets.http import Http
from proofsheet.publish.targets.sftp import Sftp
from schemas.settings.publish import PublishSettings

FORMS = (
    "folder:PATH, sftp://USER@HOST/FOLDER, ftp://USER@HOST/FOLDER, https://HOST/PATH or a database "
    "(sqlite:////PATH)"
)
_SERVERS: Mapping[str, Callable[[urllib.parse.SplitResult, str], Publisher]] = {
    "ftp": Ftp,
    "sftp": Sftp,
    "http": Http,
    "https": Http,
}


def publisher_of(settings: PublishSettings) -> Publisher:
    """The publisher that the settings name; nothing is connected yet.

    Raises:
        UsageError: if they name none, or one that is not available.
    """
    target, password = settings.target, settings.password.get_secret_value()
    if target.startswith("folder:") and target.removeprefix("folder:"):
        return Folder(Path(target.removeprefix("folder:")).expanduser().absolute())
    try:
        url = urllib.parse.urlsplit(target)
        port = url.port
    except ValueError as error:
        raise UsageError(
            f"The target {target.rpartition('@')[2]!r} is not an address: {error}.",
            f"Set target in [publish] to {FORMS}.",
        ) from error
    if url.password is not None:
        raise UsageError(
            f"The target {target.rpartition('@')[2]!r} holds a password.",
            "Give it as PROOFSHEET_PUBLISH_PASSWORD.",
        )
    if url.scheme in _SERVERS and (url.query or url.fragment):
        raise UsageError(
            f"The target {target.rpartition('@')[2]!r} has a ? or #.",
            "Write such a character of a folder as %3F or %23.",
        )
    if url.scheme in _SERVERS and url.hostname and port != 0:
        return _SERVERS[url.scheme](url, password)
    if "://" in target and url.scheme not in _SERVERS:
        from proofsheet.publish.targets.sql import Sql  # slow to import, and few need it

        return Sql(target, password)
    raise UsageError(
        f"The target {target.rpartition('@')[2]!r} names no place to publish to."
        if target
        else "No target is set.",
        f"Set target in [publish] to {FORMS}.",
    )
