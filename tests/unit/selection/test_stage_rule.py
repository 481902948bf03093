from __future__ import annotations

from typing import Any

import pytest

from proofsheet.selection.stage_rule import _decision


def member(name: str, stage: float | None, position: int, **values: float) -> dict[str, Any]:
    base = {
        "sharpness": 2.0,
        "noise": 0.01,
        "clipped_highlights": 0.0,
        "clipped_shadows": 0.0,
        "keep_all": False,
        "cause": "similar",
    }
    return {
        "photo_id": name,
        "path": name,
        "group_id": "g",
        "stage": stage,
        "stage_label": "label",
        "position": position,
        **base,
        **values,
    }


def decided(*members: dict[str, Any]) -> dict[str, Any]:
    return _decision("p", members)


def test_the_highest_stage_wins_over_sharpness() -> None:
    found = decided(
        member("a", 1, 0, sharpness=9), member("b", 2, 1, sharpness=3), member("c", 1.5, 2, sharpness=5)
    )
    assert found["chosen_photo_id"] == "b"
    assert found["reasons"][0] == "highest stage of the set: 2 (label)"
    assert found["confidence"] is None
    assert found["confidence_kind"] == "uncalibrated"


def test_among_equal_stages_the_sharpest_wins() -> None:
    found = decided(
        member("a", 2, 0, sharpness=1), member("b", 2, 1, sharpness=4), member("c", 1, 2, sharpness=9)
    )
    assert found["chosen_photo_id"] == "b"
    assert "sharpest of the 2 pictures of its stage" in found["reasons"]
    assert (
        decided(member("a", None, 0, sharpness=1), member("b", None, 1, sharpness=4))["chosen_photo_id"]
        == "b"
    )


def test_a_blurred_winner_is_flagged_with_its_distance() -> None:
    found = decided(
        member("a", 1, 0, sharpness=3), member("b", 1.5, 1, sharpness=3), member("c", 3, 2, sharpness=1)
    )
    assert found["chosen_photo_id"] == "c"
    assert found["flags"] == ["less sharp than its set by 1.4 σ"]


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ({"clipped_highlights": 0.2}, "clipped highlights: 20.0% of the pixels"),
        ({"clipped_shadows": 0.2}, "clipped shadows: 20.0% of the pixels"),
        ({"noise": 0.08}, "noise or sharpening marks: 0.080 of full scale"),
        ({"clipped_highlights": 0.04}, None),
    ],
)
def test_spoilt_winners_are_flagged(values: dict[str, float], flag: str | None) -> None:
    found = decided(member("a", 1, 0), member("b", 2, 1, **values))
    assert found["flags"] == ([flag] if flag else [])


def test_a_set_that_is_bright_throughout_is_not_flagged() -> None:
    found = decided(member("a", 1, 0, clipped_highlights=0.3), member("b", 2, 1, clipped_highlights=0.3))
    assert found["flags"] == []


def test_a_single_picture_says_so() -> None:
    assert decided(member("a", None, 0))["reasons"] == ["the only picture of its set"]


def test_what_is_kept_whole_says_so() -> None:
    found = decided(
        *({**member(n, None, k), "keep_all": True, "cause": "bracket"} for k, n in enumerate("ab"))
    )
    assert found["keep_all"]
    assert found["reasons"][0] == "all belong together: bracket"
