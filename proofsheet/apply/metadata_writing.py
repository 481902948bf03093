"""Other metadata in a copy of a picture, with the proof that nothing else differs.

Holds `with_metadata` and `fields_for_merge`.
Add here: another container, or something else that must stay.
Keep out: which values are written (publish/embed_values.py), originals (embedding.py).

Exiftool writes into a copy. The copy is used only if the image data has the same digest, every foreign tag
and preview reads the same, and every value reads back as it was written.
"""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from proofsheet.core.errors import ServiceUnreachable, UsageError
from proofsheet.imaging.decode import prepare_decoders
from proofsheet.imaging.formats import DECODER_ERRORS, format_of
from proofsheet.imaging.picture_data import picture_data
from proofsheet.metadata.exiftool import fields_of_files, find_exiftool, write_values

SUFFIXES: Mapping[str, str] = {
    "JPEG": ".jpg",
    "TIFF": ".tif",
    "PNG": ".png",
    "WEBP": ".webp",
    "HEIF": ".heic",
}
DNG, _BY_PIXELS = ".dng", frozenset({".webp", ".heic"})  # of which pixels and profile are compared too
ENCODING, IPTC_DIGEST, TOOLKIT = "IPTC:CodedCharacterSet", "Photoshop:IPTCDigest", "XMP-x:XMPToolkit"
BY_LANGUAGE = "-x-default"
_ALL = ("-G1:4", "-u", "-b")
_ABOUT_FILES = ("SourceFile", "ExifTool:", "System:", "File:", "Composite:", TOOLKIT, IPTC_DIGEST)
# Where something is in the file, and how long the first of several pictures is with its metadata
_PLACES = re.compile(
    r".*:(\w*Offsets?|(PreviewImage|JpgFromRaw|OtherImage|MPImage)Start)|MPImage1:MPImageLength"
    r"|RIFF:(ImageWidth|ImageHeight|WebP_Flags)"  # of a chunk that a simple WebP gets
    r"|QuickTime:MediaData(Size)?"  # of HEIC; what is in it is compared item by item
)
_COPY = re.compile(r":Copy\d+:")
# What exiftool writes beside a first value, so that a block is valid
_ADDED = frozenset(
    {
        *("IFD0:XResolution", "IFD0:YResolution", "IFD0:ResolutionUnit", "IFD0:YCbCrPositioning"),
        *("ExifIFD:ExifVersion", "ExifIFD:ComponentsConfiguration", "ExifIFD:FlashpixVersion"),
        *("ExifIFD:ColorSpace", "IPTC:ApplicationRecordVersion", "IPTC:EnvelopeRecordVersion"),
    }
)
_UNTOUCHED = "It was not touched."


def fields_for_merge(pictures: Sequence[Path]) -> list[dict[str, Any]]:
    """Every field of each picture, by the tags of exiftool; of a repeated tag the first.

    Raises:
        ServiceUnreachable: if exiftool is not installed.
    """
    return fields_of_files(pictures)


def with_metadata(picture: Path, values: Mapping[str, Any], folder: Path) -> Path:
    """A copy of a picture with these values.

    Args:
        picture: it is only read.
        values: by the tags of exiftool.
        folder: for the copy.

    Raises:
        UsageError: if exiftool cannot write it or dies over it, or anything else would differ.
        ServiceUnreachable: if exiftool is not installed.
    """
    try:
        return _written(picture, values, folder)
    except ServiceUnreachable as error:
        find_exiftool()
        raise UsageError(
            f"{picture} cannot be written: {error.what}", f"{_UNTOUCHED} {error.next_step}"
        ) from error


