"""Parts that published copies keep: no room in them for anything but the picture.

And codes of JPEG that are written again.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import jpegio
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from proofsheet.publish.containers import boxes, gif, heif, hevc, jpeg, png, tiff, vp8, webp
from proofsheet.publish.containers.part import CannotClean, inflated
from tests.support.privacy_kept_kit import KEPT_PARTS, PARTED
from tests.support.privacy_kit import SECRET, chunk, hidden_in_bytes, saved, scene

MODULES = {".jpg": jpeg, ".png": png, ".webp": webp, ".tif": tiff, ".gif": gif, ".heic": heif, ".avif": heif}
CASES = [(suffix, name) for suffix, some in KEPT_PARTS.items() for name in some]


@pytest.mark.parametrize(("suffix", "name"), CASES, ids=[f"{s[1:]}-{n}" for s, n in CASES])
def test_a_secret_in_a_part_that_is_kept_does_not_stay(suffix: str, name: str) -> None:
    module, planted = MODULES[suffix], KEPT_PARTS[suffix][name]()
    assert hidden_in_bytes(planted), "no secret was planted"
    assert not all(part.known for part in module.parts(planted))
    built = module.rebuilt(planted).data
    assert hidden_in_bytes(built) == []
    assert all(part.known for part in module.parts(built))
    assert module.rebuilt(built).data == built


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("sampling", [0, 2])
@pytest.mark.parametrize("restarts", [{}, {"restart_marker_blocks": 3}, {"restart_marker_rows": 1}])
def test_codes_of_a_jpeg_are_written_again_and_coefficients_stay(
    tmp_path: Path, mode: str, progressive: bool, sampling: int, restarts: dict[str, int]
) -> None:
    for size in ((1, 1), (17, 33), (120, 70)):
        image = scene(size=(48, 32)).resize(size).convert(mode)
        data = saved(
            image, "JPEG", progressive=progressive, subsampling=sampling, optimize=size[0] > 17, **restarts
        )
        built = jpeg.rebuilt(data).data
        hidden = (
            data[:-2].replace(b"\xff\xd1", SECRET.encode() + b"\xff\xd1")
            + SECRET.encode("utf-16-le")
            + data[-2:]
        )
        assert jpeg.rebuilt(hidden).data == built
        assert not any(part.name == "DRI" for part in jpeg.parts(built))
        assert all(
            np.array_equal(a, b)
            for a, b in zip(*(coefficients(d, tmp_path) for d in (data, built)), strict=True)
        )
        shown = [shown_by(d) for d in (data, built, jpeg.rebuilt(data).shows)]
        assert all(np.array_equal(shown[0], other) for other in shown[1:])


def coefficients(data: bytes, place: Path) -> list[np.ndarray]:
    (place / "read.jpg").write_bytes(data)
    return [one.copy() for one in jpegio.read(str(place / "read.jpg")).coef_arrays]


def shown_by(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_picture_whose_codes_are_cut_off_shows_something_else_with_codes_behind_them(
    progressive: bool,
) -> None:
    data = saved(scene(), "JPEG", progressive=progressive, restart_marker_rows=1)
    restart = data.index(b"\xff\xd0")
    for cut in (data[:-12] + data[-2:], data[: restart - 9] + data[restart:]):
        assert not np.array_equal(shown_by(jpeg.rebuilt(cut).shows), shown_by(jpeg.rebuilt(cut).data))


def test_a_second_scan_of_what_another_one_said_is_refused() -> None:
    one, two = saved(scene("L"), "JPEG"), saved(scene("L", seed=2), "JPEG")
    with pytest.raises(CannotClean, match="more than one scan"):
        jpeg.rebuilt(one[:-2] + two[two.index(b"\xff\xda") :])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda d: d.replace(b"\xff\xc0\0\x11\x08\0\x20\0\x30", b"\xff\xc0\0\x11\x08\xff\xdc\xff\xdc"),
            "incomplete",
        ),
        (lambda d: d.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), "12 bits"),
        (lambda d: d.replace(b"\xff\xdb\0\x43\x01", b"\xff\xdb\0\x43\x02"), "divisors is missing"),
        (lambda d: d.replace(b"\xff\xc0\0\x11\x08\0\x20", b"\xff\xc0\0\x11\x08\0\0"), "damaged"),
        (lambda d: d.replace(b"\xff\xda\0\x0c\x03\x01", b"\xff\xda\0\x0c\x03\x09"), "damaged"),
    ],
)
def test_a_jpeg_that_cannot_be_written_again_is_refused(change: Callable[[bytes], bytes], why: str) -> None:
    changed = change(saved(scene(), "JPEG"))
    with pytest.raises(CannotClean, match=why):
        jpeg.rebuilt(changed)


def test_a_webp_whose_partitions_are_cut_off_is_refused() -> None:
    (size,) = struct.unpack_from("<I", PARTED, 16)
    picture = PARTED[20 : 20 + size]
    assert [len(one) for one in vp8.partitions(picture)] == [10, 56, 86, 90]
    assert vp8.joined(vp8.partitions(picture)) == picture
    assert webp.rebuilt(PARTED).data == PARTED
    with pytest.raises(CannotClean, match="incomplete"):
        vp8.partitions(picture[:-91])


@pytest.mark.parametrize("bits", [0, 1, 40, 200])
def test_a_gif_with_codes_of_another_width_is_refused(bits: int) -> None:
    data = bytearray(saved(scene("P"), "GIF"))
    at = data.index(b",\0\0\0\0", 13 + (3 << ((data[10] & 7) + 1)))
    data[at + 10] = bits
    with pytest.raises(CannotClean, match=f"have {bits} bits"):
        gif.rebuilt(bytes(data))


def test_a_stream_that_inflates_to_more_than_a_profile_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(1 << 25), 9)
    assert inflated(bomb) == b""
    assert inflated(zlib.compress(b"profile")) == b"profile"
    data = saved(scene(), "PNG")
    built = png.rebuilt(data[:33] + chunk(b"iCCP", b"x\0\0" + bomb) + data[33:])
    assert built.left_out == ("a colour profile that cannot be read",)


def test_values_out_of_bounds_are_left_out_and_named() -> None:
    data = saved(scene(), "PNG")
    gamma = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"cHRM", b"\xff" * 32)
    built = png.rebuilt(data[:33] + gamma + data[33:])
    assert built.left_out == ("cHRM out of bounds",)
    assert b"gAMA" in built.data


def test_an_animated_palette_keeps_the_colours_of_every_frame(tmp_path: Path) -> None:
    frames = [scene(seed=n).convert("P", palette=Image.Palette.ADAPTIVE, colors=9) for n in range(3)]
    for format_, module in (("GIF", gif), ("PNG", png)):
        data = saved(frames[0], format_, save_all=True, append_images=frames[1:])
        with Image.open(io.BytesIO(data)) as one, Image.open(io.BytesIO(module.rebuilt(data).data)) as two:
            assert one.n_frames == two.n_frames == 3
            for number in range(3):
                one.seek(number)
                two.seek(number)
                assert np.array_equal(np.asarray(one.convert("RGBA")), np.asarray(two.convert("RGBA")))


@pytest.mark.parametrize(
    ("kind", "change", "why"),
    [
        (32, lambda unit: unit[:-4], "incomplete"),
        (33, lambda unit: unit[:8], "incomplete"),
        (34, lambda unit: unit[:-1] + bytes((unit[-1] ^ unit[-1] & -unit[-1],)), "no end|incomplete"),
        (34, lambda unit: b"\x4e" + unit[1:], "damaged"),
        (33, lambda _: b"", "damaged"),
        (32, lambda unit: unit[:-1] + bytes((unit[-1] | (unit[-1] & -unit[-1]) << 1,)), "an extension"),
    ],
)
def test_a_parameter_set_that_does_not_end_as_it_says_is_refused(
    kind: int, change: Callable[[bytes], bytes], why: str
) -> None:
    unit = next(unit for unit in parameter_sets() if unit[0] >> 1 == kind)
    assert hevc.ended(unit) == hevc.ended(unit + SECRET.encode()) == unit
    with pytest.raises(CannotClean, match=why):
        hevc.ended(change(unit))


def parameter_sets() -> list[bytes]:
    pillow_heif.register_heif_opener()
    found = boxes.read_items(saved(scene(size=(64, 64)), "HEIF"))
    value, at, units = next(v for k, v in found.properties if k == b"hvcC"), 23, list[bytes]()
    for _ in range(value[22]):
        (size,) = struct.unpack_from(">H", value, at + 3)
        units.append(value[at + 5 : at + 5 + size])
        at += 5 + size
    return units
