"""Whether a file has still the content of its photo: it may have been changed or exchanged since the run.

Holds `PictureContents`.
Add here: another content that the journal knows of a photo.
Keep out: what is refused for other reasons (embed_plan.py, uploader.py).
"""

from __future__ import annotations

from proofsheet.apply.plan import inside
from proofsheet.core.errors import UsageError
from proofsheet.core.files import Refused, hash_file
from proofsheet.storage.workspace import Project
from schemas.apply import EMBED, FileOperation
from schemas.library import Photo
from schemas.metadata_changes import MetadataChange


class PictureContents:
    """The contents that the files of a project may have: of the last run, or by `embed` and its undo since.

    Args:
        project: of the photos.
    """

    def __init__(self, project: Project) -> None:
        self._folder, self._ledger = project.folder, project.ledger
        rows = project.store.read(Photo).select(Photo.photo_id, Photo.content_hash).iter_rows()
        self._seen: dict[str, str] = dict(rows)

    def check(self, photo: str, path: str) -> None:
        """Read a file and refuse it if it is not that of the photo.

        Args:
            photo: the photo.
            path: present path of its file inside the project.

        Raises:
            UsageError: if it has another content, or cannot be read.
        """
        try:
            content = hash_file(inside(self._folder, path))[0]
        except Refused as refused:
            raise UsageError(f"{path}: {refused.reason};", f"{refused.next_step}.") from refused
        self.refuse_other(photo, path, content)

    def refuse_other(self, photo: str, path: str, content: str) -> None:
        """Refuse a content that is not that of the photo.

        Args:
            photo: the photo.
            path: of the file, for the message.
            content: SHA-256 of the file.

        Raises:
            UsageError: if the last run saw another one, and `embed` did not write it.
        """
        if content != self._seen.get(photo) and content not in self._embedded(photo):
            raise UsageError(f"{path} has changed since the last run.", "Run the project first.")

    def _embedded(self, photo: str) -> set[str]:
        """What `embed` wrote for a photo, and what it found before."""
        after = self._ledger.rows(MetadataChange, photo_id=photo)[MetadataChange.new_hash].drop_nulls()
        before = self._ledger.rows(FileOperation, kind=EMBED, photo_id=photo)[FileOperation.content_hash]
        return {*after, *before}
