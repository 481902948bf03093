"""Pictures with blurred faces, of which privacy copies are made.

Holds `FaceBlur`, `face_blur` and `with_blurred_faces`.
Add here: another way to make a face unknown.
Keep out: finding faces (labeling/), and what copies keep of metadata (embedded_metadata.py).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from proofsheet.core.errors import NotAvailable
from proofsheet.core.files import Refused
from proofsheet.imaging.decode import DecodeLimits, check_size, prepare_decoders
from proofsheet.imaging.formats import FORMATS
from proofsheet.imaging.headers import code_points
from proofsheet.imaging.scaling import fit
from proofsheet.labeling.face_finder import choose_faces
from proofsheet.labeling.face_networks import FoundFace, load
from proofsheet.publish.conversion.carried_metadata import carried_metadata
from proofsheet.publish.conversion.coding import coded_file
from proofsheet.publish.conversion.formats import ConversionOptions
from proofsheet.publish.conversion.losses import losses_of
from proofsheet.publish.conversion.pixels import new_pixels
from proofsheet.publish.conversion.xmp_text import XmpChange
from schemas.settings.convert import TargetName
from schemas.settings.faces import FaceSettings

_NAMES: Mapping[str, TargetName] = {
    "JPEG": "jpeg",
    "MPO": "jpeg",
    "PNG": "png",
    "WEBP": "webp",
    "AVIF": "avif",
    "HEIF": "heic",
}
_QUALITY = 95
_SIDE_PX = 1600  # in which faces are looked for
_LEAST = 0.4  # score from which a place is blurred; lower than for other uses, since a missed face is worse
_AROUND = 0.25  # of a face's box that is blurred on each side
_CELLS = 6  # of a face, to each side; nobody is known by as many
_ONLY_HERE = ("its gain map", "its depth map", "its video")  # losses that every privacy copy has


@dataclass(frozen=True)
class FaceBlur:
    """The network that finds faces, and what a picture may cost."""

    network: Path
    limits: DecodeLimits


def face_blur(settings: FaceSettings, limits: DecodeLimits) -> FaceBlur:
    """Blurring by the network of the settings.

    Raises:
        NotAvailable: with what to install, if there is none.
    """
    finder = choose_faces(settings)
    if finder.faces is None:
        raise NotAvailable("Faces cannot be blurred.", finder.why)
    return FaceBlur(finder.faces, limits)


def with_blurred_faces(data: bytes, blur: FaceBlur) -> tuple[bytes, int]:
    """A picture with blurred faces and with its metadata, and the number of faces.

    Without a face it is the same file. With one, it is coded again, so that its other pixels change a little.

    Args:
        data: the whole original.
        blur: network and limits.

    Raises:
        Refused: for formats, depths and animations that cannot be coded again without another loss.
        OSError: if it cannot be decoded; other errors of decoders likewise.
    """
    prepare_decoders()
    stream = io.BytesIO(data)
    with Image.open(stream, formats=FORMATS) as image:
        image.info.update(code_points(image, stream))
        check_size(*image.size, image.format or "unknown", blur.limits)
        options = ConversionOptions(_name(image), _QUALITY, profile="keep", lossy=True)
        losses = [loss for loss in losses_of(image, data) if not loss.startswith(_ONLY_HERE)]
        if losses and image.format != "MPO":
            raise Refused("lossy", f"faces are not blurred: {losses[0]}", "convert it first")
        pixels = new_pixels(image, options)
        faces = _faces(pixels.image, blur)
        if not faces:
            return data, 0
        for face in faces:
            _blur(pixels.image, face)
        change = XmpChange(*pixels.image.size, srgb=False, is_turned=pixels.is_turned, gain_map=True)
        return coded_file(pixels, carried_metadata(image, data, change, options.to), options), len(faces)


def _name(image: Image.Image) -> TargetName:
    if (name := _NAMES.get(image.format or "")) is None:
        raise Refused(
            "unsupported_format",
            f"faces are not blurred in {image.format}",
            "convert it to JPEG or PNG first, or leave --blur-faces out",
        )
    return name


def _faces(image: Image.Image, blur: FaceBlur) -> list[tuple[int, int, int, int]]:
    """Boxes of faces with what is around them, inside the picture, in its pixels."""
    rgb = fit(np.asarray(image.convert("RGB"), dtype=np.uint8), _SIDE_PX)
    found = load(blur.network, None).find(rgb, _LEAST)
    return [_box(face, image.size, image.width / rgb.shape[1]) for face in found]


def _box(face: FoundFace, size: tuple[int, int], scale: float) -> tuple[int, int, int, int]:
    left, top, right, bottom = (float(v) * scale for v in face.box)
    across, down = _AROUND * (right - left), _AROUND * (bottom - top)
    width, height = size
    return (
        max(0, int(left - across)),
        max(0, int(top - down)),
        min(width, int(right + across) + 1),
        min(height, int(bottom + down) + 1),
    )


def _blur(image: Image.Image, box: tuple[int, int, int, int]) -> None:
    """A few means of colours in the place of a face."""
    part = image.crop(box)
    if min(part.size) > 0:
        means = part.resize((_CELLS, _CELLS), Image.Resampling.BOX)
        image.paste(means.resize(part.size, Image.Resampling.BICUBIC), box)
