"""A project for tests of the loupe: sets of three sizes, camera data in some, and single pictures.

Holds `loupe_project`.
Add here: another kind of picture that the loupe shows.
Keep out: assertions.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from proofsheet.core.config import Configuration
from proofsheet.storage.workspace import Project
from tests.support.kit import configuration, save_picture
from tests.support.review_kit import run_choosing

TURNED = "turned.jpg"
SIZES = ((600, 400), (600, 400), (1800, 1200))
_CAMERA = {0x010F: "Canon", 0x0110: "Canon EOS R5"}
_SHOT = {0x829A: 0.005, 0x829D: 2.8, 0x8827: 400, 0xA434: "RF50mm F1.8"}


def loupe_project(
    place: Path, sets: int = 3, singles: int = 3, *, turned: bool = False
) -> tuple[Configuration, Project]:
    """Stage series, the last stage the largest; the first picture of each has camera data.

    Singles lie in a folder of their own, and on request one that the camera turned.
    """
    folder = place / "library" / "harbour"
    for number in range(sets):
        for stage, size in enumerate(SIZES, start=1):
            exif = _camera_data() if stage == 1 else Image.Exif()
            name = f"2025_{number:04d}_stage{stage}_x.jpg"
            save_picture(folder / name, number * 10 + stage, size, quality=92, exif=exif)
    for number in range(singles):
        save_picture(folder / "alone" / f"view {number}.png", 500 + 37 * number, (300, 200 + 20 * number))
    if turned:
        exif = Image.Exif()
        exif[0x0112] = 6
        save_picture(folder / "alone" / TURNED, 900, (300, 200), exif=exif)
    settings = configuration(
        place / "library", place / "home", photos={"workers": 1}, encoder={"encoder": "embedded"}
    )
    (place / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n'
        '[photos]\nworkers = 1\n[encoder]\nencoder = "embedded"\n'
    )
    return settings, run_choosing(settings, "harbour")


def _camera_data() -> Image.Exif:
    found = Image.Exif()
    found.update(_CAMERA)
    found.get_ifd(0x8769).update(_SHOT)
    return found
