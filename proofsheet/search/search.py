"""A search in one project: by a picture, by a label, by words.

Holds `Search`.
Add here: another way to ask.
Keep out: how each is answered (likeness.py, word_search.py), and output.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from proofsheet.core.errors import NotFound, UsageError
from proofsheet.core.shell_words import as_word
from proofsheet.library.photo_names import photos_meant
from proofsheet.search.likeness import like_file, like_photo, like_words
from proofsheet.search.results import Hit, SearchResult
from proofsheet.search.text_sources import LABEL_SOURCES, TEXT_SOURCES, SearchText, search_texts
from proofsheet.search.vector_matrix import VectorMatrix
from proofsheet.search.word_search import find_words, labels_there
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.settings.encoder import EncoderSettings
from schemas.settings.photos import PhotoSettings

_NAMED = 5  # paths or labels in a message


@dataclass(frozen=True)
class Search:
    """Searches in one project; nothing of another project is read.

    Attributes:
        project: the project of the photos.
        encoding: which encoder the settings ask for.
        opening: what a picture may cost that is searched for.
    """

    project: Project
    encoding: EncoderSettings
    opening: PhotoSettings

    def like(self, wanted: str, most: int) -> SearchResult:
        """Photos that look like one of the project, or like a picture file.

        Args:
            wanted: id, path or unique file name of a photo of the project, else the path of a file.
            most: how many photos.

        Raises:
            NotFound: if there is neither such a photo nor such a file.
            UsageError: if a name is not unique, the file is no picture, or there are no vectors.
        """
        photos, matrix, file = self._photos(), self._matrix(), _file(wanted)
        meant = photos_meant(photos, wanted)
        if meant.is_empty() and file is not None:
            meant = photos_meant(photos, self._inside(file))
        if meant.height > 1:
            paths = ", ".join(sorted(meant[Photo.path])[:_NAMED])
            raise UsageError(
                f"{meant.height} photos of {self.project.name} are named {wanted!r}.",
                f"Give a path: {paths}.",
            )
        if meant.height:
            hits = like_photo(self.project, matrix, meant.row(0, named=True), most)
        elif file is not None:
            hits = like_file(self.project, matrix, file, most, self.encoding, self.opening)
        else:
            raise NotFound(
                f"There is no photo {wanted!r} in {self.project.name}, and no such file.",
                "Give the path of a photo inside the project, or of a picture file.",
            )
        return SearchResult(self.project.name, "like", wanted, len(matrix.vectors), hits, [])

    def like_id(self, photo_id: str, most: int) -> SearchResult:
        """Photos that look like one of the project.

        Args:
            photo_id: of the photo; no file is looked for.
            most: how many photos.

        Raises:
            NotFound: if there is no such photo.
            UsageError: if it has no vector.
        """
        photos, matrix = self._photos(), self._matrix()
        meant = photos.filter(pl.col(Photo.photo_id) == photo_id)
        if meant.is_empty():
            raise NotFound(f"There is no photo {photo_id!r} in {self.project.name}.", "Load the page again.")
        photo = meant.row(0, named=True)
        hits = like_photo(self.project, matrix, photo, most)
        return SearchResult(self.project.name, "like", photo[Photo.path], len(matrix.vectors), hits, [])

    def label(self, wanted: str, most: int) -> SearchResult:
        """Photos in which a model saw something of this name.

        The score is the model's, times how well the label matches the words.

        Args:
            wanted: words of a label.
            most: how many photos.

        Raises:
            UsageError: without a word, or without a photo that has a label.
        """
        photos = self._photos()
        texts = search_texts(self.project, [replace(source, weight=1.0) for source in LABEL_SOURCES])
        if texts.is_empty():
            raise UsageError(
                f"No photo of {self.project.name} has a label.",
                "`proofsheet doctor` says which models label photos here; then run the project.",
            )
        hits = self._named(photos, find_words(texts, wanted), most)
        there = ", ".join(labels_there(texts, _NAMED))
        notes = [] if hits else [f"No label holds {wanted!r}. The most frequent labels here: {there}."]
        return SearchResult(self.project.name, "label", wanted, photos.height, hits, notes)

    def text(self, wanted: str, most: int) -> SearchResult:
        """Photos with these words in texts, labels, prompts or names; then those that look so.

        The look of a photo is compared with the words only where the encoder of the project reads words.

        Args:
            wanted: words.
            most: how many photos.

        Raises:
            UsageError: if there is no word.
        """
        photos = self._photos()
        hits = self._named(photos, find_words(search_texts(self.project, TEXT_SOURCES), wanted), most)
        look, note = like_words(self.project, wanted, most, self.encoding)
        known = {hit.photo_id for hit in hits}
        hits += [hit for hit in look if hit.photo_id not in known]
        return SearchResult(
            self.project.name, "text", wanted, photos.height, hits[:most], [note] if note else []
        )

    def _photos(self) -> pl.DataFrame:
        photos = self.project.store.read(Photo)
        if photos.is_empty():
            raise UsageError(
                f"No run has seen a photo of {self.project.name}.",
                f"Run `proofsheet run {as_word(self.project.name)}` first.",
            )
        return photos

    def _matrix(self) -> VectorMatrix:
        matrix = VectorMatrix.of(self.project)
        if not len(matrix.vectors):
            raise UsageError(
                f"{self.project.name} has no vectors.",
                f"Run `proofsheet run {as_word(self.project.name)}` first.",
            )
        return matrix

    def _inside(self, file: Path) -> str:
        """The path of a file relative to the project folder; empty for a file outside of it."""
        folder = self.project.folder.resolve()
        return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else ""

    def _named(self, photos: pl.DataFrame, found: pl.DataFrame, most: int) -> list[Hit]:
        paths = photos.select(Photo.photo_id, Photo.path)
        rows = found.join(paths, on=Photo.photo_id).sort("score", Photo.path, descending=[True, False])
        columns = (SearchText.photo_id, Photo.path, "score", "why", SearchText.by)
        return [Hit(*row) for row in rows.select(columns).head(most).iter_rows()]


def _file(wanted: str) -> Path | None:
    """The file of this path, links followed; None if there is none."""
    try:
        file = Path(wanted).expanduser().resolve()
        return file if wanted and file.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, a zero byte, a circle of links, no such user
        return None
