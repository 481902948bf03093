"""Tables of what people wrote about photos with other programs: in the files and in sidecars.

Holds `WrittenFields` (the columns that all of them share), `EmbeddedMetadata`, `SidecarMetadata`,
`WrittenMetadata` and `WrittenRegion`.
Add here: another field that people fill in elsewhere, in `WrittenFields`.
Keep out: what cameras and generators write (library.py), and what people write here (edits.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

EMBEDDED, SIDECAR = "embedded", "sidecar"
TAGGED = pl.Struct({"field": pl.String, "tag": pl.String})
FACE, OTHER_REGION = "face", "other"
KINDS_OF_REGIONS = (FACE, "pet", "focus", "barcode", OTHER_REGION)
EDGES = ("left_edge", "top_edge", "right_edge", "bottom_edge")
REGION = pl.Struct(
    {"kind": pl.String, "name": pl.String, "description": pl.String}
    | dict.fromkeys(EDGES, pl.Float64)
    | {"upright": pl.Boolean, "aspect": pl.Float64, "tag": pl.String}
)
SAID = pl.Struct({"field": pl.String, "place": pl.String, "tag": pl.String, "other": pl.String})


class WrittenFields:
    """What people can write about a picture."""

    photo_id = column(pl.String, "The photo.", key=True)
    title = column(pl.String, "Title.", nullable=True)
    headline = column(pl.String, "Headline.", nullable=True)
    description = column(
        pl.String, "Description or caption; not what a camera or a generator writes there.", nullable=True
    )
    keywords = column(pl.List(pl.String), "Flat keywords, in their order.")
    hierarchical_keywords = column(
        pl.List(pl.String), "Keywords with their broader terms, the broadest first, with | between them."
    )
    people = column(pl.List(pl.String), "Persons in the picture, of the field that is only for them.")
    creators = column(pl.List(pl.String), "Who made the picture.")
    copyright = column(pl.String, "Copyright notice.", nullable=True)
    usage_terms = column(pl.String, "Terms of usage.", nullable=True)
    city = column(pl.String, "City.", nullable=True)
    state = column(pl.String, "State or province.", nullable=True)
    country = column(pl.String, "Country.", nullable=True)
    location = column(pl.String, "Place within the city.", nullable=True)
    rating = column(
        pl.Float64,
        "Stars, 1 to 5; -1 is rejected. Null without a rating: 0 means that there is none.",
        nullable=True,
        ge=-1,
        le=5,
    )
    label = column(pl.String, "Label, such as a colour, as its program names it.", nullable=True)
    pick = column(
        pl.Int64, "1 picked, -1 rejected, 0 undecided; null if no program says.", nullable=True, ge=-1, le=1
    )


WRITTEN = tuple(n for n in vars(WrittenFields) if not n.startswith("_") and n != WrittenFields.photo_id)
LISTS = frozenset(
    {
        WrittenFields.keywords,
        WrittenFields.hierarchical_keywords,
        WrittenFields.people,
        WrittenFields.creators,
    }
)


class EmbeddedMetadata(WrittenFields, Table, name="embedded_metadata"):
    """What a picture file itself holds of the words and stars of people, one row a photo with any.

    Of IPTC, XMP and EXIF that one counts which the Metadata Working Group prefers.
    """

    tags = column(pl.List(TAGGED), "The tag that each field was read from.")
    regions = column(
        pl.List(REGION),
        "Regions that are marked in the picture: edges in 0..1 of the upright picture, or as its pixels are "
        "stored, and width ÷ height of the picture in which they were marked.",
    )
    unread = column(
        pl.String, "What could not be read or is no valid value, in words; null if all was.", nullable=True
    )


class SidecarMetadata(WrittenFields, Table, name="sidecar_metadata"):
    """What the XMP sidecar of a photo holds, one row a photo with a sidecar."""

    sidecar = column(pl.String, "Path of the sidecar inside the project folder.")
    size_bytes = column(pl.Int64, "Size of the sidecar.", unit="bytes", ge=0)
    modified_at = column(pl.Datetime("us"), "Modification time of the sidecar (UTC).", nullable=True)
    tags = column(pl.List(TAGGED), "The tag that each field was read from.")
    regions = column(
        pl.List(REGION),
        "Regions that are marked in the picture: edges in 0..1 of the upright picture, or as its pixels are "
        "stored, and width ÷ height of the picture in which they were marked.",
    )
    written_here = column(
        pl.List(pl.String), "Marks of the values that Proofsheet wrote into it, as field:digest."
    )
    unread = column(
        pl.String, "What could not be read or is no valid value, in words; null if all was.", nullable=True
    )


class WrittenMetadata(WrittenFields, Table, name="written_metadata"):
    """What people wrote about a photo with other programs, one row a photo with any of it.

    A sidecar counts more than the file. What Proofsheet itself wrote into a sidecar is left out.
    """

    names_of_people = column(
        pl.List(pl.String),
        "Names of regions and persons, in the file and the sidecar: no keyword with one leaves the program.",
    )
    said = column(
        pl.List(SAID),
        "Where each field is from: its place (embedded or sidecar) and tag, and what the other place says "
        "if that is something else.",
    )
    unread = column(
        pl.String, "What could not be read or is no valid value, in words; null if all was.", nullable=True
    )


class WrittenRegion(Table, name="regions"):
    """What people marked in pictures with other programs: faces with names, animals, the focus.

    One row a region. Those of a sidecar count more than those of the file; of two at the same place one
    counts. Nobody is recognised: names are what people wrote. What a network finds is in `faces`.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    number = column(pl.Int64, "Number of the region in its photo, from 1.", key=True, ge=1)
    kind = column(pl.String, "What is marked.", isin=KINDS_OF_REGIONS)
    region_name = column(pl.String, "Name of the person or thing; null if nobody named it.", nullable=True)
    description = column(pl.String, "Description of the region.", nullable=True)
    left_edge = column(pl.Float64, "Left edge in the upright picture, as a part of its width.", ge=0, le=1)
    top_edge = column(pl.Float64, "Upper edge, as a part of its height.", ge=0, le=1)
    right_edge = column(pl.Float64, "Right edge.", ge=0, le=1)
    bottom_edge = column(pl.Float64, "Lower edge.", ge=0, le=1)
    place = column(pl.String, "Where it is written.", isin=(EMBEDDED, SIDECAR))
    tag = column(pl.String, "The tag that it was read from.")
