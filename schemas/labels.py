"""Tables of what a photo shows, by a network or another tool.

Holds `Scene`, `PhotoLabel`, `SeenObject`, `OcrText`, `ContentFlag`, and the fact `ImportedFlag`.
Add here: another table of what a network recognises.
Keep out: measurements (vision.py), vectors (vectors.py), the words of language models (words.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

LABEL = pl.Struct({"label": pl.String, "probability": pl.Float64})
_BOX = dict.fromkeys(("left", "top", "right", "bottom"), pl.Float64)
OBJECT = pl.Struct({"label": pl.String, "score": pl.Float64, **_BOX})
TEXT_LINE = pl.Struct({"text": pl.String, "score": pl.Float64, **_BOX})


class Scene(Table, name="scenes"):
    """What a photo shows.

    The labels come from your own classifier, from an encoder that reads texts, or from `photo_labels`.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    status = column(pl.String, "Whether there are labels.", isin=("labelled", "not available"))
    labels = column(
        pl.List(LABEL), "Labels with their probability, most probable first; empty if none is sure."
    )
    labelled_by = column(pl.String, "Encoder and version of the list of labels; empty if not available.")
    note = column(pl.String, "What is missing and what to install, if not available.")


class PhotoLabel(Table, name="photo_labels"):
    """What a photo shows by a network trained on the 1,000 classes of ImageNet: one row a photo and label.

    A photo without a certain label has no row. Without the network the table is empty.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    rank = column(
        pl.Int64, "Place among the photo's labels, highest score first, from 1.", key=True, ge=1, le=5
    )
    label = column(pl.String, "What it may show, in plain English without an article: cocker spaniel.")
    score = column(pl.Float64, "The network's probability among its classes.", ge=0, le=1)
    labelled_by = column(pl.String, "Network, its weights and code version.")


class ModelReading:
    """Columns of every table that a model fills from previews: the photo, and whether it was read."""

    photo_id = column(pl.String, "The photo.", key=True)
    status = column(pl.String, "Whether the model read the photo.", isin=("read", "not available", "failed"))
    note = column(pl.String, "What is missing or went wrong, and what to do.")


class SeenObject(ModelReading, Table, name="objects"):
    """Which objects a detector found in a photo."""

    status = column(pl.String, "Whether a detector looked.", isin=("detected", "not available", "failed"))
    objects = column(
        pl.List(OBJECT), "Objects with score and box in 0..1 of the upright picture, highest score first."
    )
    detected_by = column(pl.String, "Detector and its weights; empty if not available.")


class OcrText(ModelReading, Table, name="ocr_texts"):
    """Text in a photo, such as signs and labels, as optical character recognition (OCR) reads it.

    One row a photo that the settings ask for; empty without the setting. It may be misread.
    """

    lines = column(
        pl.List(TEXT_LINE), "Lines with score and box in 0..1 of the upright picture, in reading order."
    )
    read_by = column(pl.String, "OCR program, its version and weights; empty if not available.")


class ContentFlag(ModelReading, Table, name="content_flags"):
    """How likely a photo is not safe for work, by a network.

    A flag asks you to look at the photo. It is no verdict: your own flag always counts. The table is empty
    without the setting.
    """

    nsfw_score = column(
        pl.Float64, "Probability of the network that it is not safe for work.", nullable=True, ge=0, le=1
    )
    flagged = column(
        pl.Boolean, "Whether the score is high enough for a look; null without a score.", nullable=True
    )
    scored_by = column(pl.String, "Network and its weights; empty if not available.")


class ImportedFlag(Table, name="imported_flags", origin="fact"):
    """Flags from other tools, by content."""

    content_hash = column(pl.String, "SHA-256 of the picture's bytes.", key=True)
    flag = column(pl.String, "The flag.", key=True, isin=("nsfw", "scan"))
    value = column(pl.String, "The value.", isin=("yes", "no"))
    source = column(pl.String, "File that it comes from.")
    imported_at = column(pl.Datetime("us"), "When (UTC).")
