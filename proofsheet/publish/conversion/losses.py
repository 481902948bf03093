"""What a picture has that a converted file cannot hold.

Holds `losses_of`.
Add here: another thing that would be lost.
Keep out: transparency and colours, which need pixels (pixels.py), and metadata (carried_metadata.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image, TiffImagePlugin

from proofsheet.publish.conversion.file_end import has_video

_SHALLOW = 8  # bits of a channel that every format holds
_GAIN_MAPS = (
    b"http://ns.adobe.com/hdr-gain-map/1.0/",
    b"urn:iso:std:iso:ts:21496:-1",
    b"http://ns.apple.com/HDRGainMap/1.0/",
    b"urn:com:apple:photo:2020:aux:hdrgainmap",
)
_AV1_BITS = (_SHALLOW, _SHALLOW, 10, 12)  # by the two flags of av1C
_IHDR_DEPTH = 24  # where a PNG has its depth
_BITS, _SUBTYPE, _OLD_SUBTYPE = 258, 254, 255
_MOST_PAGES = 4096
_MADE_SMALLER = "Large Thumbnail"


def losses_of(image: Image.Image, data: bytes) -> list[str]:
    """What would be lost of a picture in any target format, in words; nothing is decoded.

    Args:
        image: opened, at the page or frame that is shown.
        data: the whole file.
    """
    return [*_depth(image, data), *_frames(image), *_beside(image, data)]


def _depth(image: Image.Image, data: bytes) -> Iterator[str]:
    bits = _bits(image, data)
    if image.mode == "F":
        yield "floating-point values become 8 bits a channel"
    elif bits > _SHALLOW:
        yield f"{bits} bits a channel become 8"


def _bits(image: Image.Image, data: bytes) -> int:
    """Bits of a channel by the header, since decoders reduce them without a word."""
    if image.format == "PNG":
        return data[_IHDR_DEPTH]
    if image.format == "TIFF":
        found = getattr(image, "tag_v2", {}).get(_BITS, 1)
        return max(found) if isinstance(found, tuple) else int(found)
    if image.format == "AVIF":
        at = data.find(b"av1C")
        flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
        return _AV1_BITS[flags >> 5 & 3]
    if image.format == "HEIF":
        return int(image.info.get("bit_depth", _SHALLOW))
    return 16 if image.mode.startswith("I") else _SHALLOW


def _frames(image: Image.Image) -> Iterator[str]:
    count = getattr(image, "n_frames", 1)
    if image.format == "MPO":
        count = 1 + _further_pictures(image)
    elif isinstance(image, TiffImagePlugin.TiffImageFile) and count > 1:
        count = _full_pages(image, count)
    if count > 1:
        yield f"{count} frames, pages or pictures become 1"


def _further_pictures(image: Image.Image) -> int:
    """Pictures of an MPO beside the first, without smaller versions of it."""
    entries = getattr(image, "mpinfo", {}).get(0xB002, [])[1:]
    kinds = [str(e.get("Attribute", {}).get("MPType", "")) for e in entries]
    return sum(not kind.startswith(_MADE_SMALLER) for kind in kinds)


def _full_pages(image: TiffImagePlugin.TiffImageFile, count: int) -> int:
    """Pages that are not a reduction of another one; the page that is shown stays."""
    place, full = image.tell(), 0
    for page in range(min(count, _MOST_PAGES)):
        image.seek(page)
        kind = image.tag_v2.get(_SUBTYPE, 0)
        full += not (kind & 1 or image.tag_v2.get(_OLD_SUBTYPE, 1) == 2)
    image.seek(place)
    return max(1, full)


def _beside(image: Image.Image, data: bytes) -> Iterator[str]:
    if any(mark in data for mark in _GAIN_MAPS):
        yield "its gain map (HDR) is left out"
    if image.info.get("depth_images"):
        yield "its depth map is left out"
    if has_video(image, data):
        yield "its video is left out"
