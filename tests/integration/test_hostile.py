"""A folder that wants to do harm.

Every file ends as one row, the run succeeds, nothing outside is opened, memory stays bounded.
"""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.timing import PeakMemory
from schemas.library import OtherFile, Photo, Quarantine
from schemas.vision import ImageQuality
from tests.support.kit import SHARED, configuration, jpeg_bytes, only_project, save_picture, tree

LIMIT_BYTES = 1.5e9


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, body: bytes, *, depth: int = 8, colour: int = 2, extra: bytes = b""
) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def bombs() -> dict[str, bytes]:
    """Files that are small and ask for a lot."""
    side = 20_000
    rows = zlib.compressobj(9)
    full = b"".join(rows.compress(b"\0" * (side * 3 + 1)) for _row in range(side)) + rows.flush()
    size = struct.pack("<HH", 65000, 65000)
    gif = b"GIF89a" + size + b"\xf0\0\0" + b"\0" * 6 + b",\0\0\0\0" + size + b"\0\x02\x00;"
    tiff = io.BytesIO()
    Image.new("1", (9000, 9000)).save(tiff, "TIFF", compression="group4")
    text = chunk(b"zTXt", b"parameters\0\0" + zlib.compress(b"x" * 200_000_000, 9))
    return {
        "header.png": png(60_000, 60_000, zlib.compress(b"\0" * 1000)),
        "whole.png": png(side, side, full),
        "text.png": png(16, 16, zlib.compress(b"\0" * 16 * 49), extra=text),
        "screen.gif": gif,
        "flat.tif": tiff.getvalue(),
        "huge.bmp": b"BM"
        + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0),
        "huge.jpg": b"\xff\xd8\xff\xc0"
        + struct.pack(">HBHHB", 17, 8, 65500, 65500, 3)
        + b"\1\x11\0\2\x11\1\3\x11\1"
        + b"\xff\xd9",
    }


def hostile(folder: Path, outside: Path) -> None:
    """Everything of promise 26."""
    folder.mkdir(parents=True)
    for name, content in bombs().items():
        (folder / name).write_bytes(content)
    whole = jpeg_bytes(1, (1200, 900))
    for name, content in {
        "half.jpg": whole[: len(whole) // 2],
        "head only.jpg": whole[:200],
        "zeros in it.jpg": whole[:3000] + b"\0" * 3000 + whole[6000:],
        "postscript.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run showpage\n",
        "script.svg.jpg": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        "zip.jpg": b"PK\3\4" + b"\0" * 200,
        "empty.png": b"",
        "nul.webp": b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0",
        "no picture.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 50,
        "renamed.txt": whole,
        "really a png.jpg": png(2, 2, zlib.compress(b"\0" * 14)),
        "-rf.jpg": whole,
        "line\nbreak.jpg": whole,
        "quote'\";drop table photos.jpg": whole,
        "<script>alert(1)</script>".replace("/", "") + ".jpg": whole,
        "ü" * 60 + ".jpg": whole,
        "a" * 251 + ".jpg": whole,
        "CON.jpg": whole,
        "dot..jpg": whole,
    }.items():
        (folder / name).write_bytes(content)
    (folder / os.fsdecode(b"bad \xff\xfe name.jpg")).write_bytes(whole)
    (folder / "link out.jpg").symlink_to(outside / "secret.jpg")
    (folder / "link to folder").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / "dangling.png").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.jpg")
    os.mkfifo(folder / "fifo.txt")
    deep = folder
    for level in range(40):
        deep = deep / f"deep{level}"
    save_picture(deep / "p.jpg", 5)
    sealed = folder / "read only"
    save_picture(sealed / "p.png", 6)
    sealed.chmod(0o555)
    rng = np.random.default_rng(0)
    for number in range(30):
        noisy = bytearray(whole)
        for place in rng.integers(20, len(noisy), 40):
            noisy[place] = int(rng.integers(0, 256))
        (folder / f"flipped {number:02d}.jpg").write_bytes(bytes(noisy))


