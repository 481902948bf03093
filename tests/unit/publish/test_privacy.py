"""Published copies of every container.

A secret in every place, none of it left, the chosen fields and the pixels kept.
"""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageSequence

from proofsheet.core.errors import UsageError
from proofsheet.imaging.decode import DECODER_ERRORS, prepare_decoders
from proofsheet.publish.containers.icc import cleaned, parts
from proofsheet.publish.embedded_metadata import Copy, publishable_copy
from schemas.settings.publish import KEPT as KEEP
from tests.support.kit import SHARED
from tests.support.privacy_kept_kit import KEPT_PARTS
from tests.support.privacy_kit import (
    KEPT,
    KEPT_XMP,
    TABLE,
    chunk,
    hidden_in,
    hidden_in_bytes,
    profile,
    saved,
    scene,
    segment,
    tagged,
)

TEXTS = {
    "title": "A harbour",
    "caption": "Boats lie in a harbour.",
    "alt_text": "Boats",
    "keywords": ["boat", "harbour"],
}
pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed: copies are not made"
)
PLANTED = {
    suffix: some | {f"kept-{name}": one for name, one in KEPT_PARTS[suffix].items()}
    for suffix, some in TABLE.items()
}
CASES = [(suffix, name) for suffix, some in PLANTED.items() for name in some]


def read(path: Path) -> dict[str, object]:
    done = subprocess.run(
        ["exiftool", "-json", "-G1", "-a", str(path)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout)[0])


def frames(path: Path) -> list[np.ndarray]:
    prepare_decoders()
    with Image.open(path) as image:
        return [
            np.asarray(f.convert("RGBA") if f.mode == "P" else f).copy()
            for f in ImageSequence.Iterator(image)
        ]


@pytest.mark.long
@pytest.mark.parametrize(("suffix", "name"), CASES, ids=[f"{s[1:]}-{n}" for s, n in CASES])
def test_a_secret_in_any_place_of_any_container_does_not_leave(
    tmp_path: Path, suffix: str, name: str
) -> None:
    picture = tmp_path / f"picture{suffix}"
    picture.write_bytes(PLANTED[suffix][name]())
    assert hidden_in_bytes(picture.read_bytes()) or hidden_in(picture), "no secret was planted"
    with publishable_copy(picture, TEXTS, KEEP, tmp_path / "out") as copy:
        assert hidden_in(copy.path) == []
        before, after = frames(picture), frames(copy.path)
        assert len(after) == (1 if name in ("pages", "second-picture") else len(before))
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=False))
        assert TEXTS["title"].encode() in copy.path.read_bytes()
    assert len(CASES) >= 40


@pytest.mark.parametrize("suffix", TABLE)
def test_who_made_it_when_and_with_what_stays_and_all_other_tags_go(tmp_path: Path, suffix: str) -> None:
    plain = saved(
        scene(size=(64, 64)),
        {".jpg": "JPEG", ".tif": "TIFF", ".heic": "HEIF"}.get(suffix, suffix[1:].upper()),
    )
    picture = tmp_path / f"picture{suffix}"
    picture.write_bytes(tagged(plain, suffix, tmp_path))
    assert hidden_in(picture)
    wanted = KEPT_XMP if suffix == ".gif" else {**KEPT, **KEPT_XMP}
    with publishable_copy(picture, TEXTS, KEEP, tmp_path / "out") as copy:
        found = read(copy.path)
        assert {n: found.get(n) for n in wanted} == wanted
        assert hidden_in(copy.path) == []
        assert "dc:Rights" in copy.proof
    with publishable_copy(picture, TEXTS, (), tmp_path / "out") as copy:
        assert not {n for n in wanted if n in read(copy.path)}


def copied(picture: Path, tmp_path: Path) -> Copy:
    with publishable_copy(picture, TEXTS, KEEP, tmp_path / "out") as copy:
        return copy


def test_a_camera_that_is_a_prompt_does_not_stay(tmp_path: Path) -> None:
    picture = tmp_path / "a.webp"
    scene().save(picture)
    tags = [
        '-Make=prompt:{"3": {"seed": 7}}',
        "-Model=workflow: zqHUSH",
        "-Copyright=Ann",
        "-DateTimeOriginal=2024:05:06 07:08:09",
    ]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, str(picture)], check=True)
    with publishable_copy(picture, TEXTS, KEEP, tmp_path / "out") as copy:
        assert hidden_in(copy.path) == []
        assert "left out as invalid: IFD0:Make, IFD0:Model" in copy.proof


def test_the_proof_names_each_part_and_pictures_that_are_left_out(tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    scene().save(picture, icc_profile=profile())
    proof = copied(picture, tmp_path).proof
    assert all(
        part in proof for part in ("SOI", "DQT", "SOF0", "coded data", "XMP", "ICC header", "ICC desc", "EOI")
    )
    scene().save(tmp_path / "b.tif", save_all=True, append_images=[scene(seed=2)])
    assert "left out: 1 further pages" in copied(tmp_path / "b.tif", tmp_path).proof


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.dng", saved(scene(), "TIFF"), "a RAW file is never sent"),
        ("a.bmp", saved(scene(), "BMP"), "it is not one of JPEG, PNG"),
        ("a.jpg", saved(scene(), "JPEG")[:-40], "its end is missing"),
        ("b.jpg", saved(scene(), "JPEG")[:-40] + b"\xff\xd9", "its coded picture is incomplete"),
        ("d.jpg", saved(scene(), "JPEG").replace(b"\xff\xc0", b"\xff\xc9"), "JPEG with SOF9"),
        ("c.jpg", saved(scene(), "JPEG").replace(b"\xff\xc0", segment(0xDE, b"x") + b"\xff\xc0"), "DHP"),
        ("a.png", saved(scene(), "PNG")[:-60], "not a complete PNG"),
        ("a.gif", saved(scene("P"), "GIF").replace(b",\0\0\0\0", b",\xff\xff\xff\xff"), "reaches to"),
    ],
)
def test_what_cannot_be_cleaned_is_not_sent_and_the_reason_is_given(
    tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=why):
        copied(tmp_path / name, tmp_path)


