"""What finished folders tell.

Sets by their names and times, winners, and crops that are in the pixels or not said.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from proofsheet.history.crop_search import Comparison, compare
from proofsheet.history.folder_extraction import Extraction, Pair, extracted, pair_up, write_extracted
from proofsheet.history.formats import read_history
from proofsheet.history.raw_sets import RawPicture, raw_sets


def scene(seed: int, width: int = 480, height: int = 320) -> np.ndarray[Any, Any]:
    """A grey picture with shapes of many sizes."""
    rng = np.random.default_rng(seed)
    sizes = [(w, w * height // width) for w in (6, 24, 96, width)]
    layers = [
        cv2.resize(rng.integers(0, 256, (h, w), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
        for w, h in sizes
    ]
    weights = (0.4, 0.3, 0.2, 0.1)
    return np.clip(
        sum(w * x.astype(np.float32) for w, x in zip(weights, layers, strict=True)), 0, 255
    ).astype(np.uint8)


RAW = scene(1)
BOX = (60, 40, 300, 200)  # left, top, right, bottom
CROP = RAW[BOX[1] : BOX[3], BOX[0] : BOX[2]]
SHARES = (60 / 480, 40 / 320, 300 / 480, 200 / 320)
TILES = np.tile(scene(2, 48, 32), (10, 10))


def reencoded(picture: np.ndarray[Any, Any], quality: int = 80) -> np.ndarray[Any, Any]:
    return cv2.imdecode(
        cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE
    )


def found(final: np.ndarray[Any, Any], raw: np.ndarray[Any, Any] = RAW, factor: int = 4) -> Comparison:
    sizes = [(p.shape[1] * factor, p.shape[0] * factor) for p in (raw, final)]
    return compare(raw, sizes[0], final, sizes[1])


@pytest.mark.parametrize(
    "final",
    [
        CROP,
        reencoded(CROP),
        cv2.convertScaleAbs(reencoded(CROP), alpha=0.8, beta=20),
        cv2.resize(CROP, None, fx=1.7, fy=1.7, interpolation=cv2.INTER_CUBIC),
        cv2.resize(reencoded(CROP), None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA),
    ],
)
def test_a_crop_is_found_where_it_was_taken_also_resized_and_compressed(final: np.ndarray[Any, Any]) -> None:
    told = found(final)
    assert told.kind == "cropped"
    assert told.box == pytest.approx(SHARES, abs=0.012)


@pytest.mark.parametrize(
    ("final", "raw", "kind"),
    [
        (RAW, RAW, "whole"),
        (reencoded(RAW, 60), RAW, "whole"),
        (cv2.resize(RAW, (240, 160), interpolation=cv2.INTER_AREA), RAW, "whole"),
        (cv2.resize(RAW, (960, 640), interpolation=cv2.INTER_CUBIC), RAW, "whole"),
        (scene(9), RAW, "another picture"),
        (scene(9, 240, 160), RAW, "another picture"),
        (TILES[32:224, 48:336], TILES, "changed"),
        (np.full((160, 240), 90, np.uint8), RAW, "another picture"),
        (np.full((160, 240), 90, np.uint8), np.full((320, 480), 90, np.uint8), "another picture"),
    ],
)
def test_no_box_is_given_where_there_was_no_crop_or_its_place_is_not_sure(
    final: np.ndarray[Any, Any], raw: np.ndarray[Any, Any], kind: str
) -> None:
    told = found(final, raw)
    assert (told.kind, told.box) == (kind, None)


def test_a_crop_that_was_painted_over_is_a_crop_without_a_box() -> None:
    square = RAW[20:300, 60:340].copy()
    square[60:130, 60:130] = 255
    told = found(square)
    assert (told.kind, told.box) == ("cropped, box unknown", None)


def seen(path: str, picture: np.ndarray[Any, Any] = RAW, content: str = "") -> RawPicture:
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    own = content or hashlib.sha256(path.encode()).hexdigest()
    return RawPicture(
        path, own, picture.shape[1], picture.shape[0], small / max(float(np.linalg.norm(small)), 1e-6)
    )


def named(sets: list[list[RawPicture]]) -> list[list[str]]:
    return sorted([p.path for p in one] for one in sets)


def test_every_stage_with_its_own_time_joins_the_set_that_it_continues() -> None:
    other = scene(5)
    pictures = [
        seen("20250708_060416_stage1_generated.png"),
        seen("20250708_060420_stage1_generated.png", other),
        seen("20250708_060544_stage2_upscaled.png"),
        seen("20250708_060550_stage2_upscaled.png", other),
        seen("20250708_060601_stage1.5_face_swapped.png", scene(7)),
        seen("20250708_070000_stage3_enhanced.png"),
        seen("b/20250708_060610_stage3_enhanced.png"),
        seen("plain.png"),
        seen("one_stage1_a.png", scene(11)),
        seen("one_stage2_b.png", scene(12)),
        seen("20251399_990000_stage2_x.png"),
    ]
    sets, alone = raw_sets(pictures)
    assert named(sets) == [
        ["20250708_060416_stage1_generated.png", "20250708_060544_stage2_upscaled.png"],
        ["20250708_060420_stage1_generated.png", "20250708_060550_stage2_upscaled.png"],
        ["one_stage1_a.png", "one_stage2_b.png"],
    ]
    assert len(alone) == 5


def test_a_finished_picture_finds_its_raw_one_by_content_name_longer_name_or_sight() -> None:
    raw = [
        seen("a_stage1.png", content="c"),
        seen("a_stage2.png"),
        seen("b/solo.png", scene(3)),
        seen("b/two.png"),
        seen("c/two.png"),
    ]
    final = [
        seen("kept/renamed.png", content="c"),
        seen("kept/a_stage2_cropped (1).jpg"),
        seen("kept/seen.webp", scene(3)),
        seen("kept/two.png"),
        seen("kept/stranger.png", scene(4)),
        seen("kept/a_stage2.png"),
    ]
    outcome = Extraction()
    pairs = {p.final.path: p.raw.path for p in pair_up(raw, final, outcome)}
    assert pairs == {
        "kept/renamed.png": "a_stage1.png",
        "kept/a_stage2.png": "a_stage2.png",
        "kept/seen.webp": "b/solo.png",
    }
    assert dict(outcome.skipped) == {
        "finished picture without a raw one": 1,
        "finished picture with several raw ones": 1,
        "raw picture finished twice": 1,
    }


def test_rows_are_written_in_the_formats_that_come_in(tmp_path: Path) -> None:
    sets = [[seen(f"{n}_stage1.png"), seen(f"{n}_stage2.png")] for n in "abcd"]
    final = [seen(p) for p in ("a_stage2.png", "b_stage1.png", "c_stage1.png", "c_stage2.png", "solo.png")]
    solo, outcome = seen("solo.png"), Extraction()
    pairs = pair_up([*(m for one in sets for m in one), solo], final, outcome)
    kinds = {
        "a_stage2.png": Comparison("cropped", (0.1, 0.2, 0.8, 0.9), 0.99),
        "b_stage1.png": Comparison("another picture", None, 0.1),
        "c_stage1.png": Comparison("changed", None, 0.8),
        "c_stage2.png": Comparison("cropped, box unknown", None, 0.8),
        "solo.png": Comparison("whole", None, 1.0),
    }
    changed = [Pair(p.raw, seen(p.final.path, content="f" + p.final.path)) for p in pairs]
    told = extracted(sets, [solo], changed, kinds, "mojo1", outcome)
    assert told.skipped == {
        "finished picture of a raw name that shows something else": 1,
        "set with several finished pictures": 1,
        "set without a finished picture": 2,
        "crop cannot be told: the finished picture was changed otherwise": 1,
    }
    files = write_extracted(told, tmp_path)
    back = {read.format: read for read in (read_history(f.read_bytes()) for f in files)}
    assert back["selection_only_log"].rows[0].others == ("mojo1/a_stage1.png",)
    assert back["select_crop_log"].rows[0].box == (0.1, 0.2, 0.8, 0.9)
    assert back["historical_crop_log"].rows[0].chosen == "mojo1/c_stage2.png"
    assert [len(r.refused) for r in back.values()] == [0, 0, 0]
