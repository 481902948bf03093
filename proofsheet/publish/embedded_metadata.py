"""Copies for publishing: built from the picture, its colour profile and chosen fields, and the proof of that.

Holds `publishable_copy`.
Add here: another container, in `CONTAINERS`.
Keep out: where copies go (targets/), containers (containers/), which fields may stay (copied_fields.py).

A copy is not the original with parts removed. It is built from the visible picture; then the chosen fields
and the accepted texts are written, and it is read back part by part. A copy with an unknown part, other
pixels or other texts is not published.
"""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageSequence

from proofsheet.apply.crop_files import DEPTH_AT, SHALLOW, with_pixels
from proofsheet.core.errors import UsageError
from proofsheet.core.files import hash_file
from proofsheet.imaging.decode import prepare_decoders
from proofsheet.imaging.formats import DECODER_ERRORS, FORMATS, RAW_EXTENSIONS, format_of
from proofsheet.metadata.exiftool import READING, read_fields, run_exiftool, write_values
from proofsheet.publish.containers import gif, heif, jpeg, png, tiff, webp
from proofsheet.publish.containers.part import CannotClean, FilePart, Rebuilt, summary
from proofsheet.publish.containers.stealth import hidden_text, without_it
from proofsheet.publish.containers.transparent import shown_pixels
from proofsheet.publish.copied_fields import ADDED, Chosen, chosen
from proofsheet.publish.sidecar_merge import same

# By the format that the first bytes announce: what builds a copy, and its extension, which exiftool goes by.
CONTAINERS: Mapping[str, tuple[ModuleType, str]] = {
    "JPEG": (jpeg, ".jpg"),
    "PNG": (png, ".png"),
    "WEBP": (webp, ".webp"),
    "TIFF": (tiff, ".tif"),
    "GIF": (gif, ".gif"),
    "HEIF": (heif, ".heic"),
    "AVIF": (heif, ".avif"),
}
TITLE, CAPTION, ALT_TEXT, KEYWORDS = (
    "XMP-dc:Title",
    "XMP-dc:Description",
    "XMP-iptcCore:AltTextAccessibility",
    "XMP-dc:Subject",
)
# Groups of exiftool with content that the containers report part by part.
_BY_PARTS = (
    *(
        "SourceFile",
        "ExifTool:",
        "System:",
        "File:",
        "Composite:",
        "ICC",
        "JFIF:",
        "Adobe:",
        "PNG:",
        "PNG-pHYs:",
        "PNG-cICP:",
    ),
    *("RIFF:", "GIF:", "QuickTime:", "Meta:"),
)
_PLAIN = ("L", "RGB", "CMYK")  # modes of bytes without transparency
_NOT_SENT = "No copy was made."


