"""When pictures were taken: every form of a time, every place of one."""

from __future__ import annotations

import struct
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from proofsheet.metadata.exif import exif_facts
from proofsheet.metadata.timestamps import read_moment, read_offset
from tests.support.kit import opened, save_picture

B, G = ExifTags.Base, ExifTags.GPS
AT = datetime(2024, 5, 6, 7, 8, 9)


@pytest.mark.parametrize(
    ("text", "at", "subsec", "offset"),
    [
        ("2024:05:06 07:08:09", AT, None, None),
        ("2024-05-06T07:08:09", AT, None, None),
        ("2024-05-06T07:08:09Z", AT, None, 0),
        ("2024-05-06T07:08:09+02:00", AT, None, 120),
        ("2024-05-06T07:08:09.123-0330", AT, 123_000, -210),
        ("2024-05-06 07:08:09,5", AT, 500_000, None),
        ("2024/05/06 07:08:09", AT, None, None),
        ("2024.05.06 07.08.09", AT, None, None),
        ("2024:5:6 7:08:09", AT, None, None),
        ("  2024:05:06   07:08:09\0", AT, None, None),
        ("2024:05:06 07:08:09.1234567 UTC", AT, 123_456, 0),
        ("20240506T070809", AT, None, None),
        ("2024:05:06 07:08:09\0\x7f junk", AT, None, None),
        ("2024-05-06 07:08:09 PDT", AT, None, None),
        ("Mon, 06 May 2024 07:08:09 +0200 (CEST)", AT, None, 120),
        ("Mon May  6 07:08:09 CEST 2024", AT, None, None),
        ("20240506 070809+0200", AT, None, 120),
        ("Mon, 06 May 2024 07:08:09 GMT", AT, None, 0),
        ("6 May 2024 07:08:09 -0500", AT, None, -300),
        ("Mon May  6 07:08:09 2024", AT, None, None),
        ("2024:05:06 07:08", AT.replace(second=0), None, None),
        ("2024-05-06T24:00:00", datetime(2024, 5, 7), None, None),
        ("2024:02:29 23:59:60", datetime(2024, 3, 1), None, None),
    ],
)
def test_forms_of_a_time(text: str, at: datetime, subsec: int | None, offset: int | None) -> None:
    found = read_moment(text)
    assert found is not None
    assert (found.at, found.subsec_us, found.offset_min) == (at, subsec, offset)


@pytest.mark.parametrize(
    "text",
    [
        *(
            None,
            "",
            "yesterday",
            "0000:00:00 00:00:00",
            "    :  :     :  :  ",
            "2024:00:00 00:00:00",
            "2024:13:01 00:00:00",
        ),
        *(
            "2023:02:29 10:00:00",
            "2024:05:06 25:00:00",
            "2024:05:06 24:00:01",
            "2024:05:06 07:61:00",
            "24:05:06 07:08:09",
        ),
        *(
            "05/06/2024 07:08:09",
            "2024:05:06 07:08:09 PM",
            "2024:05:06 下午 07:08:09",
            "6. Mai 2024 07:08:09",
        ),
        *(
            "1970:01:01 00:00:00",
            "1970-01-01T01:00:00+01:00",
            "1969:12:31 16:00:00",
            "1904:01:01 00:00:00",
            "1980:01:01 00:00:00",
        ),
        *(
            "2036:02:07 06:28:16",
            "2038-01-19T03:14:07Z",
            "0001-01-01T00:00:00",
            "9999:12:31 23:59:59",
            "1970-01-01",
        ),
        *(
            "2024:05:06 07:08:09 +99:99",
            "2024-05-06T07:08:09+15:00",
            "2024-05:06 07:08:09",
            "2024:05:06 07:08:09 2024",
        ),
    ],
)
def test_what_means_nothing_or_two_things_is_no_time(text: str | None) -> None:
    assert read_moment(text) is None


def test_a_day_alone_has_no_time_of_day() -> None:
    found = read_moment("2024-05-06")
    assert found is not None
    assert (found.day, found.at) == ("2024-05-06", None)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("+05:45", 345), ("-03:00", -180), ("Z", 0), ("   :  ", None), ("+14:30", None), ("", None)],
)
def test_offsets(text: str, minutes: int | None) -> None:
    assert read_offset(text) == minutes


def taken(path: Path) -> tuple[Any, ...]:
    found = exif_facts(opened(path))
    return tuple(found[f"taken_{n}"] for n in ("at", "subsec_us", "offset_min", "on", "from"))


def jpeg(
    path: Path,
    *,
    main: dict[int, Any] = {},  # noqa: B006
    sub: dict[int, Any] = {},  # noqa: B006
    gps: dict[int, Any] = {},  # noqa: B006
    xmp: str = "",
) -> Path:
    exif = Image.Exif()
    exif.update(main)
    exif.get_ifd(ExifTags.IFD.Exif).update(sub)
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return save_picture(path / "p.jpg", exif=exif, xmp=packet(xmp))


