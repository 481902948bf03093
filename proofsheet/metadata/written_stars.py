"""Stars and picks, as programs write them.

Holds `rating`, `pick` and `flag_of_digikam`.
Add here: another tag with stars or flags.
Keep out: texts (written_fields.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from proofsheet.metadata.written_values import Reading
from proofsheet.metadata.xmp_packet import XmpPacket

_TAGS = ("xmp:Rating", "MicrosoftPhoto:Rating")
_DIGIKAM = {"0": 0, "1": -1, "2": 0, "3": 1}  # none, rejected, pending, accepted
_PICKS = {"-1": -1, "0": 0, "1": 1}


def rating(xmp: XmpPacket, exif: Mapping[str, str], reading: Reading) -> tuple[float, str] | None:
    """The first valid rating and its tag; None for no stars.

    Args:
        xmp: properties of the packet.
        exif: tags of EXIF by name.
        reading: notes values that are no rating.
    """
    of_xmp, percent = (next(iter(xmp.values.get(tag, [])), None) for tag in _TAGS)
    for tag, raw, read in (
        (f"XMP {_TAGS[0]}", of_xmp, reading.stars),
        ("EXIF Rating", exif.get("Rating"), reading.stars),
        (f"XMP {_TAGS[1]}", percent, reading.percent),
        ("EXIF RatingPercent", exif.get("RatingPercent"), reading.percent),
    ):
        if raw is not None and (value := read(raw, tag)) is not None:
            return value, tag
    return None


def flag_of_digikam(label: str) -> int | None:
    """The flag that a pick label of digiKam is; None if it is no known one."""
    return _DIGIKAM.get(label.strip())


def pick(xmp: XmpPacket, reading: Reading) -> tuple[int, str] | None:
    """The flag of Lightroom and others, else that of digiKam, and its tag; None if there is none.

    Args:
        xmp: properties of the packet.
        reading: notes values that are no flag.
    """
    for tag, known in (("xmpDM:pick", _PICKS), ("digiKam:PickLabel", _DIGIKAM)):
        raw = next(iter(xmp.values.get(tag, [])), None)
        if raw is None:
            continue
        if raw.strip() in known:
            return known[raw.strip()], f"XMP {tag}"
        reading.odd.append(f"{tag} {raw[:40]!r} is no known flag")
    return None
