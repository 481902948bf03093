"""Tables of the library: which files there are, which were refused, what their EXIF says.

Holds `Photo`, `Quarantine`, `OtherFile`, `GenerationFact`, `ExifFact`, and the facts `Refusal` and
`ProjectFolder`.
Add here: tables of what is read from folders and files.
Keep out: measurements of pixels (vision.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

REFUSALS = (
    "unreadable",
    "too_large",
    "unsupported_format",
    "wrong_extension",
    "link",
    "special_file",
    "empty_file",
    "name_not_text",
    "no_permission",
    "vanished",
    "decoder_died",
    "decoder_timeout",
    "reader_error",
)
IN_PLACE = "in place"
STATES = (IN_PLACE, "selected", "review")


class Photo(Table, name="photos"):
    """Every picture file of a project that could be opened, one row for each path."""

    photo_id = column(
        pl.String,
        "Opaque id, given when the photo is first seen. It stays when the file is renamed, moved or edited.",
        key=True,
    )
    path = column(pl.String, "Path inside the project folder, with forward slashes.")
    folder = column(
        pl.String,
        "Folder inside the project, before any move by Proofsheet; empty for the project folder itself.",
    )
    file_name = column(pl.String, "Last part of the path.")
    format = column(pl.String, "Format found in the file, whatever its extension.")
    size_bytes = column(pl.Int64, "Size of the file.", unit="bytes", ge=1)
    modified_at = column(pl.Datetime("us"), "Modification time of the file (UTC).")
    content_hash = column(pl.String, "SHA-256 of the file's bytes, hexadecimal.")
    series = column(
        pl.String,
        "The name before '_stage…', of the present name or a former one; null if none has a stage.",
        nullable=True,
    )
    stage = column(pl.Float64, "Stage number parsed from the name, such as 1.5.", nullable=True, ge=0)
    stage_label = column(pl.String, "Words after the stage number, such as 'upscaled'.", nullable=True)
    named_at = column(
        pl.Datetime("us"),
        "Time stamp in the file name or a former one, as written; null if none has one.",
        nullable=True,
    )
    state = column(pl.String, "Place of the file after an applied decision.", isin=STATES)
    companions = column(
        pl.List(pl.String),
        "Paths of the files that belong to this one by their names: its stem, sidecars, a refused RAW.",
    )


class Quarantine(Table, name="quarantine"):
    """Every file that was refused, with the reason and what to do about it."""

    path = column(
        pl.String, "Path inside the project folder; undecodable bytes are shown as \\xNN.", key=True
    )
    kind = column(pl.String, "Class of the refusal.", isin=REFUSALS)
    reason = column(pl.String, "What is wrong with the file, in words.")
    next_step = column(pl.String, "What you can do about it.")
    content_hash = column(
        pl.String, "SHA-256 of the refused bytes; null if they were never read.", nullable=True
    )
    refused_by = column(pl.String, "Code version of the reader that refused it.")
    first_seen_at = column(pl.Datetime("us"), "When it was first refused (UTC).")


class OtherFile(Table, name="other_files"):
    """Every file of a project that is neither a photo nor refused.

    The three tables together hold every file.

    Bins, snapshots and caches are not entered: each such folder is one row.
    """

    path = column(pl.String, "Path inside the project folder.", key=True)
    role = column(
        pl.String, "Role of the file.", isin=("companion", "folder", "hidden", "cut", "system", "other")
    )
    reason = column(
        pl.String, "Why a file or folder of a system or of another program is left out.", nullable=True
    )
    extension = column(pl.String, "Extension in lower case; empty without one.")


class GenerationFact(Table, name="generation_facts"):
    """How a picture was generated, as its file states: from its generator, and from standards of provenance.

    Separate from the facts that cameras write. One row for each picture with such facts; a camera may write
    C2PA as well.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    tool = column(
        pl.String,
        "Program or service that generated the picture; forks of A1111 are A1111. Null if none is named.",
        nullable=True,
    )
    prompt = column(pl.String, "The prompt; null if it is not certain.", nullable=True)
    negative_prompt = column(pl.String, "The negative prompt.", nullable=True)
    seed = column(pl.UInt64, "Seed of the initial noise.", nullable=True)
    model = column(pl.String, "Name of the model.", nullable=True)
    sampler = column(pl.String, "Name of the sampler.", nullable=True)
    steps = column(pl.Int64, "Sampling steps.", nullable=True, ge=0)
    cfg_scale = column(pl.Float64, "Guidance scale.", nullable=True)
    generated = column(
        pl.Boolean, "True if the file states that a model made the picture, wholly or in part."
    )
    digital_source_type = column(
        pl.String,
        "IPTC digital source type, such as trainedAlgorithmicMedia, from C2PA or XMP.",
        nullable=True,
    )
    c2pa = column(pl.Boolean, "True if the file holds a C2PA manifest; its signature is not checked.")
    found_in = column(pl.String, "Place in the file where it was found.")
    unread = column(
        pl.String,
        "Why the text of a generator could not be read, which is a fault of Proofsheet; the facts "
        "are null then.",
        nullable=True,
    )


