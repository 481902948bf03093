"""Colours as they are meant: pixels of any profile and colour space as sRGB.

Holds `rgb_pixels`, `part_in_grey`, `to_srgb`, `Unshowable`, `SRGB`, and profiles by what files say.
Add here: another place where a file says what its numbers mean.
Keep out: decoding (decode.py).

What the numbers of a picture mean is taken from the first of these that it has: an ICC profile, the code
points of HEIF, AVIF and PNG, EXIF's mark for Adobe RGB (DCF 2.0), PNG's gamma and chromaticities. Without any
they mean sRGB.
"""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from proofsheet.imaging.headers import deepest_grey, white_is_zero
from proofsheet.imaging.scaling import Pixels, fit, rgb_array

Floats = npt.NDArray[np.float64]
Chromaticities = tuple[float, ...]  # x and y of white, red, green and blue

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D65 = (0.3127, 0.3290)
SRGB = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_ADOBE = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
_P3 = (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
_BT2020 = (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
_ADOBE_GAMMA, _SRGB_GAMMA = 2.19921875, 2.2
_PRIMARIES = {9: ("BT.2020", _BT2020), 11: ("DCI-P3", _P3), 12: ("Display P3", _P3)}  # ITU-T H.273
_HDR = {16: "PQ", 18: "HLG"}
_CHANNELS = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}
_TOLERANCE = 1  # of 255: a profile that moves no colour by more is sRGB
_KEPT, _NAME = 32, b"made of chromaticities"


class Unshowable(ValueError):
    """The colours mean something that cannot be shown rightly."""


def to_srgb(image: Image.Image, info: Mapping[str, Any], adobe_rgb: bool = False) -> tuple[Image.Image, str]:
    """The same picture in sRGB, and a note on what was converted; empty if nothing had to be.

    Args:
        image: of the modes L, RGB, CMYK or LAB, with no alpha.
        info: what the decoder read beside the pixels.
        adobe_rgb: whether EXIF marks it as Adobe RGB.

    Raises:
        Unshowable: for HDR transfer functions.
    """
    profile, name = colour_profile(image.mode, info, adobe_rgb)
    if profile is None:
        return image, ""
    change = _transform(profile, image.mode)
    if change is None:
        return image, f"its colour profile ({name}) does not fit its pixels and was left out"
    if isinstance(change, bool):
        return image, ""
    return ImageCms.applyTransform(image, change) or image, f"colours converted to sRGB from {name}"


def rgb_pixels(image: Image.Image, wanted_px: int, adobe_rgb: bool) -> tuple[Pixels, str]:
    """Pixels in sRGB on white, at most `wanted_px` on the longest side, and a note on converted colours.

    Deep greys are scaled, and very large pictures are reduced first.

    Args:
        image: decoded, of any mode.
        wanted_px: longest side that is needed.
        adobe_rgb: whether EXIF marks it as Adobe RGB.

    Raises:
        Unshowable: see `to_srgb`.
    """
    if _is_deep(image):
        return fit(_from_grey(image, wanted_px), wanted_px), ""
    if (factor := max(image.size) // (2 * wanted_px)) > 1:
        plain = image.convert("L") if image.mode == "1" else image
        if plain.mode in {"L", "RGB", "RGBA", "CMYK", "LA", "LAB"}:
            image = _with_info(plain.reduce(factor), image)
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    plain, note = to_srgb(_opaque(image), {str(k): v for k, v in image.info.items()}, adobe_rgb)
    rgb = plain if plain.mode == "RGB" else plain.convert("RGB")  # `convert` copies what is RGB already
    if alpha is not None:
        rgb = Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)
    return rgb_array(rgb, wanted_px), note


def _opaque(image: Image.Image) -> Image.Image:
    """The colours alone, in a mode that profiles are made for."""
    if image.mode in {"L", "RGB", "CMYK", "LAB"}:
        return image
    return image.convert("L" if image.mode in {"1", "LA"} else "RGB")


def _with_info(small: Image.Image, source: Image.Image) -> Image.Image:
    small.info = source.info
    return small


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def _from_grey(image: Image.Image, wanted_px: int) -> Pixels:
    import cv2

    values: npt.NDArray[Any] = np.asarray(image)
    height, width = values.shape[:2]
    if (factor := max(width, height) // wanted_px) > 1 and values.dtype in {
        np.dtype(np.uint16),
        np.dtype(np.float32),
    }:
        values = cv2.resize(
            values, (max(1, width // factor), max(1, height // factor)), interpolation=cv2.INTER_AREA
        )
    grey = _grey_of(values, image)
    return np.ascontiguousarray(np.broadcast_to(grey[..., None], (*grey.shape, 3)))


def _grey_of(values: npt.NDArray[Any], image: Image.Image) -> Pixels:
    """Deep greys of a picture or a part of it in 0..255; mode and tags of the picture say what is white."""
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    most = float(finite.max(initial=0))
    whole = 1.0 if image.mode == "F" else deepest_grey(image)
    grey = np.clip(finite / (whole if most <= whole else most) * 255.0, 0, 255).astype(np.uint8)
    return np.asarray(255 - grey if white_is_zero(image) else grey)


def part_in_grey(image: Image.Image, box: tuple[int, int, int, int]) -> Pixels:
    """The grey of a part of a picture as it is seen on white, without its profile: (height, width)."""
    part = image.crop(box)
    if _is_deep(part):
        return _grey_of(np.asarray(part), image)
    if part.has_transparency_data:
        part = Image.alpha_composite(Image.new("RGBA", part.size, "white"), part.convert("RGBA"))
    return np.asarray(part.getchannel(0) if part.mode == "LAB" else part.convert("L"), dtype=np.uint8)


def colour_profile(mode: str, info: Mapping[str, Any], adobe_rgb: bool) -> tuple[bytes | None, str]:
    """The profile of the numbers, None for sRGB, and its name."""
    if mode == "LAB":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), "CIE Lab"
    if name := hdr_name(info):
        raise Unshowable(f"its light is coded as {name} (HDR)")
    if isinstance(embedded := info.get("icc_profile"), bytes) and embedded:
        return embedded, _description(embedded)
    if mode != "RGB":
        return None, ""
    if (found := _primaries(info)) is not None:
        return rgb_profile(found[1], None), found[0]
    if adobe_rgb:
        return rgb_profile(_ADOBE, _ADOBE_GAMMA), "Adobe RGB (marked in EXIF)"
    return _by_png(info)


def coded_profile(mode: str, info: Mapping[Any, Any]) -> bytes | None:
    """A profile for what the code points of HEIF say; None if they say sRGB, nothing, or HDR."""
    found = _primaries(info) if mode in {"RGB", "RGBA"} and not hdr_name(info) else None
    return rgb_profile(found[1], None) if found else None


def hdr_name(info: Mapping[Any, Any]) -> str:
    """The HDR transfer function that the code points of HEIF name; empty for others."""
    return _HDR.get((info.get("nclx_profile") or {}).get("transfer_characteristics", 0), "")


def _primaries(info: Mapping[Any, Any]) -> tuple[str, Chromaticities] | None:
    return _PRIMARIES.get((info.get("nclx_profile") or {}).get("color_primaries", 0))


def _by_png(info: Mapping[str, Any]) -> tuple[bytes | None, str]:
    """PNG's gAMA and cHRM; a chunk sRGB overrides them."""
    gamma, colours = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info or not isinstance(gamma, float) or not 0.1 <= gamma <= 10:
        return None, ""
    wanted = tuple(colours) if isinstance(colours, tuple) and len(colours) == len(SRGB) else SRGB
    if abs(gamma * _SRGB_GAMMA - 1) < 0.02 and np.allclose(wanted, SRGB, atol=0.002):
        return None, ""
    try:
        return rgb_profile(wanted, 1 / gamma), f"gamma {1 / gamma:.2f}"
    except (np.linalg.LinAlgError, struct.error, ZeroDivisionError):  # chromaticities of no colour space
        return None, ""


@functools.lru_cache(_KEPT)
def _description(profile: bytes) -> str:
    try:
        return (
            ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
            or "a profile without a name"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return "a damaged profile"


@functools.lru_cache(_KEPT)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | bool | None:
    """The transform to sRGB.

    True if there is nothing to convert, None if the profile does not fit the pixels or is damaged.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _CHANNELS[mode]:
            return None
        target = ImageCms.createProfile("sRGB")
        found = ImageCms.buildTransform(
            source,
            target,
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return True if mode in {"RGB", "L"} and _changes_nothing(found, mode) else found
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _changes_nothing(found: ImageCms.ImageCmsTransform, mode: str) -> bool:
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = (
        np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
        if mode == "RGB"
        else levels[None]
    )
    before = Image.fromarray(np.ascontiguousarray(cube))
    after = ImageCms.applyTransform(before, found)
    if after is None:
        return False
    difference = np.abs(np.asarray(after, dtype=np.int16) - np.asarray(before.convert("RGB"), dtype=np.int16))
    return bool(difference.max() <= _TOLERANCE)


@functools.lru_cache(_KEPT)
def rgb_profile(chromaticities: Chromaticities, gamma: float | None, name: bytes = _NAME) -> bytes:
    """A matrix profile (ICC.1:2001-04, version 2.4) with one curve for all channels.

    Args:
        chromaticities: x and y of white, red, green and blue.
        gamma: exponent of the curve; None for that of sRGB.
        name: shown by programs.

    Raises:
        numpy.linalg.LinAlgError: if the primaries span no colour space.
    """
    colorants = _adapted(chromaticities)
    points = 1024
    if gamma is None:
        x = np.linspace(0, 1, points)
        table = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
        curve = struct.pack(f">4s4xI{points}H", b"curv", points, *np.rint(table * 65535).astype(int).tolist())
    else:
        curve = struct.pack(">4s4xIH", b"curv", 1, min(round(gamma * 256), 65535))
    described = struct.pack(">4s4xI", b"desc", len(name) + 1) + name + bytes(79)
    tags = [(b"desc", described), (b"cprt", b"text\0\0\0\0none\0"), (b"wtpt", _xyz(_D50))]
    tags += [
        (sign, _xyz(column)) for sign, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants.T, strict=True)
    ]
    tags += [(sign, curve) for sign in (b"rTRC", b"gTRC", b"bTRC")]
    index = struct.pack(">I", len(tags))
    data = b""
    start = 132 + 12 * len(tags)
    for sign, value in tags:
        index += struct.pack(">4sII", sign, start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    head = (
        struct.pack(">I4xI", 128 + len(index) + len(data), 0x02400000)
        + b"mntrRGB XYZ "
        + struct.pack(">6H", 2024, 1, 1, 0, 0, 0)
    )
    return (head + b"acsp" + bytes(28) + struct.pack(">3i", *_fixed(_D50))).ljust(128, b"\0") + index + data


def _adapted(chromaticities: Chromaticities) -> Floats:
    """(3, 3) XYZ of the primaries, a column each, adapted from their white to D50 by Bradford's matrix."""
    points = np.array(chromaticities, dtype=np.float64).reshape(4, 2)
    xyz = np.stack([points[:, 0] / points[:, 1], np.ones(4), (1 - points.sum(axis=1)) / points[:, 1]])
    white, primaries = xyz[:, 0], xyz[:, 1:]
    scaled = primaries * np.linalg.solve(primaries, white)
    cones = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    return np.asarray(np.linalg.inv(_BRADFORD) @ cones @ _BRADFORD @ scaled)


def _xyz(values: Floats) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *_fixed(values))


def _fixed(values: Floats) -> list[int]:
    return [round(float(v) * 65536) for v in values]
