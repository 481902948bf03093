from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from proofsheet.embedding import classic_encoder
from proofsheet.grouping.complete_linkage import Likeness
from proofsheet.grouping.duplicates import find_duplicates
from proofsheet.grouping.grouping import group_photos
from proofsheet.grouping.grouping_input import GroupingInput
from proofsheet.grouping.nearest_neighbors import Within, cosine_pairs, hamming_pairs
from proofsheet.imaging.image_quality import tile_variances
from proofsheet.imaging.perceptual_hash import phash
from proofsheet.imaging.scaling import fit
from schemas.settings.groups import DuplicateSettings, GroupSettings
from tests.support.kit import NOW, pixels

PLAIN: dict[str, Any] = {
    "folder": "",
    "format": "JPEG",
    "size_bytes": 1,
    "series": None,
    "stage": None,
    "model": None,
    "taken_at": NOW,
    "named_at": None,
    "modified_at": NOW,
    "generated": None,
    "ground": 0.1,
    "written": 0.0,
    "focal_length_mm": None,
    "f_number": None,
    "exposure_s": None,
    "iso": None,
    "width_px": 10,
    "height_px": 10,
    "sharpness_tiles": [0.0] * 64,
}
CAMERA = {"model": "M", "focal_length_mm": 50.0, "f_number": 8.0, "exposure_s": 1 / 128, "iso": 100}


def seen(
    vectors: dict[str, list[float]], hashes: dict[str, int] | None = None, **more: dict[str, Any]
) -> GroupingInput:
    """Photos by name with these vectors, hashes and other columns."""
    rows = []
    for name in sorted(vectors):
        series = (
            {"series": name.split("_stage")[0], "stage": float(name.split("_stage")[1])}
            if "_stage" in name
            else {}
        )
        rows.append(
            {
                **PLAIN,
                "photo_id": name,
                "path": name,
                "file_name": name,
                "content_hash": name,
                **series,
                **more.get(name, {}),
            }
        )
    width = max((len(v) for v in vectors.values()), default=1)
    matrix = np.zeros((len(rows), width), np.float32)
    for n, row in enumerate(rows):
        found = vectors[row["path"]]
        matrix[n, : len(found)] = np.array(found) / np.linalg.norm(found)
    marks = np.array([(hashes or {}).get(r["path"], 0) for r in rows], np.uint64)
    return GroupingInput(rows, Likeness(matrix, marks), "embedded-test")


def grouped(found: GroupingInput, **settings: Any) -> pl.DataFrame:
    return group_photos("p", found, GroupSettings(**settings))


def sets(frame: pl.DataFrame) -> set[frozenset[str]]:
    return {frozenset(part["photo_id"]) for part in frame.partition_by("group_id")}


def test_series_are_sets_by_name_whatever_they_show() -> None:
    names = ["a_stage1", "a_stage3", "b_stage1", "a_stage1.5"]
    found = grouped(seen({n: [1.0, i] for i, n in enumerate(names)}))
    assert sets(found) == {frozenset({"a_stage1", "a_stage1.5", "a_stage3"}), frozenset({"b_stage1"})}
    ordered = found.filter(pl.col("group_size") == 3).sort("position")
    assert ordered["photo_id"].to_list() == ["a_stage1", "a_stage1.5", "a_stage3"]
    assert set(found["cause"]) == {"stage series", "single"}


@pytest.mark.parametrize("order", ["name", "none"])
def test_a_chain_of_small_steps_does_not_join_strangers(order: str) -> None:
    """Neighbours are 0.97 alike, the ends 0.88: complete-link keeps the ends apart, union-find would not."""
    vectors = {f"p{i}": [np.cos(a), np.sin(a)] for i, a in enumerate([0.0, 0.245, 0.49])}
    found = grouped(seen(vectors), similarity=0.95, order=order)
    assert len(sets(found)) == 2
    assert frozenset({"p0", "p1", "p2"}) not in sets(found)


