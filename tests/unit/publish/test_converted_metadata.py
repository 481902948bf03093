"""Metadata of converted files: carried, changed where pixels changed, and named where it is not carried."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from proofsheet.core.files import Refused
from proofsheet.publish.conversion.exif_block import (
    DATE,
    ORIENTATION,
    ExifChange,
    changed_block,
    of_raw_file,
    without_tag,
)
from proofsheet.publish.conversion.file_conversion import ConvertedFile
from proofsheet.publish.conversion.iptc_as_xmp import packet_with_iptc
from proofsheet.publish.conversion.xmp_text import XmpChange, changed_packet
from tests.support.conversion_kit import EVERY_FORMAT, convert_one, exif_of, quarters, read_back
from tests.support.kit import SHARED

CAMERAS = SHARED / "metadata_extractor" / "jpg"
needs_exiftool = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
SUFFIX = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "avif": ".avif", "heic": ".heic"}


def exiftool(path: Path, *options: str) -> dict[str, object]:
    done = subprocess.run(
        ["exiftool", "-json", "-n", "-G1", *options, str(path)], capture_output=True, text=True, check=False
    )
    return dict(json.loads(done.stdout)[0])


def written(made: ConvertedFile | Refused, folder: Path, to: str) -> Path:
    assert isinstance(made, ConvertedFile), made
    path = folder / f"new{SUFFIX[to]}"
    path.write_bytes(made.data)
    return path


def tagged(folder: Path, *options: str, orientation: int = 6) -> Path:
    path = folder / "a.jpg"
    quarters().save(path, quality=95, exif=exif_of(t0112=orientation, t010F="Acme"))
    command = ["exiftool", "-q", "-overwrite_original", *options, str(path)]
    subprocess.run(command, check=True)
    return path


@needs_exiftool
@pytest.mark.parametrize("to", EVERY_FORMAT)
def test_what_cameras_and_people_wrote_is_in_the_new_file(tmp_path: Path, to: str) -> None:
    path = tagged(
        tmp_path,
        "-EXIF:DateTimeOriginal=2024:05:06 07:08:09",
        "-EXIF:OffsetTimeOriginal=+02:00",
        "-GPSLatitude=48.2083",
        "-GPSLatitudeRef=N",
        "-EXIF:LensModel=Acme 50mm",
        "-XMP-dc:Title=A harbour",
        "-XMP-xmp:Rating=4",
        "-XMP-tiff:Orientation#=6",
        "-IPTC:Headline=Boats",
        "-IPTC:Keywords=sea",
        "-IPTC:Keywords=Öl",
        "-IPTC:DateCreated=2024:05:06",
        "-IPTC:CodedCharacterSet=UTF8",
    )
    new = written(convert_one(path, to), tmp_path, to)
    found = exiftool(new)
    assert found["ExifIFD:DateTimeOriginal"] == "2024:05:06 07:08:09"
    assert found["ExifIFD:OffsetTimeOriginal"] == "+02:00"
    assert found["GPS:GPSLatitude"] == pytest.approx(48.2083)
    assert found["ExifIFD:LensModel"] == "Acme 50mm"
    assert (found["XMP-dc:Title"], found["XMP-xmp:Rating"]) == ("A harbour", 4)
    assert found["XMP-tiff:Orientation"] == 1
    assert found.get("IFD0:Orientation", 1) == 1
    texts = (
        ("IPTC:Headline", "IPTC:Keywords", "IPTC:DateCreated")
        if to == "jpeg"
        else ("XMP-photoshop:Headline", "XMP-dc:Subject", "XMP-photoshop:DateCreated")
    )
    assert [found[n] for n in texts] == ["Boats", ["sea", "Öl"], "2024:05:06"]
    assert exiftool(new, "-warning").get("ExifTool:Warning") is None


@needs_exiftool
@pytest.mark.parametrize("to", EVERY_FORMAT)
@pytest.mark.parametrize(
    "name", ["Canon EOS D60.jpg", "Nikon D1X.jpg", "Apple iPhone 4.jpg", "Olympus X-2.jpg"]
)
def test_notes_of_camera_makers_read_as_before(tmp_path: Path, name: str, to: str) -> None:
    source = CAMERAS / name
    if not source.exists():
        pytest.skip("files of cameras are not here")
    before = exiftool(source, "-MakerNotes:all", "-EXIF:all")
    after = exiftool(written(convert_one(source, to), tmp_path, to), "-MakerNotes:all", "-EXIF:all")
    differ = {n for n, v in before.items() if after.get(n) != v and not n.startswith(("SourceFile", "IFD1"))}
    turned = {"IFD0:Orientation", "ExifIFD:ExifImageWidth", "ExifIFD:ExifImageHeight", "ExifIFD:ColorSpace"}
    assert {n for n in differ - turned if "Preview" not in n and "Thumbnail" not in n} == set()
    assert len(before) > 20


def test_the_small_picture_of_the_block_is_gone_with_its_bytes(tmp_path: Path) -> None:
    small = io.BytesIO()
    quarters((16, 16)).save(small, "JPEG")
    thumbnail = small.getvalue()
    exif = exif_of(t0112=8, t010F="Acme")
    block = bytearray(exif.tobytes().removeprefix(b"Exif\0\0"))
    order = "<" if block[:2] == b"II" else ">"
    first = struct.unpack_from(order + "I", block, 4)[0]
    link = first + 2 + 12 * struct.unpack_from(order + "H", block, first)[0]
    second = len(block)
    struct.pack_into(order + "I", block, link, second)
    block += struct.pack(order + "H", 2)
    at = second + 2 + 24 + 4
    block += struct.pack(order + "HHII", 0x0201, 4, 1, at) + struct.pack(
        order + "HHII", 0x0202, 4, 1, len(thumbnail)
    )
    block += bytes(4) + thumbnail
    path = tmp_path / "a.jpg"
    quarters().save(path, exif=b"Exif\0\0" + bytes(block))
    assert thumbnail in path.read_bytes()
    made = convert_one(path, "webp")
    assert isinstance(made, ConvertedFile)
    assert thumbnail[100:200] not in made.data
    found = read_back(made).getexif()
    assert (found[0x010F], found.get_ifd(0x8769)) == ("Acme", {})


def test_sizes_and_the_mark_of_colours_follow_the_pixels() -> None:
    exif = exif_of(t0112=3, t0100=4000, t0101=3000)
    exif.get_ifd(0x8769).update({0xA002: 4000, 0xA003: 3000, 0xA001: 0xFFFF})
    changed = Image.Exif()
    changed.load(changed_block(exif.tobytes().removeprefix(b"Exif\0\0"), ExifChange(30, 40, True)))
    inner = changed.get_ifd(0x8769)
    assert [changed[t] for t in (0x0112, 0x0100, 0x0101)] == [1, 30, 40]
    assert [inner[t] for t in (0xA002, 0xA003, 0xA001)] == [30, 40, 1]


def test_a_block_without_its_orientation_has_all_other_tags() -> None:
    block = exif_of(t010F="Acme", t0112=1, t0131="a program").tobytes().removeprefix(b"Exif\0\0")
    found = Image.Exif()
    found.load(without_tag(block, ORIENTATION))
    assert dict(found) == {0x010F: "Acme", 0x0131: "a program"}
    assert without_tag(exif_of(t0112=1).tobytes().removeprefix(b"Exif\0\0"), ORIENTATION) == b""
    assert without_tag(b"", ORIENTATION) == b""


def test_what_a_developing_program_writes_of_its_own_is_not_carried() -> None:
    exif = exif_of(t010F="Acme", t0132="2026:01:02 03:04:05", t4746=1)
    exif.get_ifd(0x8769).update({0x9291: "    ", 0x9003: "2019:05:06 07:08:08"})
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    for date, wanted in (("2019:05:06 07:08:09", "2019:05:06 07:08:09"), ("", None), (None, None)):
        found = Image.Exif()
        found.load(of_raw_file(block, date))
        assert (found[0x010F], found.get(DATE), found.get(0x4746)) == ("Acme", wanted, None)
        assert found.get_ifd(0x8769) == {0x9003: "2019:05:06 07:08:08"}
        assert b"2026" not in of_raw_file(block, date)


@pytest.mark.parametrize("data", [b"", b"XX", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"])
def test_a_damaged_block_is_an_error_and_no_crash(data: bytes) -> None:
    with pytest.raises(ValueError, match="it"):
        changed_block(data, ExifChange(1, 1, True))


PACKET = (
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    "<rdf:Description rdf:about='' xmlns:tiff='http://ns.adobe.com/tiff/1.0/'"
    " xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:own='urn:own' tiff:Orientation='6' own:thing='6'>"
    "<xmp:Thumbnails><rdf:Alt><rdf:li>AAAA</rdf:li></rdf:Alt></xmp:Thumbnails>"
    "<mwg-rs:Regions xmlns:mwg-rs='urn:r'><mwg-rs:RegionList/></mwg-rs:Regions>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def test_xmp_stays_as_it_is_but_for_what_pixels_changed() -> None:
    still = XmpChange(10, 20, srgb=True, is_turned=False, gain_map=False)
    packet, left = changed_packet(PACKET.encode(), still)
    wanted = PACKET.replace("tiff:Orientation='6'", "tiff:Orientation='1'")
    start, end = wanted.index("<xmp:Thumb"), wanted.index("<mwg-rs")
    assert packet.decode() == wanted[:start] + wanted[end:]
    assert left == []
    packet, left = changed_packet(PACKET.encode(), still._replace(is_turned=True))
    assert b"mwg-rs:Regions" not in packet
    assert left == ["regions in XMP, since the picture was turned"]
    with pytest.raises(ValueError, match="XML"):
        changed_packet(b"<x:xmpmeta>", still)


def test_iptc_is_added_to_xmp_and_what_it_says_itself_stays() -> None:
    iptc = {(2, 105): [b"Boats"], (2, 25): [b"a & b", b"sea"], (2, 200): [b"?"], (1, 90): [b"\x1b%G"]}
    space = "photoshop='http://ns.adobe.com/photoshop/1.0/'"
    own = PACKET.replace("own='urn:own'", space).replace("own:thing", "photoshop:Headline")
    made, left = packet_with_iptc(own.encode(), iptc)
    assert b"Boats" not in made
    assert b"<rdf:li>a &amp; b</rdf:li>" in made
    assert left == ["IPTC 2:200", "IPTC that differs from XMP photoshop:Headline"]
    alone, _ = packet_with_iptc(b"", iptc)
    assert b"<photoshop:Headline>Boats</photoshop:Headline>" in alone
    assert packet_with_iptc(b"", {}) == (b"", [])


def test_what_is_not_carried_is_named(tmp_path: Path) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", "a prompt")
    quarters().save(tmp_path / "a.png", pnginfo=texts)
    made = convert_one(tmp_path / "a.png", "webp")
    assert isinstance(made, ConvertedFile)
    assert made.left == ("texts of the file: parameters",)
    assert read_back(convert_one(tmp_path / "a.png", "png")).text == {"parameters": "a prompt"}  # type: ignore[attr-defined]
    quarters().save(tmp_path / "c.jpg", extra=b"\xff\xe3\0\x0aMeta\0abc")
    assert convert_one(tmp_path / "c.jpg", "jpeg").left == ("segment APP3 Meta",)  # type: ignore[union-attr]
    quarters().save(tmp_path / "b.jpg", comment=b"hello")
    assert convert_one(tmp_path / "b.jpg", "avif").left == ("comment",)  # type: ignore[union-attr]
    assert read_back(convert_one(tmp_path / "b.jpg", "jpeg")).info["comment"] == b"hello"


@needs_exiftool
def test_tags_of_a_tiff_that_describe_it_are_carried(tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.tif", exif=exif_of(t0112=6))
    tags = ["-ImageDescription=A harbour", "-DateTimeOriginal=2024:05:06 07:08:09", "-GPSLatitude=48.2083"]
    tags += ["-IFD0:Make=Acme", "-XMP-dc:Title=Boats", "-IFD0:HostComputer=pc", "-IFD0:PageName=one"]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, str(tmp_path / "a.tif")], check=True)
    for to in EVERY_FORMAT:
        made = convert_one(tmp_path / "a.tif", to)
        found = read_back(made).getexif()
        assert (found[0x010E], found[0x010F]) == ("A harbour", "Acme")
        assert found.get_ifd(0x8769)[0x9003] == "2024:05:06 07:08:09"
        assert found.get_ifd(0x8825)[2][0] == 48
        assert not {0x0111, 0x0117, 0x0103} & set(found)
        assert read_back(made).size == (64, 96)
        assert isinstance(made, ConvertedFile)
        assert b"Boats" in made.data


def test_a_profile_or_xmp_that_is_too_large_for_a_jpeg_is_named(tmp_path: Path) -> None:
    long = PACKET.replace("own:thing='6'", f"own:thing='{'x' * 70_000}'")
    quarters().save(tmp_path / "a.webp", xmp=long.encode())
    made = convert_one(tmp_path / "a.webp", "jpeg")
    assert isinstance(made, ConvertedFile)
    assert made.left == ("XMP, which is too large for a JPEG",)
