"""Files for the speed benchmarks: crops of real photographs at their own resolution, never scaled up.

Holds `photographs`.
Add here: another size.
Keep out: sets with a known truth (made_sets.py).
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from benchmarks.originals import places

SIZES = {2: (1632, 1224), 12: (4000, 3000), 24: (6000, 4000)}
_QUALITY = 92


def photographs(megapixels: int, count: int, folder: Path) -> tuple[list[Path], str]:
    """Write that many different JPEGs of 2, 12 or 24 megapixels, and say what they are made of.

    Crops at different places of every photograph that is large enough. None at hand has 24 megapixels: those
    are mirrored at their edges, which keeps their detail.
    """
    folder.mkdir(parents=True, exist_ok=True)
    width, height = SIZES[megapixels]
    sources = _large_enough(width, height)
    made = []
    for k in range(count):
        path = folder / f"{megapixels:02d}mp_{k:05d}.jpg"
        if not path.exists():
            source = sources[k % len(sources)]
            with Image.open(source) as image:
                exif = image.getexif()
                _cut(image.convert("RGB"), width, height, k // len(sources)).save(
                    path, quality=_QUALITY, exif=exif
                )
        made.append(path)
    return made, f"{len(sources)} photographs, crops of {width} x {height}, JPEG quality {_QUALITY}"


def _large_enough(width: int, height: int) -> list[Path]:
    files = {p for place in places() for p in place.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg"}}
    sizes: dict[Path, tuple[int, int]] = {}
    for path in sorted(files):
        try:
            with Image.open(path) as image:
                sizes[path] = (max(image.size), min(image.size))
        except OSError:
            continue
    found = [p for p, size in sizes.items() if size[0] >= width and size[1] >= 0.9 * height]
    return found or [max(sizes, key=lambda p: sizes[p][0] * sizes[p][1])]


def _cut(image: Image.Image, width: int, height: int, number: int) -> Image.Image:
    if image.width < image.height:
        image = image.rotate(90, expand=True)
    if image.width < width or image.height < height:
        wide = Image.new("RGB", (2 * image.width, 2 * image.height))
        for across in (0, 1):
            for down in (0, 1):
                part = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if across else image
                part = part.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if down else part
                wide.paste(part, (across * image.width, down * image.height))
        image = wide
    left, top = (7 * number) % (image.width - width + 1), (5 * number) % (image.height - height + 1)
    return image.crop((left, top, left + width, top + height))
