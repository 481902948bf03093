"""The pixels of a converted file: upright, in their colours, and of the size that is wanted.

Holds `NewPixels` and `new_pixels`.
Add here: another change of pixels.
Keep out: what the numbers of a picture mean (imaging/colour_management.py), coding (coding.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from proofsheet.core.files import Refused
from proofsheet.imaging.colour_management import (
    SRGB,
    Unshowable,
    colour_profile,
    part_in_grey,
    rgb_profile,
    to_srgb,
)
from proofsheet.imaging.decode import exif_of, is_adobe_rgb, orientation_of
from proofsheet.publish.conversion.formats import ConversionOptions

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_OPAQUE = (255, 255)
_COLOURS = frozenset({"L", "RGB", "CMYK", "LAB"})  # modes that profiles are made for
_UNFIT = "does not fit"  # of the note on a profile that cannot be used


@dataclass(frozen=True)
class NewPixels:
    """Pixels that a coder takes.

    Attributes:
        image: upright, of a mode of the target format.
        icc: the profile to embed; empty for none.
        profile: what became of the colours, in words.
        is_turned: whether they were turned or mirrored.
        losses: what is lost by this, in words.
    """

    image: Image.Image
    icc: bytes
    profile: str
    is_turned: bool
    losses: tuple[str, ...] = ()


def new_pixels(image: Image.Image, options: ConversionOptions) -> NewPixels:
    """Pixels for a target format.

    Args:
        image: opened, at the page or frame that is wanted; it is decoded here.
        options: of the conversion.

    Raises:
        Refused: if the colours cannot be converted, or the format cannot hold them as they are.
    """
    is_turned = orientation_of(exif_of(image)) != 1
    image.load()  # the decoder of TIFF turns pixels itself, and takes the tag away
    orientation = orientation_of(exif_of(image))
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    if alpha is not None and alpha.getextrema() == _OPAQUE:
        alpha = None
    losses = []
    try:
        colours, icc, told = _kept(image, options) if options.profile == "keep" else _in_srgb(image)
    except Unshowable as error:
        raise Refused("unreadable", str(error), "convert it with a program for HDR pictures") from None
    if _UNFIT in told:
        losses.append(told)
    if image.mode == "CMYK" and not image.info.get("icc_profile"):
        losses.append("CMYK without a profile: its colours are not certain")
    if alpha is not None and options.to == "jpeg":
        losses.append("its transparency becomes white")
        colours = _on_white(colours, alpha)
    elif alpha is not None:
        colours = colours if colours.mode in {"L", "RGB"} else colours.convert("RGB")
        colours.putalpha(alpha)
    turned = colours.transpose(_TURNS[orientation]) if orientation in _TURNS else colours
    whole = _for_coder(_smaller(turned, options.side_px), options)
    return NewPixels(whole, icc, told, is_turned, tuple(losses))


def _opaque(image: Image.Image) -> Image.Image:
    """The colours alone, of 8 bits."""
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(part_in_grey(image, (0, 0, *image.size)))
    if image.mode in _COLOURS:
        return image.copy()
    return image.convert("L" if image.mode in {"1", "LA", "La"} else "RGB")


def _in_srgb(image: Image.Image) -> tuple[Image.Image, bytes, str]:
    info = {str(k): v for k, v in image.info.items()}
    plain, note = to_srgb(_opaque(image), info, is_adobe_rgb(exif_of(image)))
    plain = plain if plain.mode in {"L", "RGB"} else plain.convert("RGB")
    icc = b"" if plain.mode == "L" else rgb_profile(SRGB, None, b"sRGB")
    return plain, icc, note or "sRGB"


def _kept(image: Image.Image, options: ConversionOptions) -> tuple[Image.Image, bytes, str]:
    """Colours with their numbers as they are, and the profile that says what they mean."""
    plain = _opaque(image)
    info = {str(k): v for k, v in image.info.items()}
    adobe_rgb = is_adobe_rgb(exif_of(image))
    icc, name = colour_profile(plain.mode, info, adobe_rgb)
    note = to_srgb(plain.resize((1, 1)), info, adobe_rgb)[1]
    if _UNFIT in note:
        return plain if plain.mode in options.format.modes else plain.convert("RGB"), b"", note
    if plain.mode not in options.format.modes and (icc or plain.mode != "L"):
        what = {"L": "grey", "LAB": "CIE Lab"}.get(plain.mode, plain.mode)
        raise Refused(
            "unsupported_format",
            f"{options.to} does not hold {what} with a profile",
            "convert it with --profile srgb, or to another format",
        )
    return plain, icc or b"", f"kept: {name}" if icc else "sRGB, without a profile in the original"


def _on_white(colours: Image.Image, alpha: Image.Image) -> Image.Image:
    rgb = colours.convert("RGB")
    return Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)


def _smaller(image: Image.Image, side_px: int) -> Image.Image:
    longest = max(image.size)
    if not side_px or longest <= side_px:
        return image
    width, height = (max(1, round(side * side_px / longest)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _for_coder(image: Image.Image, options: ConversionOptions) -> Image.Image:
    if image.mode in options.format.modes:
        return image
    return image.convert("RGBA" if image.mode in {"LA", "RGBA"} else "RGB")