@dataclass(frozen=True)
class Copy:
    """A copy that may be published.

    Attributes:
        path: the file.
        content_hash: SHA-256 of it.
        proof: what is in it, part by part, in words.
        parts: the same as values.
        fields: texts and chosen fields in it, by the tags of exiftool.
        left_out: what of the original it lacks beside metadata, and chosen fields with an invalid value.
    """

    path: Path
    content_hash: str
    proof: str
    parts: tuple[FilePart, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


@contextmanager
def publishable_copy(
    picture: Path, texts: Mapping[str, Any], keep: Collection[str], place: Path, rights: str = ""
) -> Iterator[Copy]:
    """A copy that is there for as long as the context; the original is only read.

    Args:
        picture: the original.
        texts: title, caption, alt_text, keywords.
        keep: the fields of the original that stay, see `chosen`.
        place: folder that copies are made in; an interrupted process leaves one there.
        rights: the copyright if the original has none, see `chosen`.

    Raises:
        UsageError: if it cannot be built or written, or if something is in it that is not known.
        ServiceUnreachable: if exiftool is not installed.
    """
    place.mkdir(parents=True, exist_ok=True)
    before = hash_file(picture)[0]
    module, suffix = _container(picture)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        work = Path(folder).resolve() / f"copy{suffix}"
        try:
            built = _built(module, picture.read_bytes())
        except DECODER_ERRORS as error:
            raise UsageError(
                f"No clean copy of {picture} can be made: {error or type(error).__name__}.", _NOT_SENT
            ) from error
        work.write_bytes(built.data)
        kept = chosen(picture, keep, rights)
        written = {**kept.values, **_tags(texts)}
        if written:
            _write(picture, work, written)
        copy = _proved(picture, work, module, built, kept, texts)
        if hash_file(picture)[0] != before:
            raise UsageError(
                f"{picture} changed while it was copied.", "Run the project again; nothing was published."
            )
        yield copy


def _write(picture: Path, work: Path, values: Mapping[str, Any]) -> None:
    """Write fields and texts into a copy by exiftool."""
    done = write_values(work, values, "-n")
    if done.returncode:
        raise UsageError(
            f"exiftool could not write a copy of {picture}: {done.stderr.strip()[:200]}.", _NOT_SENT
        )


def _container(picture: Path) -> tuple[ModuleType, str]:
    with picture.open("rb") as stream:
        head = stream.read(32)
    found = format_of(head) or ""
    if head[4:8] == b"ftyp":
        found = "AVIF" if b"avi" in head[8:] else "HEIF"
    if picture.suffix.lower() not in RAW_EXTENSIONS and found in CONTAINERS:
        return CONTAINERS[found]
    why = (
        "a RAW file is never sent as it is"
        if picture.suffix.lower() in RAW_EXTENSIONS
        else f"it is not one of {', '.join(CONTAINERS)}"
    )
    raise UsageError(
        f"No clean copy of {picture} can be made: {why}.", "Save it as JPEG, PNG or TIFF and describe that."
    )


def _built(module: ModuleType, data: bytes) -> Rebuilt:
    """A copy without metadata, and without a text that a generator wrote into the pixels."""
    built: Rebuilt = module.rebuilt(data)
    if module not in (png, webp):
        return built
    try:
        with Image.open(io.BytesIO(built.data), formats=["PNG", "WEBP"]) as image:
            where = hidden_text(image)
            if not where:
                return built
            if module is png and built.data[DEPTH_AT] != SHALLOW:
                raise CannotClean(f"a text of a generator is hidden in the {where} of a deep picture")
            if getattr(image, "n_frames", 1) > 1:
                raise CannotClean(f"a text of a generator is hidden in the {where} of an animation")
            out = io.BytesIO()
            lossless = {"lossless": True, "exact": True} if module is webp else {}
            without_it(image, where).save(
                out, image.format, icc_profile=image.info.get("icc_profile"), **lossless
            )
    except DECODER_ERRORS as error:
        raise CannotClean(f"it cannot be decoded: {error}") from error
    plain = with_pixels(built.data, out.getvalue()) if module is png else out.getvalue()
    again: Rebuilt = module.rebuilt(plain)
    return Rebuilt(
        again.data,
        (*built.left_out, f"a text of a generator in the lowest bits of its {where}"),
        hidden=where,
    )


def _tags(texts: Mapping[str, Any]) -> dict[str, Any]:
    values = {
        f"{TITLE}-x-default": texts["title"],
        f"{CAPTION}-x-default": texts["caption"],
        f"{ALT_TEXT}-x-default": texts["alt_text"],
        KEYWORDS: list(texts["keywords"]),
    }
    return {name: value for name, value in values.items() if value}


def _proved(
    picture: Path, work: Path, module: ModuleType, built: Rebuilt, kept: Chosen, texts: Mapping[str, Any]
) -> Copy:
    """A copy, with what is in it.

    Raises:
        UsageError: if it is more, less or other than what was put in.
    """
    try:
        parts = module.parts(work.read_bytes())
    except DECODER_ERRORS as error:
        raise UsageError(f"A copy of {picture} cannot be read back: {error}.", _NOT_SENT) from error
    done = run_exiftool([*READING, "-u", work])
    found = read_fields(done.stdout)
    wanted = {
        TITLE: texts["title"],
        CAPTION: texts["caption"],
        ALT_TEXT: texts["alt_text"],
        KEYWORDS: list(texts["keywords"]),
    }
    tags = [n for n in found if not n.startswith(_BY_PARTS)]
    strange = [f"{p.name} ({p.size:,} B)" for p in parts if not p.known]
    expected = {*wanted, *kept.values, *ADDED, *(f"IFD0:{n}" for n in tiff.NAMES if module is tiff)}
    strange += [n for n in tags if n not in expected]
    if strange:
        raise UsageError(
            f"A copy of {picture} would hold {', '.join(strange[:5])}, which is not known.", _NOT_SENT
        )
    wrong = [n for n, v in wanted.items() if v and not same(found.get(n), v)]
    if wrong:
        raise UsageError(
            f"{', '.join(wrong)} of a copy of {picture} did not read back as written.", _NOT_SENT
        )
    if not _same_pixels(picture, work, built):
        why = ", or its coded picture is incomplete or damaged" if built.shows else ""
        raise UsageError(f"The pixels of a copy of {picture} differ from its own{why}.", _NOT_SENT)
    told = (
        f"texts and pixels read back equal; it holds {summary(parts)}; XMP has "
        f"{', '.join(n for n in tags if n.startswith('XMP-'))}"
    )
    told += f"; left out: {', '.join(built.left_out)}" if built.left_out else ""
    told += f"; left out as invalid: {', '.join(kept.odd)}" if kept.odd else ""
    fields = {n: found[n] for n in tags if n not in ADDED}
    invalid = (f"{name}, which is invalid" for name in kept.odd)
    rights = (f"{name}, which is about rights" for name in kept.others)
    left_out = (*built.left_out, *invalid, *rights)
    return Copy(work, hash_file(work)[0], told, tuple(parts), fields, left_out)


def _same_pixels(picture: Path, work: Path, built: Rebuilt) -> bool:
    """Whether two files show the same, frame by frame where the copy has several."""
    prepare_decoders()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            shown = io.BytesIO(built.shows) if built.shows else picture
            with Image.open(shown, formats=FORMATS) as one, Image.open(work, formats=FORMATS) as two:
                one.seek(built.frame)
                if built.hidden:
                    return np.array_equal(_with_bits_alike(one, built.hidden), np.asarray(two))
                for number, frame in enumerate(ImageSequence.Iterator(two)):
                    one.seek(built.frame + number)
                    if not _equal(one, frame):
                        return False
        except DECODER_ERRORS:
            return False
    return True


def _equal(one: Image.Image, two: Image.Image) -> bool:
    if one.mode == two.mode and one.mode in _PLAIN:  # much faster than arrays
        return one.size == two.size and ImageChops.difference(one, two).getbbox() is None
    return one.size == two.size and np.array_equal(shown_pixels(one), shown_pixels(two))


def _with_bits_alike(image: Image.Image, where: str) -> npt.NDArray[Any]:
    shown = Image.fromarray(shown_pixels(image))
    return np.asarray(without_it(shown, where))
