"""Copies have no colours under transparent pixels, and show the same."""

from __future__ import annotations

import io
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from proofsheet.imaging.decode import prepare_decoders
from proofsheet.publish.containers import heif, png, tiff, webp
from proofsheet.publish.containers.part import CannotClean
from proofsheet.publish.containers.transparent import COVERED, covers, uncovered
from proofsheet.publish.embedded_metadata import publishable_copy
from tests.support.privacy_kit import chunk, saved, scene

NO_TEXTS = {"title": "", "caption": "", "alt_text": "", "keywords": ()}
MODULES = {"PNG": png, "WEBP": webp, "TIFF": tiff}
CASES = [
    ("PNG", "RGBA", {}),
    ("PNG", "LA", {}),
    ("WEBP", "RGBA", {"lossless": True, "exact": True}),
    ("WEBP", "RGBA", {"quality": 80, "exact": True}),
    ("TIFF", "RGBA", {}),
    ("TIFF", "RGBA", {"compression": "tiff_lzw", "tiffinfo": {317: 2}}),
    ("TIFF", "RGBA", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", "LA", {}),
]


def hiding(mode: str, seed: int = 1) -> Image.Image:
    """A picture with a block of colours that nobody sees."""
    image = scene(seed=seed).convert(mode)
    alpha = np.full((32, 48), 255, np.uint8)
    alpha[8:24, 8:40] = 0
    image.putalpha(Image.fromarray(alpha))
    return image


def pixels(data: bytes) -> np.ndarray:
    prepare_decoders()
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGBA"))


@pytest.mark.parametrize(("kind", "mode", "options"), CASES)
def test_covered_colours_are_not_in_a_copy_and_it_shows_the_same(
    kind: str, mode: str, options: dict[str, object]
) -> None:
    data = saved(hiding(mode), kind, **options)
    assert covers(pixels(data))
    built = MODULES[kind].rebuilt(data)
    assert built.left_out[0].startswith(COVERED)
    assert not covers(pixels(built.data))
    assert np.array_equal(pixels(built.data), uncovered(pixels(data)))
    assert all(part.known for part in MODULES[kind].parts(built.data))
    again = MODULES[kind].rebuilt(built.data)
    assert (again.data, again.left_out) == (built.data, ())


@pytest.mark.parametrize("interlaced", [False, True])
def test_covered_colours_of_a_deep_png_are_not_in_a_copy(interlaced: bool) -> None:
    rows = np.random.default_rng(1).integers(1, 0xFFFF, (8, 8, 4), np.uint16)
    rows[2:6, 2:6] = (0x00FF, 0x0100, 7, 0)
    rows[1, 1] = (5, 6, 7, 1)  # nearly transparent
    passes = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    steps = passes if interlaced else [(0, 0, 1, 1)]
    lines = [line for x, y, across, down in steps for line in rows[y::down, x::across]]
    body = b"".join(b"\0" + line.astype(">u2").tobytes() for line in lines)
    head = struct.pack(">IIBBBBB", 8, 8, 16, 6, 0, 0, interlaced)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(body))
    built = png.rebuilt(data + chunk(b"IEND", b""))
    assert COVERED in built.left_out
    stored = built.data[built.data.index(b"IDAT") + 4 :]
    lines = np.frombuffer(zlib.decompressobj().decompress(stored), np.uint8).reshape(8, -1)
    single = np.cumsum(lines[:, 1:].reshape(8, 8, 8), axis=1, dtype=np.uint8)
    assert np.array_equal(single.copy().view(">u2"), uncovered(rows))


def test_numbers_of_a_palette_that_are_all_transparent_become_one() -> None:
    image = scene().quantize(16)
    data = saved(image, "PNG", transparency=bytes(8) + b"\xff" * 8)
    built = png.rebuilt(data)
    assert COVERED in built.left_out
    with Image.open(io.BytesIO(built.data)) as copy:
        assert len(set(np.unique(np.asarray(copy))) & set(range(8))) == 1
    assert np.array_equal(uncovered(pixels(built.data)), uncovered(pixels(data)))
    assert not covers(pixels(built.data))


@pytest.mark.parametrize("options", [{"lossless": True, "exact": True}, {"quality": 70}])
def test_covered_colours_of_an_animation_are_not_in_a_copy(options: dict[str, object]) -> None:
    data = saved(
        hiding("RGBA"), "WEBP", save_all=True, append_images=[hiding("RGBA", 2)], duration=100, **options
    )
    built = webp.rebuilt(data)
    with Image.open(io.BytesIO(built.data)) as copy, Image.open(io.BytesIO(data)) as first:
        for number in range(copy.n_frames):  # type: ignore[attr-defined]
            copy.seek(number)
            first.seek(number)
            assert not covers(np.asarray(copy))
            assert np.array_equal(np.asarray(copy), uncovered(np.asarray(first)))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_lossy_picture_with_covered_colours_is_refused(kind: str) -> None:
    with pytest.raises(CannotClean, match="save it as PNG"):
        heif.rebuilt(saved(hiding("RGBA"), kind))
    whole = scene().convert("RGBA")
    whole.putalpha(128)
    assert heif.rebuilt(saved(whole, kind)).data


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed: copies are not made")
@pytest.mark.parametrize(("kind", "mode", "options"), CASES)
def test_the_copy_is_made_and_its_proof_says_what_is_left_out(
    tmp_path: Path, kind: str, mode: str, options: dict[str, object]
) -> None:
    picture = tmp_path / f"a.{kind.lower()}"
    picture.write_bytes(saved(hiding(mode), kind, **options))
    with publishable_copy(picture, NO_TEXTS, (), tmp_path / "place") as copy:
        assert COVERED in copy.left_out[0]
        assert not covers(pixels(copy.path.read_bytes()))