def packet(attributes: str) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" {attributes}/></rdf:RDF></x:xmpmeta>'
    ).encode()


def test_the_shutters_time_counts_first_with_its_own_parts(tmp_path: Path) -> None:
    path = jpeg(
        tmp_path,
        main={B.DateTime: "2025:01:01 00:00:01"},
        sub={
            B.DateTimeOriginal: "2024:05:06 07:08:09",
            B.SubsecTimeOriginal: "042 ",
            B.OffsetTimeOriginal: "+05:45",
            B.DateTimeDigitized: "2024:06:01 10:00:00",
            B.OffsetTime: "+01:00",
        },
        xmp='exif:DateTimeOriginal="2024-07-07T07:07:07Z"',
    )
    assert taken(path) == (AT, 42_000, 345, "2024-05-06", "EXIF DateTimeOriginal")


def test_an_offset_of_the_same_time_counts_another_does_not(tmp_path: Path) -> None:
    sub = {B.DateTimeOriginal: "2024:05:06 07:08:09", B.OffsetTime: "+02:00"}
    assert taken(jpeg(tmp_path, main={B.DateTime: "2024:05:06 07:08:09"}, sub=sub))[2] == 120
    assert taken(jpeg(tmp_path, main={B.DateTime: "2024:05:07 07:08:09"}, sub=sub))[2] is None


@pytest.mark.parametrize(
    ("sub", "xmp", "expected"),
    [
        (
            {B.DateTimeOriginal: "0000:00:00 00:00:00"},
            'exif:DateTimeOriginal="2024-05-06T07:08:09.5+02:00"',
            (AT, 500_000, 120),
        ),
        ({}, 'photoshop:DateCreated="2024-05-06T07:08:09"', (AT, None, None)),
        ({B.DateTimeDigitized: "2024/05/06 07:08:09"}, "", (AT, None, None)),
        ({}, 'xmp:CreateDate="2024-05-06T07:08:09Z"', (AT, None, 0)),
    ],
)
def test_other_places_of_a_time(
    tmp_path: Path, sub: dict[int, Any], xmp: str, expected: tuple[Any, ...]
) -> None:
    assert taken(jpeg(tmp_path, sub=sub, xmp=xmp))[:3] == expected


def test_a_day_alone_is_told_and_no_later_time_takes_its_place(tmp_path: Path) -> None:
    scanned = jpeg(
        tmp_path, sub={B.DateTimeDigitized: "2024:05:06 07:08:09"}, xmp='photoshop:DateCreated="1995-06-01"'
    )
    assert taken(scanned) == (None, None, None, "1995-06-01", "XMP photoshop:DateCreated")
    same = jpeg(
        tmp_path, sub={B.DateTimeDigitized: "2024:05:06 07:08:09"}, xmp='photoshop:DateCreated="2024-05-06"'
    )
    assert taken(same)[0] == AT


def test_satellites_tell_utc(tmp_path: Path) -> None:
    gps = {
        G.GPSDateStamp: "2024:05:06",
        G.GPSTimeStamp: (IFDRational(7, 1), IFDRational(8, 1), IFDRational(9, 1)),
    }
    assert taken(jpeg(tmp_path, gps=gps)) == (AT, None, 0, "2024-05-06", "EXIF GPSTimeStamp")


def test_iptc_tells_day_and_time(tmp_path: Path) -> None:
    sets = b"".join(
        struct.pack(">BBBH", 0x1C, 2, n, len(v)) + v for n, v in ((55, b"20240506"), (60, b"070809+0200"))
    )
    block = (
        b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(sets)) + sets + b"\0" * (len(sets) % 2)
    )
    path = save_picture(tmp_path / "p.jpg")
    raw = path.read_bytes()
    path.write_bytes(raw[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + raw[2:])
    assert taken(path) == (AT, None, 120, "2024-05-06", "IPTC DateCreated")


def test_png_texts_tell_a_time_and_its_last_change_does_not(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Creation Time", "Mon, 06 May 2024 07:08:09 +0200")
    info.add_text("date:create", "2023-01-01T00:00:00+00:00")
    assert taken(save_picture(tmp_path / "a.png", pnginfo=info))[:3] == (AT, None, 120)
    path = save_picture(tmp_path / "b.png")
    body = b"tIME" + struct.pack(">HBBBBB", 2024, 5, 6, 7, 8, 9)
    raw = path.read_bytes()
    path.write_bytes(raw[:33] + struct.pack(">I", 7) + body + struct.pack(">I", zlib.crc32(body)) + raw[33:])
    assert taken(path) == (None,) * 5


def test_a_file_without_a_time_has_none(tmp_path: Path) -> None:
    assert taken(save_picture(tmp_path / "p.png")) == (None,) * 5