def _written(picture: Path, values: Mapping[str, Any], folder: Path) -> Path:
    with picture.open("rb") as stream:
        suffix = SUFFIXES.get(format_of(stream.read(32)) or "")
    if suffix is None:
        known = ", ".join(SUFFIXES)
        raise UsageError(f"{picture} is no DNG, {known}.", "Write a sidecar instead.")
    suffix = DNG if picture.suffix.lower() == DNG else suffix
    before, after = folder / f"before{suffix}", folder / f"after{suffix}"
    shutil.copyfile(picture, before)
    shutil.copyfile(before, after)
    named = {n + BY_LANGUAGE if n.startswith(LANGUAGES) else n: v for n, v in values.items()}
    done = write_values(after, named)
    if done.returncode:
        told = done.stderr.replace(f" - {after}", "").splitlines()
        why = "; ".join(line for line in told if line.startswith(("Error", "Warning"))) or "it gave no reason"
        raise UsageError(f"exiftool cannot write {picture}: {why[:200]}.", _UNTOUCHED)
    if IPTC_DIGEST in values and suffix in (SUFFIXES["TIFF"], DNG):
        _write_digest(after)
    _check(picture, before, after, values)
    before.unlink()
    return after


LANGUAGES = (
    "XMP-dc:Title",
    "XMP-dc:Description",
    "XMP-iptcCore:AltTextAccessibility",
    "XMP-iptcCore:ExtDescrAccessibility",
)


def _write_digest(file: Path) -> None:
    """Note the digest of the IPTC as it is stored: in a TIFF it is padded after exiftool counted it."""
    (found,) = fields_of_files([file], "-File:CurrentIPTCDigest")
    write_values(file, {IPTC_DIGEST: found["File:CurrentIPTCDigest"]})


def _check(picture: Path, before: Path, after: Path, values: Mapping[str, Any]) -> None:
    """Refuse a copy in which anything but the values differs."""
    old, new = (_repeated(found) for found in fields_of_files([before, after], *_ALL))
    ours = {*values, *(_ADDED - old.keys())}
    changed = [n for n in {**old, **new} if _is_foreign(n, ours) and old.get(n) != new.get(n)]
    if changed:
        raise UsageError(
            f"Writing into {picture} would change {', '.join(sorted(changed)[:3])}.",
            f"{_UNTOUCHED} Write a sidecar instead.",
        )
    wrong = [n for n, v in values.items() if n != IPTC_DIGEST and not _reads_as(new.get(n, [None])[0], v)]
    if wrong:
        raise UsageError(f"{', '.join(wrong)} of {picture} did not read back as written.", _UNTOUCHED)
    try:
        same = picture_data(before.read_bytes()) == picture_data(after.read_bytes()) and (
            after.suffix not in _BY_PIXELS or _same_pixels(before, after)
        )
    except ValueError as error:
        raise UsageError(f"{picture} cannot be written: {error}.", _UNTOUCHED) from error
    if not same:
        raise UsageError(
            f"Writing into {picture} would change more than metadata.",
            f"{_UNTOUCHED} Write a sidecar instead.",
        )


def _is_foreign(name: str, ours: set[str]) -> bool:
    return name not in ours and not name.startswith(_ABOUT_FILES) and not _PLACES.fullmatch(name)


def _repeated(fields: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Tag to its values in their order; exiftool numbers tags of one name over all groups."""
    found: dict[str, list[Any]] = {}
    for name, value in fields.items():
        found.setdefault(_COPY.sub(":", name), []).append(value)
    return found


def _reads_as(found: Any, written: Any) -> bool:  # noqa: ANN401 - a list of one comes as its item
    if written == []:
        return found in (None, "", [])
    one, two = ([*v] if isinstance(v, list | tuple) else [v] for v in (found, written))
    return [str(v).casefold() if str(v).lower() in ("true", "false") else str(v) for v in one] == [
        str(v).casefold() if str(v).lower() in ("true", "false") else str(v) for v in two
    ]


def _same_pixels(one: Path, two: Path) -> bool:
    """Whether two files have the same pixels, frame by frame, and the same colour profile."""
    prepare_decoders()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(one) as first, Image.open(two) as second:
                for number in range(getattr(first, "n_frames", 1)):
                    first.seek(number)
                    second.seek(number)
                    if first.mode != second.mode or not np.array_equal(np.asarray(first), np.asarray(second)):
                        return False
                return bool(first.info.get("icc_profile") == second.info.get("icc_profile"))
        except DECODER_ERRORS:
            return False
