"""Sets that history and names tell of.

Stages with time stamps of their own, history first, time stamps in names.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from proofsheet.grouping.grouping import group_photos
from proofsheet.grouping.grouping_input import GroupingInput
from proofsheet.imaging.formats import RAW
from proofsheet.library.stage_names import named_time
from schemas.selections import HistoryMatch
from schemas.settings.groups import GroupSettings
from tests.unit.grouping.test_grouping import grouped, seen, sets

START = datetime(2025, 7, 8, 6, 4, 16)


def stages(*shots: tuple[str, float, float, list[float]], **more: Any) -> Any:
    """Shots by name, stage, seconds since the start, and vector.

    Each has a series of its own, as the stamp makes it.
    """
    facts = {
        name: {
            "series": name,
            "stage": stage,
            "named_at": START + timedelta(seconds=s),
            "taken_at": None,
            **more,
        }
        for name, stage, s, _vector in shots
    }
    return seen({name: vector for name, _stage, _s, vector in shots}, **facts)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("20250708_060416_stage1_generated", START),
        ("IMG_20250708_060416", START),
        ("Screenshot 2025-07-08 at 06.04.16", START),
        ("PXL_20250708_060416123", START),
        ("2025-07-08T06-04-16", START),
        ("WhatsApp Image 2025-07-08 at 06.04.16", START),
        ("20250230_060416", None),
        ("20250708_256161", None),
        ("1234567890123456", None),
        ("DSC_0001", None),
        ("2025_0001", None),
    ],
)
def test_time_stamps_in_names(stem: str, expected: datetime | None) -> None:
    assert named_time(stem) == expected


def test_rising_stages_with_stamps_of_their_own_are_sets() -> None:
    found = grouped(
        stages(
            ("a", 1.0, 0, [1.0, 0.0]),
            ("b", 1.5, 88, [1.0, 0.1]),
            ("c", 3.0, 380, [1.0, 0.2]),
            ("d", 1.0, 400, [0.0, 1.0]),
            ("e", 2.0, 490, [0.1, 1.0]),
            ("f", 1.0, 530, [1.0, 0.1]),
        )
    )
    assert sets(found) == {frozenset("abc"), frozenset("de"), frozenset("f")}
    series = found.filter(pl.col("group_size") == 3)
    assert set(series["cause"]) == {"stage series"}
    assert series["evidence"][0] == "stages 1, 1.5, 3 rise within 380 s and are alike"


def test_a_stage_does_not_come_twice_and_never_falls() -> None:
    twice = stages(("a", 1.0, 0, [1.0]), ("b", 1.0, 50, [1.0]), ("c", 2.0, 90, [1.0, 0.3]))
    assert max(grouped(twice, max_size=2, similarity=1.0)["group_size"]) == 2
    falling = stages(("a", 3.0, 0, [1.0]), ("b", 1.0, 50, [1.0]))
    assert "stage series" not in set(grouped(falling)["cause"])


def test_interleaved_generations_are_told_apart_by_likeness() -> None:
    found = grouped(
        stages(
            ("a", 1.0, 0, [1.0, 0.0]),
            ("b", 1.0, 30, [0.0, 1.0]),
            ("c", 2.0, 60, [1.0, 0.05]),
            ("d", 2.0, 90, [0.05, 1.0]),
        )
    )
    assert sets(found) == {frozenset("ac"), frozenset("bd")}


def test_many_stages_of_one_moment_find_their_own_generation() -> None:
    directions = np.random.default_rng(7).normal(size=(900, 32))
    shots = [
        (f"{k:03}{s}", float(s), 60 * k / 900 + s / 100, list(directions[k]))
        for k in range(900)
        for s in (1, 2, 3)
    ]
    made = sets(grouped(stages(*shots)))
    assert made == {frozenset(f"{k:03}{s}" for s in (1, 2, 3)) for k in range(900)}


def test_stages_too_far_apart_or_unlike_or_of_a_camera_are_none() -> None:
    assert len(sets(grouped(stages(("a", 1.0, 0, [1.0]), ("b", 2.0, 301, [1.0]))))) == 2
    assert len(sets(grouped(stages(("a", 1.0, 0, [1.0, 0.0]), ("b", 2.0, 60, [0.0, 1.0]))))) == 2
    shot = grouped(stages(("a", 1.0, 0, [1.0]), ("b", 2.0, 60, [1.0]), model="M"))
    assert "stage series" not in set(shot["cause"])


def match(number: int, *ids: str) -> dict[str, Any]:
    """A row of history that names these photos, later ones later."""
    row = dict.fromkeys(HistoryMatch.polars_schema(), "") | {
        HistoryMatch.project: "p",
        HistoryMatch.line: number,
    }
    more = {HistoryMatch.photo_ids: list(ids), HistoryMatch.happened_at: START + timedelta(days=number)}
    return row | {HistoryMatch.row_hash: str(number)} | more


def stated(found: GroupingInput, *rows: dict[str, Any]) -> pl.DataFrame:
    return group_photos("p", found, GroupSettings(), HistoryMatch.frame(rows))


def test_sets_of_imported_history_come_first_and_the_latest_wins() -> None:
    found = seen({"a_stage1": [1.0], "a_stage2": [1.0], "b": [0.0, 1.0], "c": [1.0], "d": [0.0, 0.0, 1.0]})
    groups = stated(found, match(1, "a_stage1", "b"), match(2, "a_stage1", "c", "gone"), match(3))
    of_history = groups.filter(pl.col("cause") == "history")
    assert sets(of_history) == {frozenset({"a_stage1", "c"})}
    assert set(of_history["evidence"]) == {"a set of 3 in imported history"}


def test_a_set_of_imported_history_takes_the_other_parts_of_its_shots_with_it() -> None:
    names = [f"{shot}.{kind}" for shot in "abc" for kind in ("jpg", "cr2")]
    raw = {name: {"format": RAW} for name in names if name.endswith("cr2")}
    found = seen({name: [1.0] for name in names}, **raw)
    assert sets(stated(found, match(1, "a.jpg", "b.jpg"))) == {frozenset(names[:4]), frozenset(names[4:])}
    apart = sets(stated(found, match(1, "a.jpg", "b.jpg"), match(2, "b.cr2", "c.cr2")))
    assert apart == {frozenset({"a.jpg", "a.cr2", "b.jpg"}), frozenset({"b.cr2", "c.jpg", "c.cr2"})}


def test_a_generated_picture_has_the_time_of_its_file_and_no_other_has() -> None:
    untimed = {name: {"taken_at": None, "modified_at": START} for name in ("a", "b")}
    vectors = {"a": [1.0, 0.0], "b": [1.0, 0.6]}  # 0.86 alike
    assert len(sets(grouped(seen(vectors, **untimed)))) == 2
    assert len(sets(grouped(seen(vectors, **untimed), order="none"))) == 1
    generated = {name: {**facts, "generated": True} for name, facts in untimed.items()}
    assert len(sets(grouped(seen(vectors, **generated)))) == 1
