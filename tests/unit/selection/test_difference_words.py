from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from proofsheet.models.picture_differences import DIFFERENCES, NAMES, pair_features
from proofsheet.models.starter_ranker import starter_ranker
from proofsheet.selection.difference_words import WORDS, in_words
from proofsheet.selection.face_comparison import face_weights
from proofsheet.selection.technical_comparison import differences
from schemas.vision import SCALES, TILES


def picture(**values: Any) -> dict[str, Any]:
    """A row with plain measurements."""
    tiles = np.linspace(-3.0, -1.0, TILES * TILES).tolist()
    row: dict[str, Any] = dict.fromkeys((d.column for d in DIFFERENCES), 0.5)
    row |= {"width_px": 900, "height_px": 600, "detail_side_px": 900, "detail_scales": [0.0] * SCALES}
    return row | {"detail_tiles": tiles, "contrast_tiles": tiles, "light_tiles": tiles} | values


def test_every_difference_has_words_for_at_least_one_direction() -> None:
    silent = [n for n in NAMES if n not in WORDS and not n.startswith(("detail", "sharp", "empty"))]
    assert silent == []
    assert all(w.more or w.less for w in WORDS.values())


@pytest.mark.parametrize(
    ("name", "value", "other", "said"),
    [
        ("spots", 0.001, 0.02, "fewer dust spots than 2: 0.10% of the pixels against 2.00% of the pixels"),
        (
            "stripes",
            -3.0,
            -1.0,
            "weaker stripes than 2: 0.1% of the fine detail against 10.0% of the fine detail",
        ),
        (
            "fringes",
            -1.0,
            0.0,
            "weaker colour fringes than 2: 10.0% of the fine detail against 100.0% of the fine detail",
        ),
        ("cast_of_shadows", 2.0, 9.0, "shadows less coloured than 2: 2 in Lab against 9 in Lab"),
        ("tails", 1.1, 0.6, "detail clearer of noise than 2: 1.10 against 0.60"),
        ("tails", 0.6, 1.1, "detail less smeared than 2: 0.60 against 1.10"),
        ("upright", 0.16, 0.21, ""),
        ("spots", 0.02, 0.001, ""),
        ("blockiness", None, 1.59, ""),
        ("blockiness", 0.1, None, ""),
        ("blockiness", -0.001, 0.99, "fewer JPEG blocks than 2: 0.00 against 0.99"),
        ("exposure_ev", -0.01, 1.0, "darker than 2: +0.0 EV against +1.0 EV"),
    ],
)
def test_a_difference_is_said_only_where_it_speaks_for_the_choice(
    name: str, value: float | None, other: float | None, said: str
) -> None:
    assert in_words(name, picture(**{name: value}), picture(**{name: other}), 2) == said


def test_size_and_the_light_of_the_corners_have_words() -> None:
    small, light = picture(width_px=120, height_px=80), np.full((TILES, TILES), -2.0)
    light[0, 0] = light[0, -1] = light[-1, 0] = light[-1, -1] = -4.0
    dark = picture(light_tiles=light.ravel().tolist())
    assert in_words("pixels", picture(), small, 2) == "more pixels than 2: 540,000 against 9,600"
    assert in_words("pixels", small, picture(), 2) == ""
    plain = picture(light_tiles=[-2.0] * TILES * TILES)
    assert in_words("light of corners", plain, dark, 2) == "lighter corners than 2: +0.0 EV against -2.0 EV"


def test_what_was_not_measured_in_both_makes_no_difference_and_no_reason() -> None:
    usual = starter_ranker().usual
    plain, unknown, blocks = picture(), picture(blockiness=None), picture(blockiness=1.59)
    place = NAMES.index("blockiness")
    assert pair_features(plain, blocks, usual)[place].any()
    assert not pair_features(unknown, blocks, usual)[place].any()
    assert not pair_features(blocks, unknown, usual)[place].any()
    assert not any("JPEG" in r for r in differences(unknown, blocks, 2, starter_ranker(), face_weights()))


@pytest.mark.parametrize(
    ("fine", "coarser", "said"),
    [(0.2, 0.1, "12 % sharper than 2"), (0.1, 0.4, "12 % sharper than 2"), (0.2, -0.4, ""), (-0.2, 0.4, "")],
)
def test_sharper_is_what_two_scales_say(fine: float, coarser: float, said: str) -> None:
    best = picture(detail_scales=[fine, coarser, *[0.0] * (SCALES - 2)])
    assert in_words("detail at 1/1", best, picture(), 2) == said
