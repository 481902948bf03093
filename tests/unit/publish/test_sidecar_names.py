"""A sidecar belongs to one picture: no words go into that of a RAW or of a twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.core.errors import UsageError
from proofsheet.publish.sidecar_names import existing_sidecar, sidecar_of, sidecar_path


def beside(folder: Path, *names: str, xmp: str = "<x/>") -> list[Path]:
    """Empty files of these names; sidecars hold `xmp`."""
    for name in names:
        (folder / name).write_text(xmp if name.lower().endswith(".xmp") else "")
    return [folder / n for n in names]


@pytest.mark.parametrize(
    "twin", ["IMG_2.CR3", "IMG_2.NEF", "IMG_2.DNG", "img_2.cr3", "IMG_2.HEIC", "IMG_2.jpg", "IMG_2.TIF"]
)
@pytest.mark.parametrize("sidecar", ["IMG_2.xmp", "IMG_2.XMP"])
def test_the_sidecar_of_a_twin_is_not_that_of_the_picture(tmp_path: Path, twin: str, sidecar: str) -> None:
    picture = beside(tmp_path, "IMG_2.JPG", twin, sidecar)[0]
    assert existing_sidecar(picture) is None
    assert sidecar_of(picture, "darktable") == tmp_path / "IMG_2.JPG.xmp"
    with pytest.raises(UsageError, match="would share"):
        sidecar_of(picture, "adobe")


@pytest.mark.parametrize("sidecar", ["IMG_2.JPG.xmp", "IMG_2.JPG.XMP"])
def test_a_named_sidecar_is_used_beside_a_twin(tmp_path: Path, sidecar: str) -> None:
    picture = beside(tmp_path, "IMG_2.JPG", "IMG_2.CR3", "IMG_2.xmp", sidecar)[0]
    assert sidecar_of(picture, "adobe") == tmp_path / sidecar


@pytest.mark.parametrize("sidecar", ["IMG_2.xmp", "IMG_2.XMP", "img_2.xmp"])
def test_the_only_picture_of_a_stem_keeps_its_sidecar(tmp_path: Path, sidecar: str) -> None:
    picture = beside(tmp_path, "IMG_2.JPG", sidecar, "IMG_2.txt", "IMG_3.CR3")[0]
    (tmp_path / "IMG_2").mkdir()
    assert sidecar_of(picture, "darktable") == tmp_path / sidecar


def test_a_raw_keeps_its_sidecar_beside_the_jpeg(tmp_path: Path) -> None:
    _jpeg, raw, sidecar = beside(tmp_path, "IMG_2.JPG", "IMG_2.CR3", "IMG_2.xmp")
    assert sidecar_of(raw, "darktable") == sidecar
    beside(tmp_path, "IMG_2.DNG")
    assert sidecar_of(raw, "darktable") == tmp_path / "IMG_2.CR3.xmp"


@pytest.mark.parametrize("form", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "field", [' photoshop:SidecarForExtension="{}"/>', "><p:SidecarForExtension>{}</p:SidecarForExtension>"]
)
def test_a_sidecar_that_names_another_extension_is_of_another_file(
    tmp_path: Path, field: str, form: str
) -> None:
    picture, sidecar = beside(tmp_path, "IMG_2.JPG", "IMG_2.xmp")
    sidecar.write_text("<rdf:Description" + field.format("CR3"), form)
    assert sidecar_of(picture, "darktable") == tmp_path / "IMG_2.JPG.xmp"
    with pytest.raises(UsageError, match="names the extension CR3"):
        sidecar_of(picture, "adobe")
    sidecar.write_text("<rdf:Description" + field.format("jpg"), form)
    assert sidecar_of(picture, "darktable") == sidecar


def test_a_sidecar_that_names_the_jpeg_stays_that_of_the_raw(tmp_path: Path) -> None:
    picture = beside(tmp_path, "IMG_2.JPG", "IMG_2.CR3", "IMG_2.xmp", xmp='<a p:SidecarForExtension="JPG"/>')[
        0
    ]
    assert sidecar_of(picture, "darktable") == tmp_path / "IMG_2.JPG.xmp"


def test_the_adobe_style_refuses_shared_stems(tmp_path: Path) -> None:
    one = beside(tmp_path, "a.jpg")[0]
    assert sidecar_path(one, "adobe") == tmp_path / "a.xmp"
    beside(tmp_path, "a.png")
    with pytest.raises(UsageError, match=r"a\.png would share"):
        sidecar_path(one, "adobe")
