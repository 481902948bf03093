"""Make the demo library: real photographs as sets of stages, by real edits; some edits spoil the picture.

Holds `make_library` and `photograph`.
Add here: a set with its edits.
Keep out: running anything.

The photographs ship inside scikit-image and scikit-learn (the `demo` extra). Both projects use the same file
names for different pictures, as happens when a generator counts from one in every project.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import skimage
import sklearn.datasets
from PIL import Image, ImageEnhance, ImageFilter

Edit = Callable[[Image.Image], Image.Image]
_SIDE = 900
_EMPTY_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>\n'
)
_SKIMAGE = Path(skimage.__file__).parent / "data"
_SKLEARN = Path(sklearn.datasets.__file__).parent / "images"


def _downscaled(picture: Image.Image) -> Image.Image:
    """The first, small stage of a generator."""
    return picture.resize((max(1, picture.width // 2), max(1, picture.height // 2)), Image.Resampling.LANCZOS)


def _smoothed(picture: Image.Image) -> Image.Image:
    return _downscaled(picture).filter(ImageFilter.GaussianBlur(1.2))


def _upscaled(picture: Image.Image) -> Image.Image:
    return _downscaled(picture).resize(picture.size, Image.Resampling.BICUBIC)


def _enhanced(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Contrast(picture.filter(ImageFilter.UnsharpMask(2, 80))).enhance(1.1)


def _overexposed(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(2.4)


def _blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(4))


def _oversharpened(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.UnsharpMask(3, 400, 0))


LAST_STAGE: dict[str, Edit] = {
    "enhanced": _enhanced,
    "overexposed": _overexposed,
    "blurred": _blurred,
    "oversharpened": _oversharpened,
}
STAGES: tuple[tuple[str, Edit], ...] = (
    ("stage1_generated", _downscaled),
    ("stage1.5_smoothed", _smoothed),
    ("stage2_upscaled", _upscaled),
)
PROJECTS: dict[str, tuple[tuple[str, str], ...]] = {
    "harbour walk": (
        ("china.jpg", "enhanced"),
        ("rocket.jpg", "enhanced"),
        ("motorcycle_left.png", "enhanced"),
        ("motorcycle_right.png", "enhanced"),
        ("coffee.png", "overexposed"),
        ("astronaut.png", "blurred"),
        ("brick.png", "enhanced"),
    ),
    "still life": (
        ("flower.jpg", "enhanced"),
        ("chelsea.png", "enhanced"),
        ("coins.png", "oversharpened"),
        ("grass.png", "enhanced"),
        ("gravel.png", "overexposed"),
        ("hubble_deep_field.jpg", "enhanced"),
        ("moon.png", "blurred"),
    ),
}


def make_library(library: Path) -> int:
    """Write the demo library; existing files are not changed.

    Args:
        library: folder to hold the two projects.

    Returns:
        Number of files in the library.
    """
    for project, sets in PROJECTS.items():
        folder = library / project
        if folder.exists():
            continue
        folder.mkdir(parents=True)
        for number, (source, last) in enumerate(sets, start=1):
            _make_set(folder, f"20250708_{number:06d}", source, last)
        _damage(
            folder / "20250708_000001_stage1_generated.png", folder / "20250708_000099_stage1_generated.png"
        )
    return sum(1 for path in library.rglob("*") if path.is_file())


def photograph(name: str) -> Image.Image:
    """A photograph of scikit-image or scikit-learn, the longest side at most 900 pixels."""
    place = _SKLEARN if (_SKLEARN / name).exists() else _SKIMAGE
    with Image.open(place / name) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((_SIDE, _SIDE))
    return picture


def _make_set(folder: Path, series: str, source: str, last: str) -> None:
    picture = photograph(source)
    for label, edit in (*STAGES, ("stage3_enhanced", LAST_STAGE[last])):
        edit(picture).save(folder / f"{series}_{label}.png")
    (folder / f"{series}_stage1_generated.txt").write_text(f"seed of {series}\n", "utf-8")
    (folder / f"{series}_stage2_upscaled.yaml").write_text("scale: 2\n", "utf-8")
    (folder / f"{series}_stage3_enhanced.xmp").write_text(_EMPTY_XMP, "utf-8")


def _damage(good: Path, bad: Path) -> None:
    """A truncated copy, as from a full card."""
    content = good.read_bytes()
    bad.write_bytes(content[: len(content) // 2])
