"""Photos that look like a picture, or like words where the encoder reads them.

Holds `like_photo`, `like_file` and `like_words`.
Add here: another thing that an encoder turns into a vector.
Keep out: words in tables (word_search.py).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from proofsheet.core import extras
from proofsheet.core.errors import ProofsheetError, UsageError
from proofsheet.core.files import Refused, hash_file
from proofsheet.core.progress import Quiet
from proofsheet.core.shell_words import as_word
from proofsheet.embedding.encoders import Encoder, choose_encoder
from proofsheet.imaging.decode import PictureFile
from proofsheet.imaging.measurement_pass import measure_files
from proofsheet.search.results import Hit
from proofsheet.search.vector_matrix import Floats, VectorMatrix
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.settings.encoder import EncoderSettings
from schemas.settings.photos import PhotoSettings
from schemas.vectors import Embedding

_NOT_AVAILABLE = "Search by look is not available for words:"
_INSTALL = (
    f"Run {extras.CLIP} and `proofsheet models pull`, "
    'set `encoder = "open_clip"` under [encoder], and run the project.'
)


def like_photo(project: Project, matrix: VectorMatrix, photo: dict[str, str], most: int) -> list[Hit]:
    """The photos that are most like one of the project, which is left out itself.

    Args:
        project: of the photo.
        matrix: its vectors.
        photo: id and path of the photo.
        most: how many.

    Raises:
        UsageError: if the photo has no vector.
    """
    vector = matrix.vector_of(photo[Photo.photo_id])
    if vector is None:
        raise UsageError(
            f"{photo[Photo.path]} has no vector yet.",
            f"Run `proofsheet run {as_word(project.name)}` and search again.",
        )
    found = _hits(project, matrix, vector, most + 1, f"like {photo[Photo.path]}")
    return [hit for hit in found if hit.photo_id != photo[Photo.photo_id]][:most]


def like_file(
    project: Project,
    matrix: VectorMatrix,
    file: Path,
    most: int,
    encoding: EncoderSettings,
    photos: PhotoSettings,
) -> list[Hit]:
    """The photos that are most like a picture file anywhere on this machine; it is only read.

    Args:
        project: the project of the photos.
        matrix: its vectors.
        file: the picture; no link.
        most: how many.
        encoding: which encoder the settings ask for.
        photos: what a picture may cost.

    Raises:
        UsageError: if the file cannot be read as a picture, or the vectors are by another encoder.
    """
    encoder = choose_encoder(encoding, project.models)
    if encoder.encoder_id != matrix.encoder_id:
        raise UsageError(
            _other_encoder(project, matrix, encoder), f"Run `proofsheet run {as_word(project.name)}` first."
        )
    measurement = encoder.measurement()
    alone = photos.model_copy(update={"workers": 1})  # the size of the decode is part of the vector
    try:
        picture = PictureFile(file, *hash_file(file))
        with tempfile.TemporaryDirectory(prefix="proofsheet-search-") as cache:
            measured = measure_files([picture], [measurement], alone, Path(cache), Quiet())
        for refused in measured.refused.values():
            raise refused
    except Refused as refused:
        raise UsageError(
            f"{file} cannot be searched for: {refused.reason}.",
            f"Name another picture, or {refused.next_step}.",
        ) from refused
    vector = np.array(measured.rows[measurement.name][Embedding.vector][0], dtype=np.float32)
    return _hits(project, matrix, vector, most, f"like {file.name}")


def like_words(project: Project, text: str, most: int, encoding: EncoderSettings) -> tuple[list[Hit], str]:
    """The photos with the vectors nearest to that of a text, or why a text cannot be compared.

    Args:
        project: the project of the photos; its vectors are opened only if the encoder reads words.
        text: what the photos should show.
        most: how many.
        encoding: which encoder the settings ask for.

    Returns:
        The photos, and a note that is empty if the encoder could read the text.
    """
    try:
        encoder = choose_encoder(encoding, project.models)
        if encoder.clip is None:
            return [], f"{_NOT_AVAILABLE} the encoder {encoder.encoder_id} reads no words. {_INSTALL}"
        matrix = VectorMatrix.of(project)
        if encoder.encoder_id != matrix.encoder_id:
            step = f"Run `proofsheet run {as_word(project.name)}`."
            return [], f"{_NOT_AVAILABLE} {_other_encoder(project, matrix, encoder)} {step}"
        vector = encoder.clip.texts([text])[0]
    except ProofsheetError as error:
        return [], f"{_NOT_AVAILABLE} {error}"
    return _hits(project, matrix, vector, most, "looks like these words"), ""


def _other_encoder(project: Project, matrix: VectorMatrix, encoder: Encoder) -> str:
    return f"The vectors of {project.name} are by {matrix.encoder_id}, the encoder is {encoder.encoder_id}."


def _hits(project: Project, matrix: VectorMatrix, vector: Floats, most: int, why: str) -> list[Hit]:
    photos = project.store.read(Photo)
    nearest = list(matrix.nearest(vector, most))
    wanted = photos.filter(pl.col(Photo.photo_id).is_in([photo for photo, _cosine in nearest]))
    paths = dict(wanted.select(Photo.photo_id, Photo.path).iter_rows())
    return [
        Hit(photo, paths[photo], round(cosine, 4), why, matrix.encoder_id)
        for photo, cosine in nearest
        if photo in paths
    ]
