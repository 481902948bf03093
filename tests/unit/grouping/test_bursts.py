from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from proofsheet.grouping import linked_sets
from tests.support.kit import NOW
from tests.unit.grouping.test_grouping import grouped, seen, sets, shots

LIMITED = "is as alike, but [groups] max_size = 4 is the most of one set"


def photographed(count: int, gap_s: float = 1.0, **settings: Any) -> pl.DataFrame:
    """Alike shots of one camera, one after another."""
    facts = shots(count, gap_s)
    return grouped(seen({name: [1.0] for name in facts}, **facts), **settings)


@pytest.mark.parametrize("count", [5, 12, 60])
def test_a_burst_is_one_set(count: int) -> None:
    found = photographed(count)
    assert set(found["group_size"]) == {count}
    assert set(found["cause"]) == {"similar"}
    assert found["evidence"][0].startswith("a burst of one camera: every pair at least 1.00 alike")
    assert not found["keep_all"].any()


def test_shots_with_pauses_between_them_keep_to_the_limit_and_say_so() -> None:
    found = photographed(5, gap_s=10)
    assert sorted(len(s) for s in sets(found)) == [1, 4]
    (alone,) = found.filter(pl.col("cause") == "single")["evidence"]
    assert alone == f"the set of s0 {LIMITED}"
    (together,) = set(found.filter(pl.col("cause") == "similar")["evidence"])
    assert together.endswith(f"; the set of s4 {LIMITED}")


def test_no_burst_is_larger_than_its_limit_and_its_parts_say_so() -> None:
    found = photographed(7, max_burst=6)
    assert [sorted(s) for s in sorted(sets(found), key=min)] == [["s0", "s1", "s2", "s3"], ["s4", "s5", "s6"]]
    told = sorted(set(found["evidence"]))
    assert all("[groups] max_burst = 6 is the most of one set" in line for line in told)
    assert max(photographed(7, max_burst=3)["group_size"]) == 4


def test_a_burst_has_one_camera_one_folder_no_pause_and_no_stranger() -> None:
    facts = shots(5)
    alike = {name: [1.0] for name in facts}
    assert max(grouped(seen(alike, **{**facts, "s4": {**facts["s4"], "model": "N"}}))["group_size"]) == 4
    assert max(grouped(seen(alike, **{**facts, "s4": {**facts["s4"], "folder": "x"}}))["group_size"]) == 4
    late = {**facts["s4"], "taken_at": NOW + timedelta(seconds=8)}
    assert max(grouped(seen(alike, **{**facts, "s4": late}))["group_size"]) == 4
    stranger = grouped(seen({**alike, "s2": [0.0, 1.0]}, **facts))
    assert sets(stranger) == {frozenset({"s0", "s1", "s3", "s4"}), frozenset({"s2"})}


def test_generated_pictures_are_no_burst() -> None:
    facts = {name: {**row, "generated": "ComfyUI"} for name, row in shots(5).items()}
    assert max(grouped(seen({name: [1.0] for name in facts}, **facts))["group_size"]) == 4


def test_a_long_run_is_linked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linked_sets, "_LONGEST_RUN", 6)
    assert sorted(len(s) for s in sets(photographed(12))) == [6, 6]


def test_a_single_picture_says_what_is_alike_near_it() -> None:
    vectors = {f"p{i}": [np.cos(a), np.sin(a)] for i, a in enumerate([0.0, 0.2, 0.49])}
    vectors["q"] = [0.0, 0.0, 1.0]
    found = grouped(seen(vectors), similarity=0.95)
    told = dict(zip(found["photo_id"], found["evidence"], strict=True))
    assert told["p2"] == "alike to p1, but not to every picture of its set"
    assert told["q"] == "nothing alike near it"
    series = grouped(seen({"a_stage1": [1.0], "a_stage2": [1.0], "b": [1.0]}))
    told = dict(zip(series["photo_id"], series["evidence"], strict=True))
    assert told["b"] == "alike to a_stage1, which is in a set for another reason (stage series)"
