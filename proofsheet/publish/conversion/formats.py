"""Formats that pictures are converted to, and what is asked of a conversion.

Holds `ConversionOptions`, `TargetFormat`, `FORMATS_OF` and `RULES`.
Add here: another format, with what it can hold.
Keep out: coding (coding.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from schemas.settings.convert import ProfileRule, TargetName

RULES = "conversion 1"  # a higher number for files that differ from those of earlier versions


class TargetFormat(NamedTuple):
    """What a format is called and can hold.

    Attributes:
        name: of Pillow's coder.
        extension: of files.
        modes: of pixels that its coder takes.
        longest_px: longest side; 0 for no limit that matters.
        quality: default of 1 to 100; 0 if it has no quality, because nothing is lost.
    """

    name: str
    extension: str
    modes: tuple[str, ...]
    longest_px: int
    quality: int


FORMATS_OF: Mapping[TargetName, TargetFormat] = {
    "jpeg": TargetFormat("JPEG", ".jpg", ("L", "RGB", "CMYK"), 65_500, 92),
    "png": TargetFormat("PNG", ".png", ("L", "LA", "RGB", "RGBA"), 0, 0),
    "webp": TargetFormat("WEBP", ".webp", ("RGB", "RGBA"), 16_383, 90),
    "avif": TargetFormat("AVIF", ".avif", ("RGB", "RGBA"), 65_535, 85),
    "heic": TargetFormat("HEIF", ".heic", ("RGB", "RGBA"), 0, 85),
}


@dataclass(frozen=True)
class ConversionOptions:
    """What is asked of a conversion.

    Attributes:
        to: the format.
        quality: 1 to 100; 0 for the default of the format.
        side_px: longest side in pixels; 0 leaves the size. Nothing is enlarged.
        profile: srgb converts the colours; keep leaves the numbers and embeds the profile.
        lossy: whether more may be lost than the format and the size imply.
    """

    to: TargetName
    quality: int = 0
    side_px: int = 0
    profile: ProfileRule = "srgb"
    lossy: bool = False

    @property
    def format(self) -> TargetFormat:
        """The format by its name."""
        return FORMATS_OF[self.to]
