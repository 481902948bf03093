"""The XMP of a converted file: the packet of the original, changed where pixels changed.

Holds `XmpChange`, `changed_packet` and `without_property`.
Add here: another property that depends on pixels.
Keep out: texts of IPTC (iptc_as_xmp.py), reading XMP (metadata/xmp.py).

The text of the packet stays as it is but for single properties, so that what nobody here knows is carried.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from proofsheet.metadata.xmp import parsed

_ALWAYS_OUT = ("xmp:Thumbnails", "xap:Thumbnails", "xapGImg:image", "xmpNote:HasExtendedXMP")
_REGIONS = ("mwg-rs:Regions", "MP:RegionInfo")
_PADDING = re.compile(r"\s{64,}(?=<\?xpacket end)")


class XmpChange(NamedTuple):
    """What differs in a converted file.

    Attributes:
        width_px: of the new pixels.
        height_px: of the new pixels.
        srgb: whether the colours are sRGB now.
        is_turned: whether the pixels were turned or mirrored.
        gain_map: whether a gain map was left out.
    """

    width_px: int
    height_px: int
    srgb: bool
    is_turned: bool
    gain_map: bool


def changed_packet(packet: bytes, change: XmpChange) -> tuple[bytes, list[str]]:
    """The packet for new pixels, and what of it was left out.

    Raises:
        ValueError: if it cannot be read.
    """
    parsed(packet)
    text, left = packet.decode("utf-8"), list[str]()
    if "xmpNote:HasExtendedXMP" in text:
        left.append("extended XMP")
    values = {"tiff:Orientation": 1}
    values |= dict.fromkeys(("tiff:ImageWidth", "exif:PixelXDimension"), change.width_px)
    values |= dict.fromkeys(("tiff:ImageLength", "exif:PixelYDimension"), change.height_px)
    values |= {"exif:ColorSpace": 1} if change.srgb else {}
    for name, value in values.items():
        text = _with_value(text, name, value)
    away = [*_ALWAYS_OUT, *(["photoshop:ICCProfile"] if change.srgb else [])]
    if change.is_turned and any(name in text for name in _REGIONS):
        away += _REGIONS
        left.append("regions in XMP, since the picture was turned")
    if change.gain_map:
        away += sorted(set(re.findall(r"\b(?:hdrgm|HDRGainMap|apdi):\w+", text)) | {"Container:Directory"})
    for name in away:
        text = without_property(text, name)
    parsed(text.encode())
    return _PADDING.sub("\n", text).encode(), left


def _with_value(text: str, name: str, value: int) -> str:
    text = re.sub(rf"(\b{name}\s*=\s*)([\"'])[^\"']*\2", rf"\g<1>\g<2>{value}\g<2>", text)
    return re.sub(rf"(<{name}>)[^<]*(</{name}>)", rf"\g<1>{value}\g<2>", text)


def without_property(text: str, name: str) -> str:
    """The text of a packet without a property, as attribute or element with this prefix."""
    text = re.sub(rf"\s{name}\s*=\s*(\"[^\"]*\"|'[^']*')", "", text)
    text = re.sub(rf"<{name}(\s[^>]*)?/>", "", text)
    return re.sub(rf"<{name}(\s[^>]*)?>.*?</{name}>", "", text, flags=re.DOTALL)