def test_a_picture_under_a_wrong_name_and_a_turned_one_are_sent_as_they_are(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "zqHUSH"
    scene().save(tmp_path / "a.jpg", "PNG", exif=exif)
    with (
        publishable_copy(tmp_path / "a.jpg", TEXTS, KEEP, tmp_path / "out") as copy,
        Image.open(copy.path) as image,
    ):
        assert (image.format, image.getexif()[0x0112], hidden_in(copy.path)) == ("PNG", 6, [])


def test_a_profile_keeps_its_colours_and_says_nothing_else() -> None:
    built = cleaned(profile())
    assert built is not None
    assert cleaned(built) == built
    assert all(p.known for p in parts(built))
    assert not all(p.known for p in parts(profile()))
    assert cleaned(b"no profile at all" * 20) is None
    swatch = Image.new("RGB", (4, 4), (200, 40, 90))
    target = ImageCms.createProfile("LAB")
    one, two = (
        ImageCms.profileToProfile(swatch, ImageCms.ImageCmsProfile(io.BytesIO(p)), target, outputMode="LAB")
        for p in (profile(), built)
    )
    assert one is not None
    assert two is not None
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("channels", ["alpha", "colours"])
def test_a_prompt_in_the_lowest_bits_of_pixels_does_not_leave(tmp_path: Path, channels: str) -> None:
    pixels = np.asarray(scene("RGB", size=(64, 64)).convert("RGBA")).copy()
    signature = b"stealth_pngcomp" if channels == "alpha" else b"stealth_rgbinfo"
    bits = np.unpackbits(np.frombuffer(signature + b"zqHUSH", np.uint8))
    part = pixels[:, :, 3:] if channels == "alpha" else pixels[:, :, :3]
    flat = part.swapaxes(0, 1).reshape(-1)
    flat[: len(bits)] = flat[: len(bits)] & 0xFE | bits
    part[...] = flat.reshape(part.swapaxes(0, 1).shape).swapaxes(0, 1)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with publishable_copy(tmp_path / "a.png", TEXTS, KEEP, tmp_path / "out") as copy:
        assert "lowest bits" in copy.proof
        (shown,) = frames(copy.path)
    assert np.abs(shown.astype(int) - pixels).max() == 1
    assert len(set((shown[:, :, 3 if channels == "alpha" else 0] & 1).reshape(-1))) == 1


def test_a_hidden_prompt_goes_and_how_colours_are_shown_stays(tmp_path: Path) -> None:
    pixels = np.asarray(scene("RGB", size=(64, 64))).copy()
    bits = np.unpackbits(np.frombuffer(b"stealth_rgbinfo", np.uint8))
    flat = pixels.swapaxes(0, 1).reshape(-1)
    flat[: len(bits)] = flat[: len(bits)] & 0xFE | bits
    data = saved(Image.fromarray(flat.reshape(64, 64, 3).swapaxes(0, 1)), "PNG")
    shown = chunk(b"gAMA", struct.pack(">I", 100_000)) + chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))
    (tmp_path / "a.png").write_bytes(data[:33] + shown + data[33:])
    with publishable_copy(tmp_path / "a.png", TEXTS, KEEP, tmp_path / "out") as copy:
        assert shown in copy.path.read_bytes()
        assert "lowest bits" in copy.proof


def test_texts_that_look_like_numbers_or_truths_are_sent_as_they_are(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.jpg")
    tags = ["-ExifIFD:LensModel=1.40", "-IFD0:Model=2000"]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, str(tmp_path / "a.jpg")], check=True)
    texts = {**TEXTS, "title": "3.50", "keywords": ["1.10", "TRUE", "1e5", "007", "boat"]}
    with publishable_copy(tmp_path / "a.jpg", texts, KEEP, tmp_path / "out") as copy:
        command = ["exiftool", "-s3", "-LensModel", "-Title", "-Subject", str(copy.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["1.40", "3.50", "1.10, TRUE, 1e5, 007, boat"]


@pytest.mark.long
@pytest.mark.skipif(not SHARED.is_dir(), reason="the files made by others are not here")
def test_whole_files_made_by_others_are_sent(tmp_path: Path) -> None:
    """Four of each kind; the damaged ones among them may be refused, the others may not."""
    prepare_decoders()
    chosen: list[Path] = []
    there = sorted(SHARED.rglob("*.*"))
    for suffix in (".jpg", ".jpeg", ".mpo", ".png", ".webp", ".tif", ".tiff", ".gif", ".heic", ".avif"):
        some = [p for p in there if p.suffix == suffix]
        chosen += [p for p in some[:: max(1, len(some) // 6)] if whole(p)][:4]
    refused = {}
    for picture in chosen:
        try:
            copied(picture, tmp_path)
        except UsageError as error:
            refused[picture.name] = str(error)
    assert len(chosen) >= 25
    assert len(refused) <= len(chosen) * 0.05, refused


def whole(picture: Path) -> bool:
    if picture.stat().st_size > 1 << 20 or picture.name.startswith(
        ("crash", "oom", "decompression", "png_decompression")
    ):
        return False
    try:
        frames(picture)
    except DECODER_ERRORS:
        return False
    return True
