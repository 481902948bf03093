"""A folder as target.

Holds `Folder`.
Add here: nothing but what a folder needs.
Keep out: other targets.
"""

from __future__ import annotations

from pathlib import Path

from proofsheet.apply.disk import Disk
from proofsheet.core.files import hash_file
from proofsheet.publish.targets.base import UploadItem


class Folder:
    """A folder on this machine or mounted into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = f"folder:{folder}"

    def put(self, parcel: UploadItem) -> None:
        """Copy it there, whole or not at all."""
        target, disk = self._folder / parcel.name, Disk()
        if target.is_file() and hash_file(target)[0] == parcel.content_hash:
            return
        disk.make_folder(target.parent)
        disk.write_new(target, parcel.path.read_bytes())

    def close(self) -> None:
        """Nothing stays open."""
