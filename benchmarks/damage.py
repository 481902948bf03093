"""Physically made damage of photographs, each kind at a strength.

Holds `KINDS`, `Damage`, and light from tones and back.
Add here: another kind of damage, with an obvious strength and one that is found on inspection.
Keep out: photographs, and how picks are judged (picks.py).

Damage in the camera (added, spread or clipped light) is made in linear light, before the tone curve. Damage
by programs is made in the 8-bit tones of finished pictures.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance, ImageFilter

from proofsheet.imaging.scaling import Pixels

Floats = npt.NDArray[np.float32]
Make = Callable[[Pixels, float, np.random.Generator], Pixels]
_ROOTS = 4096


@dataclass(frozen=True)
class Damage:
    """One kind of damage.

    Attributes:
        make: pixels, strength and chance to damaged pixels.
        seen: the strength that anyone sees.
        looked: the strength for which one has to look.
        trained: False for kinds that no training sees.
        ruined: a strength far beyond, where a model could go astray; None where there is none.
    """

    make: Make
    seen: float
    looked: float
    trained: bool = True
    ruined: float | None = None


def linear(pixels: Pixels) -> Floats:
    """Linear light in 0..1 of sRGB pixels, same shape."""
    tones = np.arange(256) / 255.0
    light = np.where(tones <= 0.04045, tones / 12.92, ((tones + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return np.asarray(light[pixels])


def tones(light: Floats) -> Pixels:
    """Pixels in sRGB of linear light; values above 1 are clipped."""
    roots = np.sqrt(np.clip(light, 0.0, 1.0)) * np.float32(_ROOTS - 1)
    return np.asarray(_tone_of_root()[np.rint(roots).astype(np.uint16)])


@functools.cache
def _tone_of_root() -> Pixels:
    """(4096,) the tone of each square root of light."""
    light = (np.arange(_ROOTS) / (_ROOTS - 1)) ** 2
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(srgb * 255.0), dtype=np.uint8)


def exposure(pixels: Pixels, stops: float, chance: np.random.Generator) -> Pixels:
    """Exposed by so many stops more or less."""
    return tones(linear(pixels) * np.float32(2.0**stops))


def _under(pixels: Pixels, stops: float, chance: np.random.Generator) -> Pixels:
    return exposure(pixels, -stops, chance)


def _spread(light: Floats, kernel: npt.NDArray[np.float64]) -> Floats:
    import cv2

    return np.asarray(cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT))


def spread_by_disc(light: Floats, radius: float) -> Floats:
    """Linear light out of focus by so many pixels."""
    return _spread(light, _disc(radius))


def spread_by_line(light: Floats, length: float, angle: float) -> Floats:
    """Linear light moved by so many pixels while the shutter was open."""
    return _spread(light, _line(length, angle))


def _disc(radius: float) -> npt.NDArray[np.float64]:
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(np.clip(radius + 0.5 - np.hypot(x, y), 0.0, 1.0) + 1e-6)


def _line(length: float, angle: float) -> npt.NDArray[np.float64]:
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for t in np.linspace(-length / 2, length / 2, 64):
        x, y = reach + t * np.cos(angle), reach + t * np.sin(angle)
        for i in (int(x), int(x) + 1):
            for j in (int(y), int(y) + 1):
                kernel[j, i] += max(0.0, 1 - abs(x - i)) * max(0.0, 1 - abs(y - j))
    return kernel


def soft(pixels: Pixels, sigma: float, chance: np.random.Generator) -> Pixels:
    """A soft lens: a Gaussian of so many pixels, also of a part of one."""
    import cv2

    if sigma >= 0.8:
        return tones(np.asarray(cv2.GaussianBlur(linear(pixels), (0, 0), sigma)))
    height, width = pixels.shape[:2]
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    gain = np.exp(-2.0 * (np.pi * sigma) ** 2 * (down**2 + across**2))
    light = linear(pixels)
    found = [np.fft.irfft2(np.fft.rfft2(light[:, :, k]) * gain, s=(height, width)) for k in range(3)]
    return tones(np.stack(found, axis=2).astype(np.float32))


def _defocus(pixels: Pixels, radius: float, chance: np.random.Generator) -> Pixels:
    return tones(spread_by_disc(linear(pixels), radius))


def _shake(pixels: Pixels, length: float, chance: np.random.Generator) -> Pixels:
    return tones(spread_by_line(linear(pixels), length, float(chance.uniform(0, np.pi))))


def _area(pixels: Pixels, share: float, chance: np.random.Generator) -> Floats:
    """A soft mask of an ellipse that covers about this share: (height, width, 1)."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    middle = chance.uniform(0.35, 0.65, 2)
    away = np.hypot((y / height - middle[0]), (x / width - middle[1])) / np.sqrt(share / np.pi)
    return np.asarray(np.clip((1.25 - away) * 4, 0.0, 1.0)[..., None], dtype=np.float32)


