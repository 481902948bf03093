"""Everything that is written or labelled of the photos of a project, as rows of text.

Holds `TEXT_SOURCES`, `SearchText` and `search_texts`.
Add here: another table that holds words of a photo, as a line of `TEXT_SOURCES`.
Keep out: how words are found in the texts (word_search.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import polars as pl

from proofsheet.search.label_kinds import with_kind
from proofsheet.storage.workspace import Project
from proofsheet.texts.edits import latest_edits
from schemas.labels import OcrText, PhotoLabel, Scene, SeenObject
from schemas.library import ExifFact, GenerationFact, Photo
from schemas.proof import MetadataQuality
from schemas.sets import SetContext
from schemas.table import Table
from schemas.words import Caption, PromptReconstruction, Rating
from schemas.written import EMBEDDED, SIDECAR, WrittenMetadata, WrittenRegion

_PERSON = "a person"


class SearchText:
    """Names of the columns of a frame of texts: one row a photo and text."""

    photo_id, field, weight, text, by = "photo_id", "field", "weight", "text", "by"
    schema = pl.Schema(
        {photo_id: pl.String, field: pl.String, weight: pl.Float64, text: pl.String, by: pl.String}
    )


@dataclass(frozen=True)
class TextSource:
    """One kind of text.

    Attributes:
        field: its name for people.
        weight: 0..1, how much a word in it counts; times the score of the model where there is one.
        rows: of a project, with the columns photo_id, text and by, and score where a model gives one.
        is_label: whether it says what a model saw.
    """

    field: str
    weight: float
    rows: Callable[[Project], pl.DataFrame]
    is_label: bool = False


def search_texts(project: Project, sources: Collection[TextSource]) -> pl.DataFrame:
    """The texts of a project.

    Args:
        project: the project of the photos.
        sources: kinds of text.

    Returns:
        A frame with the columns of `SearchText`; empty texts are left out.
    """
    parts = [SearchText.schema.to_frame()]
    for source in sources:
        rows = source.rows(project)
        score = pl.col(_SCORE) if _SCORE in rows.columns else pl.lit(1.0)
        texts = pl.col(SearchText.text).cast(pl.String)
        if source.is_label:
            texts = texts.map_elements(with_kind, return_dtype=pl.String)
        parts.append(
            rows.select(
                pl.col(SearchText.photo_id),
                pl.lit(source.field).alias(SearchText.field),
                (score * source.weight).cast(pl.Float64).alias(SearchText.weight),
                texts,
                pl.col(SearchText.by).cast(pl.String).fill_null(""),
            ).filter(pl.col(SearchText.text).fill_null("") != "")
        )
    return pl.concat(parts)


_SCORE = "score"
_AUTHORS = {"human": "a person", "import": "an import"} | {
    "human in file": f"{_PERSON}, in the file",
    "human in sidecar": f"{_PERSON}, in the sidecar",
}


def _column(table: type[Table], column: str, by: str | pl.Expr) -> Callable[[Project], pl.DataFrame]:
    """A column of a table, text or list of texts."""

    def rows(project: Project) -> pl.DataFrame:
        found = project.store.read(table)
        text = (
            pl.col(column).list.join(", ") if found.schema[column] == pl.List(pl.String) else pl.col(column)
        )
        author = pl.lit(by) if isinstance(by, str) else by
        return found.select(Photo.photo_id, text.alias(SearchText.text), author.alias(SearchText.by))

    return rows


def _current(column: str) -> Callable[[Project], pl.DataFrame]:
    """The text of the latest judgement of the gate, with any verdict, and who wrote this field."""
    field = column.removeprefix("current_")
    source = pl.col(MetadataQuality.sources).str.extract(rf"(?:^|, ){field}=([a-z ]*[a-z])")
    author = pl.when(source == "model").then(MetadataQuality.model).otherwise(source.replace(_AUTHORS))
    whole = _column(MetadataQuality, column, pl.coalesce(author, MetadataQuality.model))

    def rows(project: Project) -> pl.DataFrame:
        current = pl.Series(project.store.read(MetadataQuality)[MetadataQuality.is_current])
        return whole(project).filter(current)

    return rows


def _listed(
    table: type[Table], column: str, score: str, by: str, text: str = "label"
) -> Callable[[Project], pl.DataFrame]:
    """The texts in a list of labels or lines with scores."""

    def rows(project: Project) -> pl.DataFrame:
        found = project.store.read(table).explode(column).drop_nulls(column)
        entry = pl.col(column).struct
        return found.select(
            Photo.photo_id,
            entry.field(text).alias(SearchText.text),
            entry.field(score).alias(_SCORE),
            pl.col(by).alias(SearchText.by),
        )

    return rows


def _photo_labels(project: Project) -> pl.DataFrame:
    return project.store.read(PhotoLabel).select(
        PhotoLabel.photo_id,
        pl.col(PhotoLabel.label).alias(SearchText.text),
        pl.col(PhotoLabel.score).alias(_SCORE),
        pl.col(PhotoLabel.labelled_by).alias(SearchText.by),
    )


def _edits(project: Project) -> pl.DataFrame:
    """What people wrote last, also since the last run."""
    rows = [(photo, text) for (photo, _field), text in latest_edits(project.ledger).items()]
    named = pl.DataFrame(
        rows, schema={SearchText.photo_id: pl.String, SearchText.text: pl.String}, orient="row"
    )
    return named.with_columns(pl.lit(_PERSON).alias(SearchText.by))


def _of_folder(column: str) -> Callable[[Project], pl.DataFrame]:
    """The words of people about a folder, for each of its photos."""

    def rows(project: Project) -> pl.DataFrame:
        said = project.ledger.rows(SetContext).select(
            SetContext.folder, pl.col(column).alias(SearchText.text)
        )
        photos = project.store.read(Photo).select(Photo.photo_id, Photo.folder)
        joined = photos.join(said, left_on=Photo.folder, right_on=SetContext.folder)
        return joined.with_columns(pl.lit(_PERSON).alias(SearchText.by))

    return rows


def _written(column: str) -> Callable[[Project], pl.DataFrame]:
    """What people wrote with other programs, and whether it is in the file or in the sidecar."""
    whole = _column(WrittenMetadata, column, _PERSON)

    def rows(project: Project) -> pl.DataFrame:
        said = project.store.read(WrittenMetadata).explode(WrittenMetadata.said)
        entry = pl.col(WrittenMetadata.said).struct
        place = entry.field("place").replace({EMBEDDED: f"{_PERSON}, in the file"})
        places = said.filter(entry.field("field") == column).select(
            WrittenMetadata.photo_id,
            place.replace({SIDECAR: f"{_PERSON}, in the sidecar"}).alias(SearchText.by),
        )
        return whole(project).drop(SearchText.by).join(places, on=WrittenMetadata.photo_id)

    return rows


def _camera(project: Project) -> pl.DataFrame:
    words = pl.concat_str(ExifFact.make, ExifFact.model, ExifFact.lens, separator=" ", ignore_nulls=True)
    return project.store.read(ExifFact).select(
        ExifFact.photo_id, words.alias(SearchText.text), pl.lit("the camera").alias(SearchText.by)
    )


TEXT_SOURCES = (
    TextSource("your words", 1.0, _edits),
    TextSource("title", 1.0, _current(MetadataQuality.current_title)),
    TextSource("keywords", 1.0, _current(MetadataQuality.current_keywords)),
    TextSource("subject of the folder", 1.0, _of_folder(SetContext.subject)),
    TextSource("place of the folder", 1.0, _of_folder(SetContext.location)),
    TextSource("written title", 1.0, _written(WrittenMetadata.title)),
    TextSource("written headline", 1.0, _written(WrittenMetadata.headline)),
    TextSource("written keywords", 1.0, _written(WrittenMetadata.keywords)),
    TextSource("written keywords", 1.0, _written(WrittenMetadata.hierarchical_keywords)),
    TextSource("written city", 1.0, _written(WrittenMetadata.city)),
    TextSource("person", 1.0, _column(WrittenRegion, WrittenRegion.region_name, _PERSON)),
    TextSource("written state", 0.9, _written(WrittenMetadata.state)),
    TextSource("written country", 0.9, _written(WrittenMetadata.country)),
    TextSource("written place", 1.0, _written(WrittenMetadata.location)),
    TextSource("label", 0.9, _photo_labels, is_label=True),
    TextSource("scene", 0.9, _listed(Scene, Scene.labels, "probability", Scene.labelled_by), is_label=True),
    TextSource(
        "object", 0.9, _listed(SeenObject, SeenObject.objects, "score", SeenObject.detected_by), is_label=True
    ),
    TextSource("written description", 0.8, _written(WrittenMetadata.description)),
    TextSource("caption", 0.8, _current(MetadataQuality.current_caption)),
    TextSource("alternative text", 0.8, _current(MetadataQuality.current_alt_text)),
    TextSource("prompt", 0.7, _column(GenerationFact, GenerationFact.prompt, pl.col(GenerationFact.tool))),
    TextSource("text in the photo", 0.7, _listed(OcrText, OcrText.lines, "score", OcrText.read_by, "text")),
    TextSource("description", 0.6, _column(Caption, Caption.description, pl.col(Caption.model))),
    TextSource("hints of the folder", 0.6, _of_folder(SetContext.hints)),
    TextSource("keywords of the rating", 0.6, _column(Rating, Rating.keywords, pl.col(Rating.model))),
    TextSource(
        "reconstructed prompt",
        0.5,
        _column(PromptReconstruction, PromptReconstruction.prompt, pl.col(Caption.model)),
    ),
    TextSource("creator", 0.5, _written(WrittenMetadata.creators)),
    TextSource("path", 0.5, _column(Photo, Photo.path, "the file")),
    TextSource("camera", 0.4, _camera),
)
LABEL_SOURCES = tuple(source for source in TEXT_SOURCES if source.is_label)