class ExifFact(Table, name="exif_facts"):
    """What the camera wrote into the file."""

    photo_id = column(pl.String, "The photo.", key=True)
    make = column(pl.String, "Maker of the camera.", nullable=True)
    model = column(pl.String, "Model of the camera.", nullable=True)
    lens = column(pl.String, "Model of the lens.", nullable=True)
    taken_at = column(
        pl.Datetime("us"),
        "Capture time to the second, as the clock showed it where it was taken (no zone).",
        nullable=True,
    )
    taken_subsec_us = column(
        pl.Int64, "Fraction of a second of the capture time.", unit="µs", nullable=True, ge=0, le=999_999
    )
    taken_offset_min = column(
        pl.Int64,
        "The clock's offset from UTC at capture; null if it is not written.",
        unit="min",
        nullable=True,
        ge=-720,
        le=840,
    )
    taken_on = column(
        pl.String, "Day of capture as YYYY-MM-DD; also if no time of day is written.", nullable=True
    )
    taken_from = column(pl.String, "Place in the file where the capture time was found.", nullable=True)
    exposure_s = column(pl.Float64, "Exposure time.", unit="s", nullable=True, ge=0)
    f_number = column(pl.Float64, "Aperture as f-number.", nullable=True, ge=0)
    iso = column(pl.Int64, "Sensitivity.", unit="ISO", nullable=True, ge=0)
    focal_length_mm = column(pl.Float64, "Focal length.", unit="mm", nullable=True, ge=0)
    latitude_deg = column(
        pl.Float64, "Latitude, north positive.", unit="degree", nullable=True, ge=-90, le=90
    )
    longitude_deg = column(
        pl.Float64, "Longitude, east positive.", unit="degree", nullable=True, ge=-180, le=180
    )
    altitude_m = column(
        pl.Float64, "Altitude of the place, below sea level negative.", unit="m", nullable=True
    )
    orientation = column(pl.Int64, "EXIF orientation as stored, 1 to 8.", nullable=True, ge=1, le=8)


class Refusal(Table, name="refusals", origin="fact"):
    """Every file that was ever refused. `cleared_at` is set once it can be read or is gone."""

    path = column(pl.String, "Path inside the project folder, printable.", key=True)
    kind = column(pl.String, "Class of the refusal.", isin=REFUSALS)
    reason = column(pl.String, "What is wrong with the file.")
    next_step = column(pl.String, "What you can do about it.")
    content_hash = column(pl.String, "SHA-256 of the refused bytes.", nullable=True)
    refused_by = column(pl.String, "Code version of the reader that refused it.")
    first_seen_at = column(pl.Datetime("us"), "When it was first refused (UTC).")
    cleared_at = column(pl.Datetime("us"), "When it was no longer refused (UTC).", nullable=True)


class ProjectFolder(Table, name="project_folders", origin="fact"):
    """Every name that the folder of a project had; the last one is its present name."""

    number = column(pl.Int64, "Number of the name, from 1.", key=True, ge=1)
    folder_name = column(pl.String, "Name of the folder.")
    how = column(pl.String, "How that is known.", isin=("run", "found by its contents", "by a person"))
    noted_at = column(pl.Datetime("us"), "When it was noted (UTC).")
