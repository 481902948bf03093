"""Tables of which photos belong together.

Holds `PhotoGroup` and `Duplicate`.
Add here: another relation between photos.
Keep out: which photo of a set is chosen (choices.py), and intake sets (sets.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

CAUSES = ("history", "stage series", "RAW+JPEG", "bracket", "focus stack", "panorama", "similar", "single")
KEEP_ALL = ("RAW+JPEG", "bracket", "focus stack", "panorama")


class PhotoGroup(Table, name="photo_groups"):
    """The set of each photo, and the reason."""

    photo_id = column(pl.String, "The photo; each is in exactly one set.", key=True)
    group_id = column(pl.String, "Id of the set: a hash of its members.")
    position = column(pl.Int64, "Place in the set by stage, then by path, from 0.", ge=0)
    group_size = column(pl.Int64, "Number of photos in the set.", ge=1)
    cause = column(pl.String, "Why these are together.", isin=CAUSES)
    evidence = column(pl.String, "The measured values behind the cause.")
    keep_all = column(
        pl.Boolean, "True if the pictures belong together and none is a worse version of another."
    )
    document = column(
        pl.Boolean, "True for pages, screenshots and the like: they are compared by their fine layout."
    )
    grouped_by = column(pl.String, "Version of the grouping rule and, for 'similar', the encoder.")


class Duplicate(Table, name="duplicates"):
    """Pictures that the project holds more than once, exactly or nearly.

    In a cluster every pair is a duplicate.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    cluster_id = column(pl.String, "Id of the cluster: a hash of its members.")
    kind = column(pl.String, "exact if all members have the same bytes.", isin=("exact", "near"))
    cluster_size = column(pl.Int64, "Number of photos in the cluster.", ge=2)
    first_photo_id = column(
        pl.String, "The member with most pixels, then most bytes: the others are compared with it."
    )
    bits = column(pl.Int64, "Bits by which the perceptual hashes differ from that member's.", ge=0, le=64)
    cosine = column(pl.Float64, "Cosine to that member's vector.", ge=-1.001, le=1.001)
    found_by = column(pl.String, "Version of the rule, and the encoder.")
