"""The rule that crops without history, the pictures that measure it, and the page of the figures."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.crop_rule import CANDIDATES, INTERESTS, CropRule
from benchmarks.crops import measure, page
from benchmarks.made_crops import KINDS, CropCase, widen
from proofsheet.imaging.saliency import grid
from proofsheet.models.boxes import FULL, Box
from tests.support.kit import pixels


def spotted(x: float, y: float) -> np.ndarray:
    """A grey picture with a checkered red spot at a place in 0..1."""
    rgb = np.full((192, 192, 3), 128, np.uint8)
    left, top = round(192 * x) - 16, round(192 * y) - 16
    rgb[top : top + 32, left : left + 32] = (220, 30, 30)
    rgb[top : top + 32 : 4, left : left + 32] = (20, 20, 20)
    return rgb


def grids(*pictures: np.ndarray) -> np.ndarray:
    return np.stack([grid(p).ravel() for p in pictures])


@pytest.mark.parametrize("interest", INTERESTS)
def test_the_subject_lies_in_the_box_and_the_aspect_is_kept(interest: str) -> None:
    boxes = CropRule(interest, 0.6, 0.1, 0.0).propose(grids(spotted(0.3, 0.3), spotted(0.7, 0.65)))
    for (left, top, right, bottom), (x, y) in zip(boxes, ((0.3, 0.3), (0.7, 0.65)), strict=True):
        assert left < x < right
        assert top < y < bottom
        assert right - left == pytest.approx(bottom - top)
        assert right - left < 1


def test_a_flat_picture_and_a_gain_that_is_too_small_keep_the_full_frame() -> None:
    flat = np.full((192, 192, 3), 90, np.uint8)
    rule = CropRule("edges", 0.6, 0.3, 0.05)
    assert rule.propose(grids(flat)).tolist() == [list(FULL)]
    assert CropRule("edges", 0.6, 0.3, 1e9).propose(grids(spotted(0.3, 0.3))).tolist() == [list(FULL)]


def test_the_full_frame_is_the_first_candidate_and_every_box_lies_in_the_picture() -> None:
    assert tuple(CANDIDATES[0]) == FULL
    assert CANDIDATES.min() >= 0
    assert CANDIDATES.max() <= 1 + 1e-9


@pytest.mark.parametrize("kind", KINDS[:3])
def test_a_widened_photograph_holds_the_photograph_in_its_box(kind: str) -> None:
    own = pixels(3, 90, 60)
    picture, (left, top, right, bottom) = widen(own, 0.6, (0.2, 0.9), kind)
    height, width = picture.shape[:2]
    inside = picture[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    assert np.array_equal(inside, own)
    assert (width, height) == (150, 100)


def case(original: int, kind: str, shown: np.ndarray, box: Box) -> CropCase:
    return CropCase(original, kind, grid(shown).ravel(), box, 1.0)


def test_a_rule_that_wins_nothing_is_not_proved_and_the_page_says_what_follows() -> None:
    cases = [case(k, kind, pixels(k, 96, 96), FULL) for k in range(6) for kind in KINDS]
    cases += [case(k, KINDS[0], pixels(k, 96, 96), (0.0, 0.0, 0.5, 0.5)) for k in range(6)]
    found = measure(cases)
    assert not found["proved"]
    assert [row["kind"] for row in found["rows"]] == [*KINDS, "all"]
    told = page({**found, "human": None})
    assert "**The lift is not proved.**" in told
    assert "proposes no crop" in told


def test_a_rule_that_wins_for_every_kind_is_proved() -> None:
    places = [(0.25 + 0.05 * (k % 3), 0.3 + 0.05 * (k % 4)) for k in range(12)]
    shown = [spotted(*place) for place in places]
    boxes = [(x - 0.2, y - 0.2, x + 0.3, y + 0.3) for x, y in places]
    needed = [case(k, kind, shown[k], boxes[k]) for k in range(12) for kind in KINDS]
    flat = [case(k, kind, np.full((96, 96, 3), 90, np.uint8), FULL) for k in range(12) for kind in KINDS]
    found = measure([*needed, *flat])
    assert found["proved"], found["rows"]
    assert "**The lift is proved for every kind.**" in page({**found, "human": None})
