from __future__ import annotations

import polars as pl

from tests.unit.grouping.test_grouping import grouped, seen, sets

NO_TIME = {"taken_at": None}


def test_pictures_without_a_time_are_one_set_if_they_are_nearly_the_same() -> None:
    vectors = {"a": [1.0, 0.0], "m": [0.0, 1.0], "t": [1.0, 0.0], "z": [1.0, 0.1]}
    found = grouped(seen(vectors, a=NO_TIME, m=NO_TIME, z=NO_TIME))
    assert sets(found) == {frozenset({"a", "z"}), frozenset({"m"}), frozenset({"t"})}
    told = dict(zip(found["photo_id"], found["evidence"], strict=True))
    assert told["a"] == "every pair at least 1.00 alike, at most 0 of 64 bits apart"
    assert told["m"].startswith("no capture time, and nothing in its folder without one is nearly the same")
    assert '[groups] order = "none"' in told["m"]
    assert told["t"] == "nothing alike near it"


def test_the_order_of_names_does_not_part_pictures_without_a_time() -> None:
    vectors = {f"{n:02}": [1.0] if n in (0, 39) else [0.0] * n + [1.0] for n in range(40)}
    found = grouped(seen(vectors, **dict.fromkeys(vectors, NO_TIME)))
    assert sets(found.filter(pl.col("group_size") > 1)) == {frozenset({"00", "39"})}


def test_pictures_without_a_time_are_not_joined_across_folders() -> None:
    found = grouped(seen({"a": [1.0], "b": [1.0]}, a=NO_TIME, b={**NO_TIME, "folder": "x"}))
    assert set(found["group_size"]) == {1}


def test_likeness_that_is_enough_with_a_time_is_not_enough_without() -> None:
    vectors = {"a": [1.0, 0.0], "b": [1.0, 0.6]}  # 0.86 alike
    assert set(grouped(seen(vectors))["group_size"]) == {2}
    untimed = seen(vectors, a=NO_TIME, b=NO_TIME)
    assert set(grouped(untimed)["group_size"]) == {1}
    assert set(grouped(untimed, untimed_similarity=0.8)["group_size"]) == {2}


def test_edits_of_one_picture_are_one_set_however_many() -> None:
    vectors = {f"{n:02}": [1.0, n / 1000] for n in range(12)}
    untimed = seen(vectors, **dict.fromkeys(vectors, NO_TIME))
    assert set(grouped(untimed)["group_size"]) == {12}
    parted = grouped(untimed, max_burst=6)
    assert set(parted["group_size"]) == {6}
    assert all("[groups] max_burst = 6 is the most of one set" in line for line in parted["evidence"])
