"""Regions that people marked: upright in eight orientations, of two schemas, each once, and hostile ones."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from proofsheet.imaging.scaling import upright_box, upright_pixels
from proofsheet.library.written_regions import people_said, region_rows
from proofsheet.metadata.exif import exif_facts
from proofsheet.metadata.sidecar_packet import sidecar_fields
from proofsheet.metadata.written_fields import embedded_metadata
from schemas.library import ExifFact
from schemas.vision import ImageQuality
from schemas.written import EDGES, EmbeddedMetadata, SidecarMetadata, WrittenRegion
from tests.support.kit import SHARED, opened, save_picture

CURIES = SHARED / "immich_public_domain" / "metadata" / "faces" / "portrait-orientation-6.jpg"
STORED = (64, 48)
BOX = (0.125, 0.25, 0.375, 0.5)  # of the stored picture
GROUP = (
    "-RegionInfo={AppliedToDimensions={W=64,H=48,Unit=pixel},RegionList=["
    "{Area={X=0.25,Y=0.375,W=0.25,H=0.25,Unit=normalized},Name=Zoë,Type=Face,Description=in front},"
    "{Area={X=0.8,Y=0.8,W=0.1,H=0.1,Unit=normalized},Type=Focus}]}"
)
MICROSOFT = (
    "-RegionInfoMP={Regions=[{PersonDisplayName=Zoë,Rectangle=0.13|, 0.25|, 0.25|, 0.25},"
    "{PersonDisplayName=Max,Rectangle=0.6|, 0.1|, 0.2|, 0.3},{PersonDisplayName=Somewhere}]}"
)
with_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)


def exiftool(path: Path, *tags: str) -> None:
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, str(path)], check=True)


def packet(inner: str) -> bytes:
    spaces = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
        'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" '
        'xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"'
    )
    return f"<rdf:RDF {spaces}><rdf:Description>{inner}</rdf:Description></rdf:RDF>".encode()


def marked(*areas: str, size: str = "", more: str = "") -> bytes:
    """A packet as Lightroom writes it: structures by attributes."""
    items = "".join(
        f'<rdf:li><rdf:Description mwg-rs:Type="Face" {more}><mwg-rs:Area {area}/></rdf:Description></rdf:li>'
        for area in areas
    )
    return packet(
        f'<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions {size}/>'
        f"<mwg-rs:RegionList><rdf:Bag>{items}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )


def area(x: object, y: object, w: object, h: object, unit: str = "normalized") -> str:
    return f'stArea:x="{x}" stArea:y="{y}" stArea:w="{w}" stArea:h="{h}" stArea:unit="{unit}"'


def table_of(
    *, file: Any = (), sidecar: Any = (), orientation: int = 1, size: tuple[int, int] = STORED
) -> pl.DataFrame:
    """The rows of one photo with these regions in its file and its sidecar."""
    found = {"project": "p", "photo_id": "one"}
    schema = {"project": pl.String, "photo_id": pl.String}
    of_files, of_sidecars = (
        pl.DataFrame(
            [{**found, EmbeddedMetadata.regions: list(r)}],
            {**schema, EmbeddedMetadata.regions: EmbeddedMetadata.polars_schema()[EmbeddedMetadata.regions]},
        )
        for r in (file, sidecar)
    )
    exif = pl.DataFrame([{**found, ExifFact.orientation: orientation}])
    quality = pl.DataFrame([{**found, ImageQuality.width_px: size[0], ImageQuality.height_px: size[1]}])
    return region_rows("p", of_files, of_sidecars, exif, quality)


def boxes(rows: pl.DataFrame) -> list[tuple[float, ...]]:
    return [tuple(round(v, 4) for v in row) for row in rows.select(EDGES).iter_rows()]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_turns_as_the_pixels_do(orientation: int) -> None:
    stored = np.zeros((STORED[1], STORED[0], 3), np.uint8)
    left, top, right, bottom = (int(s * n) for s, n in zip(BOX, (*STORED, *STORED), strict=True))
    stored[top:bottom, left:right] = 255
    turned = upright_pixels(stored, orientation)
    height, width = turned.shape[:2]
    left, top, right, bottom = (
        round(s * n) for s, n in zip(upright_box(BOX, orientation), (width, height) * 2, strict=True)
    )
    assert (turned[top:bottom, left:right] == 255).all()
    assert turned.sum() == turned[top:bottom, left:right].sum()


@with_exiftool
@pytest.mark.parametrize("container", ["jpg", "png", "tif", "webp", "jpg.xmp"])
def test_regions_that_exiftool_writes_are_read(tmp_path: Path, container: str) -> None:
    path = tmp_path / f"a.{container}"
    if container != "jpg.xmp":
        save_picture(path, 1, STORED)
    exiftool(path, GROUP, MICROSOFT, "-sep", ", ")
    said = json.loads(subprocess.run(["exiftool", "-json", "-struct", path], capture_output=True).stdout)[0]
    assert said["RegionInfo"]["RegionList"][0]["Name"] == "Zoë"
    assert len(said["RegionInfoMP"]["Regions"]) == 3
    found = sidecar_fields(path.read_bytes()) if container == "jpg.xmp" else embedded_metadata(opened(path))
    rows = table_of(file=found[EmbeddedMetadata.regions])
    assert rows.select(WrittenRegion.kind, WrittenRegion.region_name).rows() == [
        *(("face", "Zoë"), ("face", "Max"), ("focus", None)),
    ]
    assert boxes(rows)[0] == BOX
    assert boxes(rows)[1] == (0.6, 0.1, 0.8, 0.4)
    assert rows[WrittenRegion.description].to_list() == ["in front", None, None]
    assert people_said(rows)["one"][0]["value"] == "Zoë; Max"
    assert found[EmbeddedMetadata.unread] is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_regions_are_of_the_upright_picture(orientation: int) -> None:
    upright = STORED if orientation < 5 else (STORED[1], STORED[0])
    size = f'stDim:w="{STORED[0]}" stDim:h="{STORED[1]}" stDim:unit="pixel"'
    read = sidecar_fields(marked(area(0.25, 0.375, 0.25, 0.25), size=size))[SidecarMetadata.regions]
    rows = table_of(sidecar=read, orientation=orientation, size=upright)
    assert boxes(rows) == [tuple(round(v, 4) for v in upright_box(BOX, orientation))]


@with_exiftool
def test_regions_of_microsoft_are_of_the_upright_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    save_picture(path, 1, STORED)
    exiftool(path, MICROSOFT, "-n", "-Orientation=6")
    rows = table_of(
        file=embedded_metadata(opened(path))[EmbeddedMetadata.regions],
        orientation=6,
        size=(STORED[1], STORED[0]),
    )
    assert boxes(rows) == [(0.13, 0.25, 0.38, 0.5), (0.6, 0.1, 0.8, 0.4)]


@pytest.mark.skipif(not CURIES.is_file(), reason="the real files of others are not at hand")
def test_a_real_picture_on_its_side_has_two_people_once_each() -> None:
    """Marie Curie sits left of the middle and Pierre Curie right of it, as it is shown."""
    picture = opened(CURIES)
    exif = exif_facts(picture)
    rows = table_of(
        file=embedded_metadata(picture)[EmbeddedMetadata.regions],
        orientation=int(str(exif[ExifFact.orientation])),
        size=(picture.width_px, picture.height_px),
    )
    assert rows[WrittenRegion.region_name].to_list() == ["Marie Curie", "Pierre Curie"]
    assert boxes(rows) == [(0.3119, 0.2086, 0.425, 0.4071), (0.6393, 0.1186, 0.7357, 0.36)]


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_regions_that_were_marked_in_a_turned_picture_are_not_turned_again(orientation: int) -> None:
    size = f'stDim:w="{STORED[1]}" stDim:h="{STORED[0]}" stDim:unit="pixel"'
    read = sidecar_fields(marked(area(0.25, 0.375, 0.25, 0.25), size=size))[SidecarMetadata.regions]
    rows = table_of(sidecar=read, orientation=orientation, size=(STORED[1], STORED[0]))
    assert boxes(rows) == [BOX]


def test_regions_in_pixels_are_of_the_size_that_they_name() -> None:
    size = 'stDim:w="400" stDim:h="200" stDim:unit="pixel"'
    read = sidecar_fields(marked(area(100, 75, 100, 50, "pixel"), size=size))[SidecarMetadata.regions]
    assert boxes(table_of(sidecar=read)) == [BOX]


def test_the_regions_of_a_sidecar_count_and_those_of_the_file_do_not() -> None:
    one, two = (
        sidecar_fields(marked(area(x, 0.5, 0.1, 0.1), more=f'mwg-rs:Name="{name}"'))[SidecarMetadata.regions]
        for x, name in ((0.2, "of the file"), (0.7, "of the sidecar"))
    )
    rows = table_of(file=one, sidecar=two)
    assert rows.select(WrittenRegion.region_name, WrittenRegion.place).rows() == [
        ("of the sidecar", "sidecar")
    ]


def test_a_region_is_there_once_and_two_names_at_one_place_are_two() -> None:
    there = [
        {"kind": "face", "name": name, "description": None, "upright": False, "aspect": None, "tag": "t"}
        | dict(zip(EDGES, (0.1 + shift, 0.1, 0.3 + shift, 0.3), strict=True))
        for name, shift in ((None, 0.0), ("Zoë", 0.01), ("Zoë", 0.02), ("Max", 0.0), (None, 0.5))
    ]
    assert table_of(file=there)[WrittenRegion.region_name].to_list() == ["Zoë", "Max", None]


@pytest.mark.parametrize(
    "odd",
    [
        area("nan", 0.5, 0.1, 0.1),
        area(0.5, 0.5, 0, 0.1),
        area(0.5, 0.5, -0.1, 0.1),
        area(5, 0.5, 0.1, 0.1),
        area("left", 0.5, 0.1, 0.1),
        area(50, 50, 10, 10, "pixel"),
        'stArea:x="0.5" stArea:y="0.5"',
        "",
    ],
)
def test_a_region_without_a_box_is_said_and_the_others_are_read(odd: str) -> None:
    found = sidecar_fields(marked(odd, area(0.25, 0.375, 0.25, 0.25)))
    assert boxes(table_of(sidecar=found[SidecarMetadata.regions])) == [BOX]
    assert "without a box inside the picture" in str(found[SidecarMetadata.unread])


def test_many_regions_are_bounded_and_said() -> None:
    found = sidecar_fields(marked(*[area(0.5, 0.5, 0.1, 0.1)] * 201))
    assert len(list(found[SidecarMetadata.regions])) == 200  # type: ignore[call-overload]
    assert "201 regions, the first 200 are read" in str(found[SidecarMetadata.unread])
