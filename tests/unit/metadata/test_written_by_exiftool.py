"""What people wrote into files: ours beside exiftool's, over real files and files of every container."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proofsheet.core.files import Refused
from proofsheet.imaging.decode import prepare_decoders
from proofsheet.imaging.formats import RAW
from proofsheet.imaging.metadata_blocks import read_raw_blocks
from proofsheet.metadata.sidecar_packet import sidecar_fields
from proofsheet.metadata.written_fields import embedded_metadata
from tests.support.kit import SHARED, opened, save_picture
from tests.support.written_kit import dng, exiftool_says

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)
LEAST_EQUAL, LEAST_FILES = 0.99, 150
CONTAINERS = ("jpg", "tif", "png", "webp", "heic", "avif", "dng", "jpg.xmp", "xmp")
TEXT, WORDS = "Möwe über Köln – 灯塔 🦊", ("Möwe", "灯塔", "zwei Wörter")
EDITED = "IPTC edited after the XMP"
ALIKE = {
    "XMP": (
        *("-XMP-dc:Title=Título", f"-XMP-dc:Description={TEXT}", "-XMP-photoshop:Headline=Kopf"),
        *(f"-XMP-dc:Subject={w}" for w in WORDS),
        *("-XMP-dc:Creator=Zoë", "-XMP-dc:Rights=© Zoë", "-XMP-xmpRights:UsageTerms=No reuse"),
        *("-XMP-photoshop:City=Köln", "-XMP-photoshop:State=NRW", "-XMP-photoshop:Country=Deutschland"),
        *("-XMP-iptcCore:Location=Dom", "-XMP-xmp:Rating=4", "-XMP-xmp:Label=Grün"),
    ),
    "place shown": (
        "-XMP-iptcExt:LocationShown={City=Bonn,CountryName=Deutschland,ProvinceState=NRW,Sublocation=Markt}",
        "-XMP-photoshop:City=Köln",
    ),
    "rejected": ("-XMP-xmp:Rating=-1", "-XMP-xmp:Label=Rot"),
    "plain ASCII": ("-XMP-dc:Title=1984", "-XMP-dc:Subject=2024", "-XMP-dc:Subject=a|b", "-XMP:Rating=1"),
    "line ends": ("-XMP-dc:Description=One line.\nAnother line.", '-XMP-dc:Rights=A & B <c> "d"'),
    "half a star": ("-XMP-xmp:Rating=2.5", "-XMP-xmp:Label=To do"),
    "many words": tuple(f"-XMP-dc:Subject=word {n}" for n in range(60)),
    "long": (f"-XMP-dc:Description={'A sentence. ' * 400}", f"-XMP-dc:Title={'ü' * 300}"),
    "scripts": ("-XMP-dc:Title=صورة של ภาพ", "-XMP-dc:Subject=Cafe\u0301", "-XMP-dc:Subject=写真"),
    "two creators": ("-XMP-dc:Creator=Zoë", "-XMP-dc:Creator=Max", "-XMP-photoshop:Headline=- x -"),
    "trees": ("-XMP-lr:HierarchicalSubject=Tier|Vogel", "-XMP-lr:HierarchicalSubject=Ort"),
    "languages": ("-XMP-dc:Title-de=Möwe", "-XMP-dc:Title=Gull"),
}
IN_FILES = {
    "IPTC in UTF-8": (
        *("-IPTC:CodedCharacterSet=UTF8", "-IPTC:ObjectName=Título", f"-IPTC:Caption-Abstract={TEXT}"),
        *(f"-IPTC:Keywords={w}" for w in WORDS),
        *("-IPTC:By-line=Zoë", "-IPTC:By-line=Max", "-IPTC:City=Köln", "-IPTC:Sub-location=Dom"),
        *("-IPTC:Province-State=NRW", "-IPTC:Country-PrimaryLocationName=Österreich"),
        *("-IPTC:CopyrightNotice=© Zoë", "-IPTC:Headline=Kopf"),
    ),
    "IPTC without its encoding": ("-IPTC:Keywords=Möwe", "-IPTC:City=Köln", "-IPTC:Headline=Größe"),
    "EXIF": (
        *(f"-EXIF:ImageDescription={TEXT}", "-EXIF:Artist=Zoë; Max", "-EXIF:Copyright=© Zoë"),
        "-EXIF:Rating=3",
    ),
    "Windows": ("-EXIF:XPTitle=Título 灯塔", "-EXIF:XPKeywords=Möwe;灯塔", "-EXIF:XPAuthor=Zoë", "-Rating=5"),
    "all three": (
        *("-IPTC:CodedCharacterSet=UTF8", "-IPTC:Keywords=old", "-XMP-dc:Subject=new"),
        *("-EXIF:ImageDescription=of EXIF", "-XMP-dc:Description=of XMP", "-IPTC:Caption-Abstract=of IPTC"),
        *("-IPTC:ObjectName=old", "-XMP-dc:Title=new", "-IPTC:City=old", "-XMP-photoshop:City=new"),
    ),
    EDITED: (
        *("-IPTC:Keywords=new", "-XMP-dc:Subject=old", "-IPTC:City=new", "-XMP-photoshop:City=old"),
        "-IPTCDigest=00000000000000000000000000000001",
    ),
    "a default of the camera": ("-EXIF:ImageDescription=                    ", "-XMP-dc:Description=mine"),
}

# What cameras and programs wrote into the real files by themselves: nobody's words.
BY_ITSELF = (
    *("SONY DSC", "KONICA MINOLTA DIGITAL CAMERA", "OLYMPUS DIGITAL CAMERA", "SANYO DIGITAL CAMERA"),
    *("TRAVELER DIGITAL CAMERA", "SAMSUNG", "SAMSUNG CSC", "KODAK DC240 ZOOM DIGITAL CAMERA"),
    *("KODAK DC3400 ZOOM DIGITAL CAMERA", "000001", "DSC00006", "(C) by RDC-5300 User", "Copyright,"),
    *(["Picasa 3.0"], "Kofax PDF Filter - version 3.75.", "File written by Adobe Photoshop. 4.0"),
)
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".avif", ".mpo", ".xmp", ".gif"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files that exiftool wrote: each set of fields in each container that takes it, and in sidecars."""
    prepare_decoders()
    folder, files, lines = tmp_path_factory.mktemp("made"), [], []
    for container in CONTAINERS:
        is_sidecar = container.endswith("xmp")
        for number, (name, fields) in enumerate({**ALIKE, **({} if is_sidecar else IN_FILES)}.items()):
            if container == "png" and name == EDITED:
                continue  # the Group's rules leave IPTC in PNG out
            path = folder / f"{number}.{container}"
            if container == "dng":
                dng(path)
            elif not is_sidecar:
                save_picture(path, number)
            told = (
                "#[CSTR]" + f.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') for f in fields
            )
            lines += ["-charset", "iptc=Latin", "-overwrite_original", *told, str(path), "-execute"]
            files.append(path)
    (folder / "lines").write_text("\n".join(lines), "utf-8")
    command = ["exiftool", "-charset", "filename=utf8", "-@", str(folder / "lines")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.count("1 image files") == len(files), done.stderr
    return files


def ours(path: Path) -> dict[str, Any] | None:
    """What we read; None for a file that is refused or no picture."""
    if path.suffix == ".xmp":
        return dict(sidecar_fields(path.read_bytes()))
    if path.suffix == ".dng":  # no program develops it
        picture = replace(opened(path), format=RAW, blocks=read_raw_blocks(path))
        return dict(embedded_metadata(picture))
    try:
        return dict(embedded_metadata(opened(path)))
    except Refused:
        return None


def compared(files: list[Path]) -> tuple[int, int, list[str]]:
    """Number of files and of fields that one of the two read, and the fields that differ."""
    known, count, fields, differ = exiftool_says(files), 0, 0, []
    for path in files:
        mine, theirs = ours(path), known.get(str(path), {})
        if mine is None:
            continue
        pairs = {field: (_same(mine[field]), _same(value)) for field, value in theirs.items()}
        pairs = {f: (one, None if two in BY_ITSELF else two) for f, (one, two) in pairs.items()}
        said = {field: pair for field, pair in pairs.items() if any(pair)}
        differ += [
            f"{path.name} {f}: ours {one!r}, exiftool's {two!r}"
            for f, (one, two) in said.items()
            if (one or None) != (two or None)
        ]
        fields, count = fields + len(said), count + bool(said)
    return count, fields, differ


def _same(value: Any) -> Any:
    """A value without spaces that nobody sees."""
    if isinstance(value, list):
        return [unicodedata.normalize("NFC", " ".join(v.split())) for v in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def test_files_of_every_container_read_as_exiftool_reads_them(made: list[Path]) -> None:
    count, fields, differ = compared(made)
    assert count >= LEAST_FILES
    assert fields >= 450
    assert not differ, "\n".join(differ)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real files of others are not at hand")
def test_real_files_read_as_exiftool_reads_them(made: list[Path]) -> None:
    real = sorted(p for p in SHARED.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)
    of_real, of_made = compared(real), compared(made)
    count, fields, differ = (one + two for one, two in zip(of_real, of_made, strict=True))
    told = f"{count} files, {fields} fields, {len(differ)} differ:\n" + "\n".join(differ)
    assert count >= LEAST_FILES, told
    assert len(differ) <= (1 - LEAST_EQUAL) * fields, told
