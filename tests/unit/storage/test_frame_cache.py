from __future__ import annotations

import polars as pl

from proofsheet.storage.frame_cache import FrameCache

ROWS = 10_000  # of 8 bytes each


def frame(number: int, rows: int = ROWS) -> pl.DataFrame:
    return pl.DataFrame({"n": pl.Series([number] * rows, dtype=pl.Int64)})


def test_the_frame_that_was_unused_for_longest_leaves_first() -> None:
    cache = FrameCache(3 * 8 * ROWS + 4096)  # room for three
    for number in range(3):
        cache.put(number, frame(number))
    assert cache.get(0) is not None
    cache.put(3, frame(3))
    assert [cache.get(number) is not None for number in range(4)] == [True, False, True, True]


def test_many_small_frames_give_way_to_a_large_one() -> None:
    cache = FrameCache(3 * 8 * ROWS)
    for number in range(20):
        cache.put(number, frame(number, ROWS // 10))
    cache.put("large", frame(0, 2 * ROWS))
    left = [number for number in range(20) if cache.get(number) is not None]
    assert left == list(range(20 - len(left), 20))
    assert 5 <= len(left) <= 10


def test_a_frame_above_the_limit_is_not_added_and_removes_none() -> None:
    cache = FrameCache(8 * ROWS + 4096)
    cache.put("a", frame(1))
    cache.put("b", frame(2, 2 * ROWS))
    assert (cache.get("b"), cache.get("a") is not None) == (None, True)


def test_the_first_frame_of_a_key_stays_until_all_are_forgotten() -> None:
    cache, first = FrameCache(1 << 20), frame(1)
    cache.put("a", first)
    cache.put("a", frame(2))
    assert cache.get("a") is first
    cache.clear()
    assert cache.get("a") is None
