"""Hashes of a picture: by how it looks, and by its very pixels.

Holds `phash`, `detail`, `pixel_hash` and `picture_hash`.
Add here: another hash and its column in `PictureHash`.
Keep out: comparing hashes (grouping/nearest_neighbors.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from PIL import Image

from proofsheet.imaging.decode import Picture
from proofsheet.imaging.image_quality import PLAIN_GROUND, grey_levels, ground
from proofsheet.imaging.scaling import Pixels, fit
from proofsheet.storage.code_version import module_version
from schemas.vision import PictureHash

_SIDE = 32
_LOW = 8
DETAIL_SIDE = 48
_BLUR = DETAIL_SIDE / 24
_FIRST_PX = 192  # reduced by area to this first; the rest by Lanczos, as the usual implementations do


def picture_hash(picture: Picture) -> Mapping[str, object]:
    """Every column of `PictureHash` but the ids."""
    return {
        PictureHash.phash: phash(picture.rgb),
        PictureHash.detail: detail(picture.rgb),
        PictureHash.pixel_hash: pixel_hash(picture),
        PictureHash.hashed_by: module_version(__name__),
    }


def pixel_hash(picture: Picture) -> str:
    """Hash of the upright pixels as they are measured, and of the full size; metadata does not change it."""
    found = hashlib.blake2b(
        f"{picture.width_px} {picture.height_px} {picture.rgb.shape}".encode(), digest_size=32
    )
    found.update(picture.rgb.tobytes())
    return found.hexdigest()


def phash(rgb: Pixels) -> int:
    """64 bits: which of the 8 x 8 lowest frequencies of a 32 x 32 DCT exceed their median.

    They are in the order of rows (Zauner, 2010).

    Args:
        rgb: (height, width, 3), upright.
    """
    import cv2

    grey = cv2.cvtColor(fit(rgb, _FIRST_PX), cv2.COLOR_RGB2GRAY)
    small = np.asarray(
        Image.fromarray(grey).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), dtype=np.float32
    )
    low = cv2.dct(small)[:_LOW, :_LOW]
    bits = (low > np.median(low)).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def detail(rgb: Pixels) -> list[int] | None:
    """The fine layout of a picture on a plain ground.

    It has 48 x 48 cells of grey less their surroundings, scaled to -127..127.

    Pages, screens and products on white differ little in low frequencies, and here. None for pictures on no
    plain ground.

    Args:
        rgb: (height, width, 3), upright.
    """
    import cv2

    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    if ground(grey_levels(grey)) < PLAIN_GROUND:
        return None
    small = cv2.resize(grey, (DETAIL_SIDE, DETAIL_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    fine = small - cv2.GaussianBlur(small, (0, 0), _BLUR)
    most = float(np.abs(fine).max())
    scaled: list[int] = (
        (np.rint(fine * (127 / most)) if most >= 1 else np.zeros_like(fine)).astype(np.int8).ravel().tolist()
    )
    return scaled