def _focus_shift(pixels: Pixels, radius: float, chance: np.random.Generator) -> Pixels:
    """The subject in the middle out of focus, the rest as it was."""
    light, mask = linear(pixels), _area(pixels, 0.35, chance)
    return tones(light * (1 - mask) + _spread(light, _disc(radius)) * mask)


def _motion_in_part(pixels: Pixels, length: float, chance: np.random.Generator) -> Pixels:
    """A subject that moved."""
    light, mask = linear(pixels), _area(pixels, 0.2, chance)
    moved = _spread(light, _line(length, float(chance.uniform(0, np.pi))))
    return tones(light * (1 - mask) + moved * mask)


def _sensor_noise(pixels: Pixels, iso: float, chance: np.random.Generator) -> Pixels:
    """Shot and read noise at an ISO, of a sensor with pixels of 40,000 electrons at ISO 100."""
    full = 40000.0 * 100.0 / iso
    light = linear(pixels) * full
    noisy = chance.poisson(np.maximum(light, 0)).astype(np.float32) + chance.normal(
        0, 6.0, light.shape
    ).astype(np.float32)
    return tones(noisy / np.float32(full))


def _white_balance(pixels: Pixels, amount: float, chance: np.random.Generator) -> Pixels:
    """A wrong white balance: warm, cold, green or magenta."""
    way = ((1, 0, -1), (-1, 0, 1), (-0.6, 0.6, -0.6), (0.6, -0.6, 0.6))[int(chance.integers(4))]
    return tones(linear(pixels) * np.exp2(np.array(way, np.float32) * np.float32(amount)))


def _compressed(pixels: Pixels, quality: float, chance: np.random.Generator) -> Pixels:
    return _jpeg(pixels, int(quality))


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def _compressed_twice(pixels: Pixels, quality: float, chance: np.random.Generator) -> Pixels:
    """Compressed, moved by some pixels, and compressed again."""
    first = _jpeg(pixels, int(quality))
    return _jpeg(
        np.ascontiguousarray(np.pad(first, ((3, 0), (5, 0), (0, 0)), "reflect")[:-3, :-5]), int(quality) + 8
    )


def _oversharpened(pixels: Pixels, percent: float, chance: np.random.Generator) -> Pixels:
    radius = float(chance.uniform(0.8, 3.0))
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.UnsharpMask(radius, int(percent), 0)))


def _overprocessed(pixels: Pixels, passes: float, chance: np.random.Generator) -> Pixels:
    """Noise reduction that smears detail, then sharpening."""
    import cv2

    found = pixels
    for _ in range(max(round(passes), 1)):
        found = np.asarray(cv2.bilateralFilter(found, 7, 45.0, 4.0), dtype=np.uint8)
    return np.asarray(Image.fromarray(found).filter(ImageFilter.UnsharpMask(1.5, 80, 2)))


def _flat(pixels: Pixels, share: float, chance: np.random.Generator) -> Pixels:
    """Contrast lowered to this share."""
    return np.asarray(ImageEnhance.Contrast(Image.fromarray(pixels)).enhance(share))


def _harsh(pixels: Pixels, factor: float, chance: np.random.Generator) -> Pixels:
    """Contrast raised until blacks and whites are lost."""
    return np.asarray(ImageEnhance.Contrast(Image.fromarray(pixels)).enhance(factor))


