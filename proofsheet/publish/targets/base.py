"""What is sent, and what every place that takes it promises.

Holds `UploadItem`, `Publisher` and `refused`.
Add here: something that every target needs to know about a picture.
Keep out: any one kind of target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from proofsheet.core.errors import ServiceUnreachable

TIMEOUT_S = 30.0


@dataclass(frozen=True)
class UploadItem:
    """A finished copy on its way.

    Attributes:
        path: the file.
        name: its name at the target, with folders, parted by slashes.
        content_hash: SHA-256 of the file.
        texts: title, caption, alt_text, keywords; they are inside the file too.
    """

    path: Path
    name: str
    content_hash: str
    texts: Mapping[str, Any] = field(default_factory=dict)


class Publisher(Protocol):
    """A place that takes pictures; used by one thread at a time."""

    @property
    def name(self) -> str:
        """The place in words, without any password; two places never have one name."""

    def put(self, parcel: UploadItem) -> None:
        """Send a picture.

        If it is there with the same content, nothing is sent. Another content is never overwritten.

        Raises:
            TargetTaken: if another picture has the name.
            ServiceUnreachable: if the place does not answer or refuses.
        """

    def close(self) -> None:
        """End a connection that was open between pictures; the next `put` makes a new one."""


def refused(place: Publisher, name: str, error: Exception, next_step: str) -> ServiceUnreachable:
    """The error for a picture that a place did not take."""
    return ServiceUnreachable(
        f"{place.name} did not accept {name}: {str(error).strip() or type(error).__name__}.", next_step
    )
