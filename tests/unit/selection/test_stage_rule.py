from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from proofsheet.imaging.image_quality import image_quality
from proofsheet.models.predictions import RankedChoice
from proofsheet.selection.stage_rule import _decision
from schemas.choices import TECHNICAL
from tests.support.kit import opened, pixels

Member = Any
TRAINED = RankedChoice("b", 0.8, "calibrated on this project", False, ["probability 0.80"], "ranker 12")


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Member:
    """Makes a row of a set: one measured picture with other values."""
    path = tmp_path_factory.mktemp("member") / "p.png"
    Image.fromarray(pixels(1, 400, 300)).save(path)
    base = {
        **image_quality(opened(path)),
        "group_id": "g",
        "stage_label": "label",
        "keep_all": False,
        "cause": "similar",
        "clipped_highlights": 0.0,
        "clipped_shadows": 0.0,
        "grain": 1.0,
        "blockiness": 0.0,
    }

    def made(name: str, stage: float | None, position: int, **values: object) -> dict[str, Any]:
        own = {"photo_id": name, "path": name, "content_hash": name, "stage": stage, "position": position}
        return {**base, **own, **values}

    return made


def decided(
    *members: dict[str, Any], pick: RankedChoice | None = None, stage_first: bool = False
) -> dict[str, Any]:
    return _decision("p", members, {"g": pick} if pick else {}, {}, stage_first)


def detail(member: Member, less: float) -> list[float]:
    return [v - less for v in member("x", None, 0)["detail_scales"]]


def test_the_highest_stage_wins_and_has_a_technical_confidence(member: Member) -> None:
    found = decided(member("a", 1, 0), member("b", 2, 1), member("c", 1.5, 2))
    assert found["chosen_photo_id"] == "b"
    assert found["reasons"][0] == "highest stage of the set: 2 (label)"
    assert found["confidence"] > 0.5
    assert found["confidence_kind"] == TECHNICAL
    assert found["decided_by"] == "starter 1"


def test_a_choice_by_the_setting_for_stages_says_so(member: Member) -> None:
    found = decided(member("a", 1, 0), member("c", 2, 2), stage_first=True)
    assert (found["chosen_photo_id"], found["anomaly"]) == ("c", False)
    assert found["reasons"][0] == "highest stage of the set: 2 (label)"
    assert found["decided_by"] == "highest stage, starter 1"


def test_photographs_are_compared_without_a_word_of_stages(member: Member) -> None:
    soft = detail(member, 0.6)
    found = decided(
        member("a", None, 0, detail_scales=soft),
        member("b", None, 1),
        member("c", None, 2, detail_scales=soft),
    )
    assert found["chosen_photo_id"] == "b"
    assert "100 % sharper than 1" in found["reasons"]
    assert not any("stage" in r for r in (*found["reasons"], *found["flags"]))


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ({"clipped_highlights": 0.2}, "clipped highlights: 20.0% of the pixels"),
        ({"clipped_shadows": 0.2}, "clipped shadows: 20.0% of the pixels"),
    ],
)
def test_a_spoilt_picture_is_not_picked_without_being_named(
    member: Member, values: dict[str, float], flag: str
) -> None:
    found = decided(member("a", None, 0, impulses=0.0), member("b", None, 1, **{"impulses": 0.0, **values}))
    assert found["chosen_photo_id"] == "a"
    assert found["flags"] == []
    assert (
        flag in decided(member("a", 1, 0, impulses=0.0), member("b", 9, 1, **values), pick=TRAINED)["flags"]
    )


def test_a_fault_that_nobody_sees_is_no_flag(member: Member) -> None:
    assert decided(member("a", None, 0), member("b", None, 1, clipped_highlights=0.04))["flags"] == []


def test_a_set_that_is_bright_throughout_is_not_flagged(member: Member) -> None:
    found = decided(member("a", 1, 0, clipped_highlights=0.3), member("b", 2, 1, clipped_highlights=0.3))
    assert (found["chosen_photo_id"], found["flags"]) == ("b", [])


def test_a_single_picture_says_so_and_has_no_confidence(member: Member) -> None:
    found = decided(member("a", None, 0))
    assert found["reasons"] == ["the only picture of its set"]
    assert (found["confidence"], found["confidence_kind"]) == (None, "uncalibrated")


def test_what_is_kept_whole_says_so_and_has_no_confidence(member: Member) -> None:
    found = decided(*(member(n, None, k, keep_all=True, cause="bracket") for k, n in enumerate("ab")))
    assert found["keep_all"]
    assert found["reasons"][0] == "all belong together: bracket"
    assert found["confidence"] is None


def test_a_trained_ranker_has_the_last_word_and_its_own_confidence(member: Member) -> None:
    pick = RankedChoice("a", 0.8, "calibrated on this project", True, ["probability 0.80"], "ranker 12")
    found = decided(member("a", None, 0, clipped_highlights=0.2), member("b", None, 1), pick=pick)
    assert (found["chosen_photo_id"], found["decided_by"]) == ("a", "ranker 12")
    assert found["reasons"] == ["probability 0.80"]
    assert found["flags"] == ["clipped highlights: 20.0% of the pixels"]
    found = decided(member("a", 1, 0), member("b", 2, 1), pick=pick)
    assert found["reasons"] == ["preferred to stage 2", "probability 0.80"]
    assert found["anomaly"]
