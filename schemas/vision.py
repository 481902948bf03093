"""Tables of what the pixels say.

Holds `ImageQuality`, `Embedding`, `PhotoGroup`.
Add here: tables measured from decoded pictures.
Keep out: choices (review.py) and texts (words.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

VECTOR_LENGTH = 512

COLOR_SHARE = pl.Struct({"color": pl.String, "share": pl.Float64, "place": pl.String})


class ImageQuality(Table, name="image_quality"):
    """Measurements of the upright picture at analysis size, and its full size."""

    photo_id = column(pl.String, "The photo.", key=True)
    width_px = column(pl.Int64, "Width of the upright picture.", unit="px", ge=1)
    height_px = column(pl.Int64, "Height of the upright picture.", unit="px", ge=1)
    sharpness = column(pl.Float64, "Log10 of one plus the variance of the Laplacian of the grey picture.", ge=0)
    tile_sharpness = column(pl.Float64, "The same in the sharpest of 8 x 8 tiles (90th percentile).", ge=0)
    noise = column(pl.Float64, "Immerkær's estimate of the noise's standard deviation, grey 0..1.", ge=0)
    brightness = column(pl.Float64, "Mean of the grey picture, 0 black to 1 white.", ge=0, le=1)
    contrast = column(pl.Float64, "Standard deviation of the grey picture.", ge=0, le=1)
    clipped_highlights = column(pl.Float64, "Share of pixels at or above 250 of 255 in every channel.", ge=0, le=1)
    clipped_shadows = column(pl.Float64, "Share of pixels at or below 5 of 255 in every channel.", ge=0, le=1)
    saturation = column(pl.Float64, "Mean HSV saturation.", ge=0, le=1)
    colorfulness = column(pl.Float64, "Hasler and Süsstrunk's M3 on 0..1 channels.", ge=0)
    colors = column(pl.List(COLOR_SHARE), "Named colours with their share and place, largest share first.")
    measured_by = column(pl.String, "Code version of the measuring functions.")


class Embedding(Table, name="embeddings"):
    """One vector a photo; vectors of two encoders are never compared."""

    photo_id = column(pl.String, "The photo.", key=True)
    encoder_id = column(pl.String, "Name and code version of the encoder that made the vector.")
    vector = column(pl.Array(pl.Float32, VECTOR_LENGTH), "Vector of length 1.")


class PhotoGroup(Table, name="photo_groups"):
    """Which set a photo belongs to, and why."""

    photo_id = column(pl.String, "The photo; each is in exactly one set.", key=True)
    group_id = column(pl.String, "Id of the set: a hash of its members.")
    position = column(pl.Int64, "Place in the set by stage, then by path, from 0.", ge=0)
    group_size = column(pl.Int64, "Number of photos in the set.", ge=1)
    cause = column(pl.String, "Why these are together.", isin=("stage series", "similar", "single"))
    grouped_by = column(pl.String, "Version of the grouping rule and, for 'similar', the encoder.")