def test_sets_keep_their_cap_and_the_window() -> None:
    vectors = {f"p{i:02d}": [1.0, 0.001 * i] for i in range(10)}
    assert max(len(s) for s in sets(grouped(seen(vectors), max_size=4))) <= 4
    far = {"a": [1.0], **{f"m{i:02d}": [0.0] * (i + 1) + [1.0] for i in range(13)}, "z": [1.0]}
    assert len(sets(grouped(seen(far)))) == 15
    assert frozenset({"a", "z"}) in sets(grouped(seen(far), order="none"))


def test_pictures_far_apart_in_time_or_folder_are_not_one_set() -> None:
    vectors = {"a": [1.0], "b": [1.0], "c": [1.0]}
    times = {
        "a": {"taken_at": NOW},
        "b": {"taken_at": NOW + timedelta(seconds=299)},
        "c": {"taken_at": NOW + timedelta(seconds=301)},
    }
    found = grouped(seen(vectors, **times))
    assert frozenset({"a", "c"}) not in sets(found)
    assert not any({"a", "c"} <= s for s in sets(found))
    assert frozenset({"a", "b", "c"}) in sets(grouped(seen(vectors)))
    apart = grouped(seen(vectors, a={"folder": "x"}))
    assert sets(apart) == {frozenset({"a"}), frozenset({"b", "c"})}


def test_hashes_that_differ_lower_the_likeness() -> None:
    vectors = {"a": [1.0, 0.0], "b": [0.75, 0.66]}
    assert len(sets(grouped(seen(vectors)))) == 1
    assert len(sets(grouped(seen(vectors, {"a": 0, "b": 2**64 - 1})))) == 2


def test_the_cause_and_its_evidence_stand_on_every_row() -> None:
    found = grouped(seen({"a": [1.0], "b": [1.0], "z": [0.0, 1.0]}))
    assert found["evidence"].str.len_chars().min() > 10
    (told,) = set(found.filter(pl.col("cause") == "similar")["evidence"])
    assert told == "every pair at least 1.00 alike, at most 0 of 64 bits apart, taken within 0 s"


def test_every_photo_is_in_exactly_one_set() -> None:
    rng = np.random.default_rng(1)
    vectors = {f"p{i:03d}": list(rng.normal(size=3)) for i in range(60)}
    for order in ("name", "none"):
        assert sorted(grouped(seen(vectors), order=order)["photo_id"]) == sorted(vectors)
    assert grouped(seen({})).is_empty()


def test_raw_and_jpeg_of_one_name_are_kept_together() -> None:
    found = grouped(
        seen(
            {"IMG_1.CR2": [1.0], "IMG_1.JPG": [0.0, 1.0], "IMG_2.JPG": [0.0, 0.0, 1.0]},
            **{"IMG_1.CR2": {"format": "RAW"}},
        )
    )
    pair = found.filter(pl.col("group_size") == 2)
    assert set(pair["photo_id"]) == {"IMG_1.CR2", "IMG_1.JPG"}
    assert set(pair["cause"]) == {"RAW+JPEG"}
    assert pair["keep_all"].all()


def shots(n: int, gap_s: float = 1.0, **columns: list[Any]) -> dict[str, dict[str, Any]]:
    """Facts of n shots of one camera in quick order."""
    made = {f"s{i}": {**CAMERA, "taken_at": NOW + timedelta(seconds=i * gap_s)} for i in range(n)}
    for name, values in columns.items():
        for row, value in zip(made.values(), values, strict=True):
            row[name] = value
    return made


@pytest.mark.parametrize(
    "exposures", [[1 / 128, 1 / 512, 1 / 32], [1 / 128, 1 / 256, 1 / 64, 1 / 512, 1 / 32]]
)
def test_a_bracket_is_kept_whole(exposures: list[float]) -> None:
    facts = shots(len(exposures), exposure_s=exposures)
    found = grouped(seen({n: [1.0] for n in facts}, **facts))
    assert set(found["cause"]) == {"bracket"}
    assert found["keep_all"].all()
    assert "+0.0" in found["evidence"][0]


