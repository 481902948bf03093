"""Picking by comparison, with rows as `image_quality` has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from proofsheet.imaging.image_quality import image_quality
from proofsheet.models.starter_ranker import starter_ranker
from proofsheet.selection.difference_words import in_words
from proofsheet.selection.technical_comparison import compared, faults
from tests.support.kit import opened

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def scene(seed: int = 0) -> Pixels:
    """Soft ground, sharp-edged things of many tones, fine texture."""
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.uniform(60, 190, (5, 7, 3)).astype(np.float32), (900, 640))
    for _ in range(220):
        x, y = rng.integers(0, 880), rng.integers(0, 620)
        color = tuple(float(c) for c in rng.uniform(20, 225, 3))
        cv2.ellipse(
            picture, (int(x), int(y)), tuple(int(v) for v in rng.integers(4, 50, 2)), 30.0, 0, 360, color, -1
        )
    picture += cv2.GaussianBlur(rng.normal(0, 9, picture.shape).astype(np.float32), (0, 0), 0.8)
    return np.clip(picture, 0, 255).astype(np.uint8)


def exposed(pixels: Pixels, stops: float) -> Pixels:
    return np.clip(255 * ((pixels / 255.0) ** 2.2 * 2**stops) ** (1 / 2.2), 0, 255).astype(np.uint8)


def row(folder: Path, name: str, pixels: Pixels, stage: float | None = None) -> dict[str, Any]:
    Image.fromarray(pixels).save(folder / f"{name}.jpg", quality=95)
    return {**image_quality(opened(folder / f"{name}.jpg")), "stage": stage, "content_hash": name}


def noisy(pixels: Pixels) -> Pixels:
    return np.clip(pixels + np.random.default_rng(1).normal(0, 22, pixels.shape), 0, 255).astype(np.uint8)


SPOILT = {
    "blurred": lambda p: cv2.GaussianBlur(p, (0, 0), 3),
    "noisy": noisy,
    "overexposed": lambda p: exposed(p, 2.0),
    "underexposed": lambda p: exposed(p, -3.0),
    "flat": lambda p: (110 + p * 0.3).astype(np.uint8),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_the_whole_picture_wins_against_itself_spoilt_in_either_order(tmp_path: Path, kind: str) -> None:
    good, bad = row(tmp_path, "good", scene()), row(tmp_path, "bad", SPOILT[kind](scene()))
    first, second = compared([good, bad], starter_ranker()), compared([bad, good], starter_ranker())
    assert (first.place, second.place) == (0, 1)
    assert first.confidence == pytest.approx(second.confidence)
    assert first.confidence > 0.6
    assert first.reasons


def test_reasons_are_differences_with_units_and_never_in_standard_deviations(tmp_path: Path) -> None:
    good, bad = row(tmp_path, "good", scene()), row(tmp_path, "bad", SPOILT["blurred"](scene()))
    told = compared([good, bad], starter_ranker()).reasons
    assert any(" % sharper than 2" in r for r in told)
    assert not any("σ" in r or "stage" in r for r in told)


def test_a_picture_against_itself_is_a_toss_and_names_do_not_decide(tmp_path: Path) -> None:
    one = row(tmp_path, "a", scene())
    found = compared([one, {**one, "content_hash": "b"}], starter_ranker())
    assert found.confidence == pytest.approx(0.5)
    assert found.reasons == []


def test_the_highest_stage_wins_unless_it_is_visibly_spoilt(tmp_path: Path) -> None:
    plain = row(tmp_path, "a", scene(), 1.0)
    brighter, spoilt = (
        row(tmp_path, "b", exposed(scene(), 0.1), 2.0),
        row(tmp_path, "c", SPOILT["blurred"](scene()), 2.0),
    )
    assert compared([plain, brighter], starter_ranker()).place == 1
    assert compared([plain, spoilt], starter_ranker()).place == 0


def test_a_pick_with_a_fault_gives_way_and_says_so(tmp_path: Path) -> None:
    one = row(tmp_path, "a", scene())
    other = {**one, "content_hash": "b", "clipped_highlights": 0.2}
    assert faults(other, [one, other]) == ["clipped highlights: 20.0% of the pixels"]
    assert faults(one, [one, other]) == []
    level = replace(starter_ranker(), weights=0.0 * starter_ranker().weights)
    found = compared([{**other, "content_hash": "0"}, one], level)
    assert found.place == 1
    assert found.reasons[0] == "1 gives way: clipped highlights: 20.0% of the pixels"
    kept = compared([{**other, "stage": 2.0}, {**one, "stage": 1.0}], level)
    assert (kept.place, kept.flags) == (0, ["clipped highlights: 20.0% of the pixels"])
    assert compared([other, other], starter_ranker()).flags == []


def test_of_four_pictures_the_best_wins_whatever_its_place(tmp_path: Path) -> None:
    rows = [row(tmp_path, k, SPOILT[k](scene())) for k in ("blurred", "noisy", "flat")]
    rows.insert(2, row(tmp_path, "good", scene()))
    assert compared(rows, starter_ranker()).place == 2


@pytest.mark.parametrize("width", [36, 60, 120, 240, 330, 450, 600, 760])
def test_a_copy_of_any_size_loses_to_the_whole_and_the_reason_is_its_size(tmp_path: Path, width: int) -> None:
    large = scene()
    small = cv2.resize(large, (width, width * 32 // 45), interpolation=cv2.INTER_AREA)
    found = compared([row(tmp_path, "small", small), row(tmp_path, "large", large)], starter_ranker())
    assert found.place == 1
    assert found.reasons
    if width <= 600:
        assert any(r.startswith("more pixels than 1: 576,000 against") for r in found.reasons)


@pytest.mark.parametrize(
    "emptied",
    [
        lambda p: cv2.resize(
            cv2.resize(p, (225, 160), interpolation=cv2.INTER_AREA), (900, 640), interpolation=cv2.INTER_CUBIC
        ),
        lambda p: cv2.GaussianBlur(p, (0, 0), 6),
    ],
    ids=["upscaled four times", "blurred"],
)
def test_pixels_without_detail_count_for_nothing(tmp_path: Path, emptied: Any) -> None:
    small = row(tmp_path, "small", cv2.resize(scene(), (450, 320), interpolation=cv2.INTER_AREA))
    large = row(tmp_path, "large", emptied(scene()))
    found = compared([small, large], starter_ranker())
    assert found.place == 0
    assert "more detail in its pixels than 2, which looks enlarged or blurred" in found.reasons


def test_fine_texture_is_no_fault_that_makes_a_picture_give_way(tmp_path: Path) -> None:
    soft = row(tmp_path, "b", scene())
    textured = {**soft, "content_hash": "a", "impulses": 0.02}
    level = replace(starter_ranker(), weights=0.0 * starter_ranker().weights)
    found = compared([textured, soft], level)
    assert (found.place, list(found.flags), list(found.reasons)) == (0, [], [])


def test_two_even_pictures_of_other_colours_are_unlike(tmp_path: Path) -> None:
    def even(name: str, color: tuple[int, int, int], stage: float) -> dict[str, Any]:
        return row(tmp_path, name, np.full((640, 900, 3), color, np.uint8), stage)

    lower = even("lower", (200, 30, 30), 1.0)
    favoured = replace(starter_ranker(), stage_log_odds=-5.0)  # of two alike the lower one would win
    for color, place in (((200, 30, 30), 0), ((10, 10, 200), 1), ((60, 90, 60), 1), ((250, 250, 250), 1)):
        assert compared([lower, even("higher", color, 2.0)], favoured).place == place


def test_a_lower_stage_wins_only_where_both_show_the_same_and_are_large_enough(tmp_path: Path) -> None:
    lower = row(tmp_path, "lower", scene(), 1.0)
    blurred = cv2.GaussianBlur(scene(), (0, 0), 8)
    assert compared([lower, row(tmp_path, "spoilt", blurred, 2.0)], starter_ranker()).place == 0
    assert (
        compared(
            [lower, row(tmp_path, "another", cv2.GaussianBlur(scene(5), (0, 0), 8), 2.0)], starter_ranker()
        ).place
        == 1
    )
    small = [cv2.resize(p, (120, 80), interpolation=cv2.INTER_AREA) for p in (scene(), blurred)]
    rows = [row(tmp_path, f"small{k}", p, k + 1.0) for k, p in enumerate(small)]
    assert compared(rows, starter_ranker()).place == 1


def test_the_highest_stage_comes_first_where_that_is_asked_and_of_several_the_best(tmp_path: Path) -> None:
    lower = row(tmp_path, "lower", scene(), 1.0)
    ruined = row(tmp_path, "ruined", cv2.GaussianBlur(scene(), (0, 0), 8), 2.0)
    better = row(tmp_path, "better", cv2.GaussianBlur(scene(), (0, 0), 1), 2.0)
    assert compared([ruined, lower], starter_ranker()).place == 1
    found = compared([ruined, lower], starter_ranker(), stage_first=True)
    assert (found.place, list(found.reasons)) == (0, [])
    assert found.confidence < 0.5
    assert compared([lower, ruined, better], starter_ranker(), stage_first=True).place == 2


@pytest.mark.parametrize("others", [1, 2])
def test_a_ruined_stage_wins_nothing_from_pictures_that_show_something_else(
    tmp_path: Path, others: int
) -> None:
    good = row(tmp_path, "good", scene(), 2.0)
    ruined = row(tmp_path, "ruined", cv2.GaussianBlur(scene(), (0, 0), 8), 3.0)
    unlike = [row(tmp_path, f"unlike{k}", scene(5 + k), 2.0) for k in range(others)]
    for members in ([good, ruined, *unlike], [*unlike, ruined, good]):
        assert members[compared(members, starter_ranker()).place]["content_hash"] == "good"


def test_a_fault_of_the_pick_is_never_a_reason_for_it(tmp_path: Path) -> None:
    bad, good = row(tmp_path, "bad", noisy(scene()), 2.0), row(tmp_path, "good", scene(5), 1.0)
    choice = compared([bad, good], starter_ranker())
    assert choice.place == 0
    assert not any(
        word in reason for reason in choice.reasons for word in ("more noise", "softer", "more gaps")
    )


@pytest.mark.parametrize("sigma", [1.5, 3.0])
def test_the_sharp_frame_wins_where_all_frames_are_noisy_and_no_soft_one_is_called_sharper(
    tmp_path: Path, sigma: float
) -> None:
    sharp = row(tmp_path, "a", noisy(scene()))
    soft = row(tmp_path, "b", noisy(cv2.GaussianBlur(scene(), (0, 0), sigma)))
    found = compared([soft, sharp], starter_ranker())
    assert found.place == 1
    assert in_words("detail at 1/1", soft, sharp, 2) == ""