def _hazy(pixels: Pixels, share: float, chance: np.random.Generator) -> Pixels:
    """A veil of grey light over everything."""
    light = linear(pixels)
    veil = np.float32(np.percentile(light, 90))
    return tones(light * np.float32(1 - share) + veil * np.float32(share))


def _garish(pixels: Pixels, factor: float, chance: np.random.Generator) -> Pixels:
    return np.asarray(ImageEnhance.Color(Image.fromarray(pixels)).enhance(factor))


def _faded(pixels: Pixels, share: float, chance: np.random.Generator) -> Pixels:
    return np.asarray(ImageEnhance.Color(Image.fromarray(pixels)).enhance(share))


def _sepia(pixels: Pixels, share: float, chance: np.random.Generator) -> Pixels:
    grey = np.asarray(Image.fromarray(pixels).convert("L"), np.float32)[..., None]
    brown = np.clip(grey * np.array([1.07, 0.9, 0.7], np.float32), 0, 255)
    return np.asarray(np.rint(pixels * (1 - share) + brown * share), dtype=np.uint8)


def _gamma(pixels: Pixels, gamma: float, chance: np.random.Generator) -> Pixels:
    value = gamma if chance.random() < 0.5 else 1 / gamma
    return np.asarray(np.rint(255 * (pixels / 255.0) ** value), dtype=np.uint8)


def _upscaled(pixels: Pixels, factor: float, chance: np.random.Generator) -> Pixels:
    image = Image.fromarray(pixels)
    small = image.resize(
        (max(1, round(image.width / factor)), max(1, round(image.height / factor))), Image.Resampling.BICUBIC
    )
    return np.asarray(small.resize(image.size, Image.Resampling.BICUBIC))


def _posterised(pixels: Pixels, levels: float, chance: np.random.Generator) -> Pixels:
    step = 255.0 / (levels - 1)
    return np.asarray(np.rint(np.rint(pixels / step) * step), dtype=np.uint8)