def test_a_burst_of_one_exposure_is_no_bracket() -> None:
    facts = shots(4)
    found = grouped(seen({n: [1.0] for n in facts}, **facts))
    assert set(found["cause"]) == {"similar"}
    assert not found["keep_all"].any()


def test_exposures_that_follow_the_light_are_no_bracket() -> None:
    facts = shots(3, gap_s=40, exposure_s=[1 / 128, 1 / 512, 1 / 32])
    assert "bracket" not in set(grouped(seen({n: [1.0] for n in facts}, **facts))["cause"])


def photographed(facts: dict[str, dict[str, Any]], pictures: list[np.ndarray]) -> GroupingInput:
    """Shots of these pictures, measured as the pass does."""
    import cv2

    vectors, hashes = {}, {}
    for (name, row), picture in zip(facts.items(), pictures, strict=True):
        grey = cv2.cvtColor(fit(picture, 768), cv2.COLOR_RGB2GRAY)
        row["sharpness_tiles"] = np.log10(1 + tile_variances(cv2.Laplacian(grey, cv2.CV_16S))).tolist()
        vectors[name] = classic_encoder.vector(
            cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA)
        ).tolist()
        hashes[name] = phash(picture)
    return seen(vectors, hashes, **facts)


@pytest.fixture
def scene() -> np.ndarray:
    """A wide scene with detail of different strength everywhere."""
    rng = np.random.default_rng(5)
    soft = pixels(3, 2400, 800).astype(float)
    strength = np.asarray(
        Image.fromarray(rng.integers(0, 255, (8, 24), dtype=np.uint8)).resize((2400, 800)), dtype=float
    )
    return np.clip(soft * 0.7 + (rng.normal(0, 1, (800, 2400)) * strength / 4)[..., None], 0, 255).astype(
        np.uint8
    )


@pytest.mark.parametrize("direction", [1, -1])
def test_a_panorama_is_kept_whole(scene: np.ndarray, direction: int) -> None:
    parts = [scene[:, left : left + 1000] for left in (0, 625, 1250)][::direction]
    found = grouped(photographed(shots(3, gap_s=4), parts))
    assert set(found["cause"]) == {"panorama"}
    assert "5/8" in found["evidence"][0]
    assert ("right" if direction == 1 else "left") in found["evidence"][0]


def test_three_strangers_in_quick_order_are_no_panorama() -> None:
    found = grouped(photographed(shots(3, gap_s=4), [pixels(n, 900, 700) for n in (1, 2, 3)]))
    assert set(found["cause"]) == {"single"}


def test_a_focus_stack_is_kept_whole(scene: np.ndarray) -> None:
    from PIL import ImageFilter

    sharp = Image.fromarray(scene[:, :1200])
    soft = sharp.filter(ImageFilter.GaussianBlur(4))
    stack = []
    for third in range(3):
        shot = soft.copy()
        box = (0, third * 267, 1200, (third + 1) * 267)
        shot.paste(sharp.crop(box), box[:2])
        stack.append(np.asarray(shot))
    found = grouped(photographed(shots(3), stack))
    assert set(found["cause"]) == {"focus stack"}
    burst = grouped(photographed(shots(3), [np.asarray(sharp)] * 3))
    assert set(burst["cause"]) == {"similar"}