@pytest.mark.parametrize(
    "with_others",
    [pytest.param(False, marks=pytest.mark.long), pytest.param(True, marks=pytest.mark.slow)],
    ids=["made here", "files of others"],
)
def test_every_hostile_file_ends_as_one_row(
    tmp_path: Path, with_others: bool, figure: Callable[..., None]
) -> None:
    if with_others and not SHARED.is_dir():
        pytest.skip(f"the real files of others are not at hand ({SHARED.name} is missing)")
    folder, outside = tmp_path / "library" / "one", tmp_path / "outside"
    save_picture(outside / "secret.jpg", 9)
    hostile(folder, outside)
    if with_others:
        for place in SHARED.iterdir():
            if place.is_dir():
                shutil.copytree(place, folder / "others" / place.name)
    entries = sum(
        len(names) + sum((Path(h) / f).is_symlink() for f in folders) for h, folders, names in os.walk(folder)
    )
    before = tree(folder)
    settings = configuration(tmp_path / "library", tmp_path / "home")
    project = only_project(settings)
    places = {"PROOFSHEET_LIBRARY": str(tmp_path / "library"), "PROOFSHEET_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", "from dagster_project.cli import main; main()", "run", "--all"]
    process = subprocess.Popen(command, env=os.environ | places, stderr=subprocess.PIPE, cwd=tmp_path)
    with PeakMemory(process.pid) as memory:
        _out, told = process.communicate()
    assert process.returncode == 0, told.decode()[-800:]
    photos, refused, others = (project.store.read(t) for t in (Photo, Quarantine, OtherFile))
    listed = [*photos[Photo.path], *refused[Quarantine.path], *others[OtherFile.path]]
    assert len(listed) == len(set(listed)) == entries
    assert project.store.read(ImageQuality).height == photos.height
    kinds = dict(zip(refused[Quarantine.path], refused[Quarantine.kind], strict=True))
    assert kinds["header.png"] == kinds["whole.png"] == kinds["huge.jpg"] == "too_large"
    assert (
        kinds["link out.jpg"] == kinds["link to folder"] == kinds["loop"] == kinds["dangling.png"] == "link"
    )
    assert kinds["pipe.jpg"] == kinds["fifo.txt"] == "special_file"
    assert kinds["renamed.txt"] == "wrong_extension"
    assert "reader_error" not in kinds.values()
    secret = (outside / "secret.jpg").read_bytes()
    import hashlib

    assert hashlib.sha256(secret).hexdigest() not in set(photos[Photo.content_hash])
    assert tree(folder) == before
    peak = memory.peak
    figure(
        "26 hostile folder",
        files=entries,
        photos=photos.height,
        refused=refused.height,
        other=others.height,
        peak_mb_of_the_process_tree=round(peak / 1e6),
    )
    assert peak <= LIMIT_BYTES


KILLER = """
import sys
sys.path.insert(0, {root!r})
from tests.integration.test_hostile import killing_run
killing_run({place!r})
"""


def kill_on_sight(picture: object) -> dict[str, object]:
    """A measurement that dies of pictures that are exactly 77 px wide."""
    if getattr(picture, "width_px", 0) == 77:
        os.kill(os.getpid(), 9)
    return {"seen": True}


def killing_run(place: str) -> None:
    import polars as pl

    from proofsheet.core.progress import Quiet
    from proofsheet.imaging.measurement import Measurement, Work
    from proofsheet.imaging.measurement_pass import measure_files
    from schemas.settings.photos import PhotoSettings
    from tests.support.kit import picture_file

    files = [picture_file(p) for p in sorted(Path(place).glob("*.png"))]
    deadly = Measurement("seen", {"seen": pl.Boolean}, "1", lambda: Work(kill_on_sight))
    found = measure_files(files, [deadly], PhotoSettings(), Path(place) / "cache", Quiet())
    refused = {h: r.kind for h, r in found.refused.items()}
    names = {f.content_hash: f.path.name for f in files}
    sys.stdout.write(repr((found.rows["seen"].height, sorted((names[h], k) for h, k in refused.items()))))


@pytest.mark.long
def test_a_decoder_killed_by_a_file_costs_that_file_alone(tmp_path: Path) -> None:
    for n in range(12):
        save_picture(tmp_path / f"{n:02d}.png", n, (77 if n in {3, 8} else 64, 48))
    code = KILLER.format(root=str(Path(__file__).parents[2]), place=str(tmp_path))
    script = tmp_path / "run.py"
    script.write_text(f"if __name__ == '__main__':\n    exec({code!r})\n")
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == repr((10, [("03.png", "decoder_died"), ("08.png", "decoder_died")])), done.stderr[
        -500:
    ]
