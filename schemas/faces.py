"""Tables of faces in photos: where they are, and how they came out. Nobody is named or recognised.

Holds `Face`.
Add here: another measurement of a face.
Keep out: who somebody is; what else a photo shows (labels.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

LANDMARKS = ("left eye", "right eye", "nose", "left corner of the mouth", "right corner of the mouth")
POINT = pl.Struct({"x_px": pl.Float64, "y_px": pl.Float64})


class Face(Table, name="faces"):
    """Faces that a network found in a photo, one row a face, the largest first.

    Pixels are those of the upright picture at full size, from its upper left corner. Without the network the
    table is empty. It holds no identity: nobody is recognised.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    face = column(pl.Int64, "Number of the face in its photo, the largest first, from 1.", key=True, ge=1)
    path = column(pl.String, "Path of the photo inside the project folder.")
    left_px = column(pl.Float64, "Left side of the box around the face.", unit="px", ge=0)
    top_px = column(pl.Float64, "Upper side.", unit="px", ge=0)
    right_px = column(pl.Float64, "Right side.", unit="px", ge=0)
    bottom_px = column(pl.Float64, "Lower side.", unit="px", ge=0)
    landmarks = column(
        pl.List(POINT),
        f"Five points, left and right as the picture shows them: {', '.join(LANDMARKS)}. A point may be "
        "outside of the picture.",
    )
    score = column(pl.Float64, "The network's confidence that this is a face.", ge=0, le=1)
    eye_sharpness = column(
        pl.Float64,
        "Fine detail around the sharper eye in the largest decoded size: "
        "log10 of the variance of the Laplacian over the variance of grey. Compare it within one set only. "
        "Null if the eyes are too small.",
        nullable=True,
    )
    eye_openness = column(
        pl.Float64,
        "Height of the open eye over its width, mean of both eyes; compare it with other pictures of the "
        "same person. Null if the eyes are too small, or the network for eyes is not installed.",
        nullable=True,
        ge=0,
    )
    turned = column(
        pl.Float64,
        "How far the head is turned aside: distance of the nose from the middle of the eyes, over the "
        "distance of the eyes. About 0 faces the camera, above 0.5 looks away.",
        ge=0,
    )
    beyond_frame = column(pl.Boolean, "True if the edge of the picture runs through the face.")
    detected_by = column(pl.String, "Networks, their weights and code version.")
