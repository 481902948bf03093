"""Texts and stars that people write into EXIF, the tags of Windows among them.

Holds `exif_texts`.
Add here: another tag that people fill in.
Keep out: facts of cameras (exif.py).

EXIF has no encoding: valid UTF-8 is read as such, everything else as Latin-1. The tags of Windows are UTF-16.
"""

from __future__ import annotations

from collections.abc import Mapping

from proofsheet.imaging.formats import DECODER_ERRORS

NAMES = {
    0x010E: "ImageDescription",
    0x013B: "Artist",
    0x8298: "Copyright",
    0x4746: "Rating",
    0x4749: "RatingPercent",
    0x9C9B: "XPTitle",
    0x9C9D: "XPAuthor",
    0x9C9E: "XPKeywords",
}
_OWN_NAMES = {0x010F: "Make", 0x0110: "Model", 0x0131: "Software"}


def exif_texts(exif: Mapping[int, object]) -> dict[str, str]:
    """The tags that people fill in, and those in which a camera names itself; empty ones are left out."""
    found = {}
    for tag, name in {**NAMES, **_OWN_NAMES}.items():
        try:
            value = exif.get(tag)
        except DECODER_ERRORS:
            continue
        text = _wide(value) if name.startswith("XP") else _narrow(value)
        if text.strip():
            found[name] = text
    return found


def _wide(value: object) -> str:
    if isinstance(value, tuple) and all(isinstance(v, int) and 0 <= v < 256 for v in value):
        value = bytes(value)
    return value.decode("utf-16-le", "replace").split("\0")[0] if isinstance(value, bytes) else ""


def _narrow(value: object) -> str:
    """A text; the two parts of a copyright (photographer and editor) on two lines."""
    if isinstance(value, str):
        value = value.encode("latin-1", "replace")
    if not isinstance(value, bytes):
        return "" if value is None else str(value)
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return "\n".join(part.strip() for part in text.split("\0") if part.strip())