@pytest.mark.parametrize("count", [3000, 5000], ids=["few", "many"])
def test_cosine_pairs_are_those_of_the_whole_matrix(count: int) -> None:
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(40, 64))
    vectors = centres[rng.integers(0, 40, count)] + rng.normal(size=(count, 64)) * 0.35
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    whole = np.triu(vectors @ vectors.T, 1)
    found = cosine_pairs(vectors, 0.92, 10**6)
    want = set(zip(*(part.tolist() for part in np.nonzero(whole >= 0.92)), strict=True))
    got = set(zip(found.i.tolist(), found.j.tolist(), strict=True))
    assert len(want) > 1000
    unsure = {(i, j) for i, j in want ^ got if abs(whole[i, j] - 0.92) < 1e-5}
    assert want ^ got == unsure
    few = cosine_pairs(vectors, 0.92, 3)
    assert np.bincount(few.i).max() == 3
    assert few.capped > 0


@pytest.mark.parametrize("window", [0, 7, 2500, 9000])
def test_cosine_pairs_within_a_reach_are_those_of_the_whole_matrix(window: int) -> None:
    rng, count = np.random.default_rng(4), 2600
    vectors = rng.normal(size=(count, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = Within(
        np.minimum(np.arange(count) + 1 + window, count), rng.integers(0, 3, count).astype(np.float64)
    )
    found = cosine_pairs(vectors, 0.9, 10**6, near)
    i, j = np.nonzero(vectors @ vectors.T >= 0.9)
    keep = (i < j) & (j - i <= window) & (near.rank[i] < near.rank[j])
    different = set(zip(found.i.tolist(), found.j.tolist(), strict=True)) ^ set(
        zip(i[keep].tolist(), j[keep].tolist(), strict=True)
    )
    assert all(abs(float(vectors[a] @ vectors[b]) - 0.9) < 1e-5 for a, b in different)
    assert (found.i.size > 0) == (window > 0)


def test_hamming_pairs_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(3)
    base = rng.integers(0, 2**64, 1500, dtype=np.uint64)
    flips = [
        base ^ np.bitwise_xor.reduce(np.uint64(1) << rng.integers(0, 64, (n, 1500), dtype=np.uint64), axis=0)
        for n in (1, 2, 3, 4)
    ]
    hashes = np.unique(np.concatenate([base, *flips]))
    found = hamming_pairs(hashes)
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None])
    want = set(zip(*(p.tolist() for p in np.nonzero(np.triu(distance <= 3, 1))), strict=True))
    assert len(want) > 4000
    assert set(zip(found.i.tolist(), found.j.tolist(), strict=True)) == want
    with pytest.raises(ValueError, match="at most 3"):
        hamming_pairs(hashes, 4)


def test_duplicates_are_clusters_without_chains_or_caps() -> None:
    vectors = {f"p{i:02d}": [1.0, 0.001 * i] for i in range(30)} | {"q1": [0.0, 1.0], "q2": [0.0, 1.0]}
    found = find_duplicates("p", seen(vectors, {"q1": 0, "q2": (1 << 9) - 1}), DuplicateSettings())
    assert found.height == 30
    assert set(found["cluster_size"]) == {30}
    assert set(found["kind"]) == {"near"}
    chain = {f"c{i}": [np.cos(a), np.sin(a)] for i, a in enumerate([0.0, 0.4, 0.8])}
    assert find_duplicates("p", seen(chain), DuplicateSettings())["cluster_size"].to_list() == [2, 2]


def test_exact_copies_say_so_and_the_largest_is_first() -> None:
    copies = {"a": {"content_hash": "x"}, "b": {"content_hash": "x"}, "c": {"width_px": 99}, "d": {}}
    found = find_duplicates(
        "p", seen({"a": [1.0], "b": [1.0], "c": [0.0, 1.0], "d": [0.0, 1.0]}, **copies), DuplicateSettings()
    )
    kinds = dict(zip(found["photo_id"], found["kind"], strict=True))
    assert kinds == {"a": "exact", "b": "exact", "c": "near", "d": "near"}
    assert set(found.filter(pl.col("kind") == "near")["first_photo_id"]) == {"c"}
    assert found["cosine"].min() > 0.99
