"""Speed of everything that looks at one picture, on one core.

Holds `picture_rows`.
Add here: a row for another measurement.
Keep out: models and vectors.
"""

from __future__ import annotations

import functools
import io
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.peers import Peers, exiftool_command
from benchmarks.photos import photographs
from benchmarks.rows import Row, over
from benchmarks.timing import cpu_seconds, rate
from proofsheet.core.files import Fingerprint
from proofsheet.embedding.open_clip_encoder import Input, prepare
from proofsheet.imaging.decode import DecodeLimits, Picture, PictureFile, open_picture, prepare_decoders
from proofsheet.imaging.image_quality import image_quality
from proofsheet.imaging.perceptual_hash import phash
from proofsheet.metadata.exif import exif_facts
from proofsheet.publish.containers import jpeg
from schemas.settings.photos import PhotoSettings

_SIDE = PhotoSettings().analysis_side_px
_INPUT = Input(224, "shortest", "bicubic", (0.5,) * 3, (0.5,) * 3)
_HASH_SIDE = 192
_NO_LIMIT = 10**9


def picture_rows(folder: Path, peers: Peers, count: int) -> Iterator[Row]:
    """Rows of EXIF, decoding, quality, hash, the one pass, previews and published copies.

    Args:
        folder: for the photographs.
        peers: programs of others.
        count: photographs a size; of 12 MP a quarter of it.
    """
    prepare_decoders()
    yield _exif(peers)
    for megapixels, n in ((12, max(count // 4, 4)), (2, count)):
        files, note = photographs(megapixels, n, folder)
        yield from _pixel_rows(files, f"{megapixels} MP", note, peers)
    yield _preview(folder)
    yield _copy(folder)


def _file(path: Path) -> PictureFile:
    return PictureFile(path, path.name, Fingerprint.of(path.stat()))


def _opened(path: Path, side: int, large: int = 0) -> Picture:
    return open_picture(_file(path), DecodeLimits(_NO_LIMIT, _NO_LIMIT, side, large))


def _exif(peers: Peers) -> Row:
    """Facts of the header, over camera files."""
    from benchmarks.originals import places

    files = sorted(p for place in places() for p in place.glob("metadata_extractor/jpg/*.jpg"))
    command = exiftool_command(files)
    exiftool = (
        len(files) / cpu_seconds(lambda: subprocess.run(command, check=False, capture_output=True))
        if command
        else None
    )  # type: ignore[arg-type]

    def ours(k: int) -> object:
        with (
            files[k].open("rb") as stream,
            Image.open(io.BytesIO(stream.read(65536)), formats=("JPEG",)) as image,
        ):
            empty = np.empty((0, 0, 3), np.uint8)
            return exif_facts(Picture(empty, empty, empty, 8, 1, 1, "JPEG", image.getexif()))

    limit = rate(lambda k: files[k].open("rb").read(65536), len(files))
    project, piexif = rate(ours, len(files)), peers.number("piexif", files)
    note = (
        f"files of {len(files)} cameras; peer is exiftool over all files at once (piexif alone: "
        f"{piexif or float('nan'):,.0f})"
    )
    return Row(
        "EXIF and GPS ÷ exiftool",
        "images/cpu-s",
        limit,
        exiftool,
        None,
        project,
        over(project, exiftool),
        15.0,
        len(files),
        note,
    )


def _pixel_rows(files: Sequence[Path], size: str, note: str, peers: Peers) -> Iterator[Row]:
    n, small = len(files), size == "2 MP"

    def draft(k: int, side: int = _SIDE) -> object:
        with Image.open(files[k]) as image:
            image.draft("RGB", (side, round(side * image.height / image.width)))
            return image.load()

    limit, full = rate(draft, n), rate(lambda k: Image.open(files[k]).load(), n)
    project = rate(lambda k: _opened(files[k], _SIDE), n)
    yield Row(
        f"decode {size} ÷ limit",
        "images/cpu-s",
        limit,
        None,
        full,
        project,
        over(project, limit),
        0.9,
        n,
        note,
    )

    quality, naive = (
        rate(lambda k: image_quality(_opened(files[k], _SIDE)), n),
        rate(lambda k: image_quality(_opened(files[k], 10**6)), n),
    )
    peer = peers.number("cleanvision", files)
    yield Row(
        f"quality {size} ÷ cleanvision",
        "images/cpu-s",
        limit,
        peer,
        naive,
        quality,
        over(quality, peer),
        7.0,
        n,
        note,
    )
    yield Row(
        f"quality {size} ÷ limit",
        "images/cpu-s",
        limit,
        peer,
        naive,
        quality,
        over(quality, limit),
        0.5,
        n,
        note,
    )

    hashed, peer = (
        rate(lambda k: phash(_opened(files[k], _HASH_SIDE).rgb), n),
        peers.number("imagehash", files),
    )
    hash_limit = rate(functools.partial(draft, side=_HASH_SIDE), n)
    target = 3.5 if small else 5.0
    yield Row(
        f"pHash {size} ÷ imagehash",
        "images/cpu-s",
        hash_limit,
        peer,
        peer,
        hashed,
        over(hashed, peer),
        target,
        n,
        note,
    )
    yield _bits(files, size, note, peers)

    def one_pass(k: int) -> object:
        picture = _opened(files[k], _SIDE)
        return exif_facts(picture), image_quality(picture), phash(picture.rgb), prepare(picture, _INPUT)

    whole, four = rate(one_pass, n), rate(lambda k: _four_passes(files[k]), n)
    told = (
        f"{note}; four passes: Pillow's EXIF, our quality on the full picture, phash on it, the "
        "model's input from it"
    )
    target = 4.5 if small else 10.0
    yield Row(
        f"one pass {size} ÷ four passes",
        "images/cpu-s",
        limit,
        None,
        four,
        whole,
        over(whole, four),
        target,
        n,
        told,
    )


def _four_passes(path: Path) -> object:
    """The plain way: each measurement opens the file for itself and decodes all of it."""
    with Image.open(path) as image:
        exif = exif_facts(Picture(*[np.empty((0, 0, 3), np.uint8)] * 3, 8, 1, 1, "JPEG", image.getexif()))
    with Image.open(path) as image:
        grey = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), dtype=np.float64)
    with Image.open(path) as image:
        shown = image.convert("RGB").resize((298, 224), Image.Resampling.BICUBIC).crop((37, 0, 261, 224))
    return exif, image_quality(_opened(path, 10**6)), np.fft.fft2(grey), np.asarray(shown)


def _bits(files: Sequence[Path], size: str, note: str, peers: Peers) -> Row:
    """How far our hash of the reduced picture is from imagehash's of the full one."""
    found = peers.ask("imagehash bits", files)
    if not isinstance(found, list):
        return Row(
            f"pHash {size}: bits from imagehash",
            "bits",
            2.0,
            None,
            None,
            float("nan"),
            None,
            1.0,
            0,
            "imagehash is missing",
        )
    bits = [
        (int(theirs, 16) ^ phash(_opened(p, _SIDE).rgb)).bit_count()
        for theirs, p in zip(found, files, strict=True)
    ]
    worst = float(max(bits))
    return Row(
        f"pHash {size}: 2 bits ÷ most bits from imagehash",
        "bits",
        2.0,
        0.0,
        None,
        worst,
        2.0 / max(worst, 1.0),
        1.0,
        len(bits),
        note,
    )


def _preview(folder: Path) -> Row:
    files, note = photographs(24, 4, folder)

    def make(pixels: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=82)
        return buffer.getvalue()

    def naive(k: int) -> object:
        with Image.open(files[k]) as image:
            image.thumbnail((1600, 1600), Image.Resampling.LANCZOS, reducing_gap=None)
            return make(np.asarray(image))

    project = 1 / rate(lambda k: make(_opened(files[k], 1600).rgb), len(files))
    slow = 1 / rate(lambda k: naive(k), len(files))
    return Row(
        "preview 1600 px from 24 MP, 0.2 s ÷ project",
        "cpu-s",
        0.2,
        None,
        slow,
        project,
        0.2 / project,
        1.0,
        len(files),
        note,
    )


def _copy(folder: Path) -> Row:
    """A JPEG as its published copy has it, built and read back.

    Without its fields and the comparison of pixels.
    """
    files, note = photographs(24, 4, folder)
    limit = 1 / rate(lambda k: Image.open(files[k]).load(), len(files))
    project = 1 / rate(lambda k: jpeg.parts(jpeg.rebuilt(files[k].read_bytes()).data), len(files))
    note += (
        f", {sum(f.stat().st_size for f in files) / len(files) / 1e6:.1f} MB each; limit: decoding it once"
    )
    return Row(
        "copy of a JPEG of 24 MP, 0.6 s ÷ project",
        "cpu-s",
        limit,
        None,
        None,
        project,
        0.6 / project,
        1.0,
        len(files),
        note,
    )
