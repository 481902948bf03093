"""The hash of the upright pixels: the same whatever is written beside them."""

from __future__ import annotations

import io

from PIL import Image, PngImagePlugin

from proofsheet.imaging.decode import DecodeLimits, read_picture
from proofsheet.imaging.perceptual_hash import pixel_hash
from tests.support.kit import jpeg_bytes

LIMITS = DecodeLimits(10**8, 10**8, 768)


def found(raw: bytes) -> str:
    return pixel_hash(read_picture(io.BytesIO(raw), LIMITS))


def png(image: Image.Image, **texts: str) -> bytes:
    info, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    for key, text in texts.items():
        info.add_itxt(key, text)
    image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def test_stars_and_texts_in_a_file_change_nothing() -> None:
    exif = Image.Exif()
    exif[0x4746] = 5  # Rating
    assert found(jpeg_bytes(1)) == found(jpeg_bytes(1, exif=exif))
    image = Image.open(io.BytesIO(jpeg_bytes(1)))
    assert found(png(image)) == found(
        png(image, **{"XML:com.adobe.xmp": "<x:xmpmeta/>", "Comment": "five stars"})
    )


def test_another_picture_a_turn_and_another_size_have_other_hashes() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    image = Image.open(io.BytesIO(jpeg_bytes(1))).convert("RGB")
    touched = image.copy()
    touched.putpixel((5, 5), (255, 0, 255))
    raws = [png(image), png(touched), png(image.resize((image.width * 2, image.height * 2)))]
    raws += [jpeg_bytes(2), jpeg_bytes(1, exif=turned)]
    assert found(png(image)) == found(jpeg_bytes(1))  # the same pixels in another format
    assert len({found(raw) for raw in raws}) == len(raws)