def _vignetted(pixels: Pixels, stops: float, chance: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return tones(linear(pixels) * np.exp2(-stops * (x**2 + y**2) / 2)[..., None].astype(np.float32))


def _flare(pixels: Pixels, amount: float, chance: np.random.Generator) -> Pixels:
    """Stray light from one side."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    place = chance.uniform(0, 1, 2)
    glow = np.exp(-np.hypot(x - place[0], y - place[1]) / 0.35)[..., None]
    return tones(linear(pixels) + (amount * glow * np.array([1.0, 0.85, 0.6])).astype(np.float32))


def _fringed(pixels: Pixels, shift: float, chance: np.random.Generator) -> Pixels:
    """Lateral chromatic aberration: red larger and blue smaller by so many pixels at the edge."""
    import cv2

    height, width = pixels.shape[:2]
    found = pixels.copy()
    for channel, sign in ((0, 1.0), (2, -1.0)):
        zoom = 1.0 + sign * shift / (max(height, width) / 2)
        move = np.array([[zoom, 0, (1 - zoom) * width / 2], [0, zoom, (1 - zoom) * height / 2]])
        found[:, :, channel] = cv2.warpAffine(
            np.ascontiguousarray(pixels[:, :, channel]), move, (width, height), borderMode=cv2.BORDER_REFLECT
        )
    return found


def _hot_pixels(pixels: Pixels, permille: float, chance: np.random.Generator) -> Pixels:
    found = pixels.copy()
    hit = chance.random(pixels.shape) < permille / 1000.0
    found[hit] = 255
    return found


def _banded(pixels: Pixels, levels: float, chance: np.random.Generator) -> Pixels:
    """Stripes of the sensor, row by row."""
    rows = np.asarray(chance.normal(0, levels, pixels.shape[0]), dtype=np.float32)
    return np.asarray(np.clip(np.rint(pixels + rows[:, None, None]), 0, 255), dtype=np.uint8)


def _moire(pixels: Pixels, levels: float, chance: np.random.Generator) -> Pixels:
    """Coloured waves over a part of the picture."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    angle, mask = float(chance.uniform(0, np.pi)), _area(pixels, 0.4, chance)
    waves = np.stack(
        [np.sin((x * np.cos(angle) + y * np.sin(angle)) / 2.2 + k) for k in (0.0, 2.0, 4.0)], axis=2
    )
    return np.asarray(np.clip(np.rint(pixels + levels * waves * mask), 0, 255), dtype=np.uint8)


def _tilted(pixels: Pixels, degrees: float, chance: np.random.Generator) -> Pixels:
    """The camera held askew; the corners are cropped away."""
    image = Image.fromarray(pixels)
    turned = image.rotate(degrees * float(chance.choice((-1, 1))), Image.Resampling.BICUBIC)
    sine = np.sin(np.radians(degrees))
    edge_x, edge_y = int(image.height * sine / 2) + 2, int(image.width * sine / 2) + 2
    return np.asarray(turned.crop((edge_x, edge_y, image.width - edge_x, image.height - edge_y)))


def _dusty(pixels: Pixels, spots: float, chance: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    light = linear(pixels)
    for _ in range(int(spots)):
        radius = float(chance.uniform(0.006, 0.018)) * width
        reach = int(2 * radius) + 1
        top, left = (int(chance.integers(reach, max(side - reach, reach + 1))) for side in (height, width))
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        part = light[top - reach : top + reach + 1, left - reach : left + reach + 1]
        shade = 1 - 0.5 * np.exp(-(((x**2 + y**2) / radius**2) ** 2))
        part *= shade[: part.shape[0], : part.shape[1], None].astype(np.float32)
    return tones(light)


KINDS: Mapping[str, Damage] = {
    "soft lens": Damage(soft, 2.5, 0.8, ruined=8.0),
    "out of focus": Damage(_defocus, 4.0, 1.2, ruined=14.0),
    "camera shake": Damage(_shake, 12.0, 3.5, ruined=45.0),
    "focus behind the subject": Damage(_focus_shift, 5.0, 2.0, ruined=16.0),
    "subject moved": Damage(_motion_in_part, 16.0, 6.0, ruined=48.0),
    "sensor noise": Damage(_sensor_noise, 12800.0, 2500.0, ruined=51200.0),
    "overexposed": Damage(exposure, 2.0, 1.0, ruined=3.0),
    "underexposed": Damage(_under, 2.5, 1.3, ruined=4.5),
    "white balance": Damage(_white_balance, 0.5, 0.2),
    "compressed": Damage(_compressed, 10.0, 35.0, ruined=4.0),
    "oversharpened": Damage(_oversharpened, 350.0, 130.0, ruined=800.0),
    "overprocessed": Damage(_overprocessed, 4.0, 1.0),
    "low contrast": Damage(_flat, 0.45, 0.75, ruined=0.2),
    "harsh contrast": Damage(_harsh, 2.4, 1.5),
    "haze": Damage(_hazy, 0.45, 0.2, ruined=0.75),
    "garish colours": Damage(_garish, 2.5, 1.6),
    "faded colours": Damage(_faded, 0.2, 0.6),
    "gamma": Damage(_gamma, 2.2, 1.5),
    "dust": Damage(_dusty, 60.0, 20.0),
    "tilted": Damage(_tilted, 7.0, 3.0),
    "banding": Damage(_banded, 8.0, 3.0),
    "vignetting": Damage(_vignetted, 2.5, 1.2),
    "hot pixels": Damage(_hot_pixels, 4.0, 0.6, ruined=16.0),
    "posterised": Damage(_posterised, 8.0, 20.0),
    "upscaled": Damage(_upscaled, 4.0, 2.0, trained=False, ruined=10.0),
    "lens flare": Damage(_flare, 0.5, 0.2, trained=False),
    "colour fringes": Damage(_fringed, 4.0, 1.5, trained=False),
    "moire": Damage(_moire, 20.0, 8.0, trained=False),
    "compressed twice": Damage(_compressed_twice, 15.0, 40.0, trained=False),
    "sepia": Damage(_sepia, 1.0, 0.4),
}
