from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageFilter

from proofsheet.vision.colors import named_colors
from proofsheet.vision.encode import vector
from proofsheet.vision.group import group_photos
from proofsheet.vision.measure import image_quality, noise, sharpness
from schemas.settings import GroupSettings
from schemas.vision import VECTOR_LENGTH, Embedding
from tests.kit import NOW, opened, pixels


def measured(path: Path) -> dict[str, object]:
    return dict(image_quality(opened(path)))


def test_blur_lowers_sharpness_and_noise_raises_its_estimate() -> None:
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 256, (200, 200)).astype(np.uint8)
    soft = np.asarray(Image.fromarray(sharp).filter(ImageFilter.GaussianBlur(3)))
    assert sharpness(sharp) > sharpness(soft) + 1
    flat = np.full((300, 300), 128, dtype=np.uint8)
    noisy = np.clip(np.rint(flat + rng.normal(0, 0.04 * 255, flat.shape)), 0, 255).astype(np.uint8)
    assert noise(flat) == 0
    assert noise(noisy) == pytest.approx(0.04, rel=0.05)


def test_shares_of_clipped_pixels(tmp_path: Path) -> None:
    half = np.zeros((100, 100, 3), dtype=np.uint8)
    half[:, :25] = 255
    Image.fromarray(half).save(tmp_path / "p.png")
    found = measured(tmp_path / "p.png")
    assert found["clipped_highlights"] == pytest.approx(0.25)
    assert found["clipped_shadows"] == pytest.approx(0.75)
    assert found["brightness"] == pytest.approx(0.25)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 2), (3, 1000)])
def test_tiny_pictures_are_measured(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, "red").save(tmp_path / "p.png")
    found = measured(tmp_path / "p.png")
    assert (found["width_px"], found["height_px"]) == size
    numbers = [v for v in found.values() if isinstance(v, float)]
    assert np.isfinite(numbers).all()


def test_colors_have_names_shares_and_places() -> None:
    picture = np.zeros((100, 100, 3), dtype=np.uint8)
    picture[:60] = (45, 95, 200)
    picture[60:] = (60, 150, 60)
    blue, green = named_colors(picture)
    assert (blue["color"], blue["place"], blue["share"]) == ("blue", "top", pytest.approx(0.6, abs=0.02))
    assert (green["color"], green["place"]) == ("green", "bottom")


def test_the_vector_is_deterministic_of_length_one_and_tells_pictures_apart() -> None:
    pictures = [pixels(seed, 128, 128) for seed in range(6)]
    vectors = np.array([vector(p) for p in pictures])
    assert vectors.shape == (6, VECTOR_LENGTH)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.array_equal(vectors[0], vector(pictures[0]))
    brighter = np.clip(pictures[0].astype(int) + 12, 0, 255).astype(np.uint8)
    same, others = float(vectors[0] @ vector(brighter)), vectors[0] @ vectors[1:].T
    assert same > 0.95 > others.max()


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_flat_picture_has_a_finite_vector(value: int) -> None:
    found = vector(np.full((128, 128, 3), value, dtype=np.uint8))
    assert np.isfinite(found).all()


def photos(*names: str) -> pl.DataFrame:
    from schemas.library import Photo

    rows = []
    for name in names:
        series, stage = (name.split("_stage")[0], float(name.split("_stage")[1])) if "_stage" in name else (None, None)
        rows.append(
            {
                "project": "p",
                "photo_id": name,
                "path": name,
                "folder": "",
                "file_name": name,
                "format": "PNG",
                "size_bytes": 1,
                "modified_at": NOW,
                "content_hash": name,
                "series": series,
                "stage": stage,
                "stage_label": None,
                "companions": [],
            }
        )
    return Photo.frame(rows)


def embeddings(vectors: dict[str, list[float]]) -> pl.DataFrame:
    rows = []
    for name, head in vectors.items():
        full = np.zeros(VECTOR_LENGTH)
        full[: len(head)] = head
        rows.append({"project": "p", "photo_id": name, "encoder_id": "e", "vector": (full / np.linalg.norm(full)).tolist()})
    return Embedding.frame(rows)


def sets(frame: pl.DataFrame) -> set[frozenset[str]]:
    return {frozenset(part["photo_id"]) for part in frame.partition_by("group_id")}


def test_series_are_sets_by_name_whatever_they_show() -> None:
    names = ["a_stage1", "a_stage3", "b_stage1", "a_stage1.5"]
    found = group_photos("p", photos(*names), embeddings({n: [1.0, i] for i, n in enumerate(names)}), GroupSettings())
    assert sets(found) == {frozenset({"a_stage1", "a_stage1.5", "a_stage3"}), frozenset({"b_stage1"})}
    ordered = found.filter(pl.col("group_size") == 3).sort("position")
    assert ordered["photo_id"].to_list() == ["a_stage1", "a_stage1.5", "a_stage3"]
    assert set(found["cause"]) == {"stage series", "single"}


def test_a_chain_of_small_steps_does_not_join_strangers() -> None:
    """Neighbours are 0.97 alike, the ends 0.88: complete-link keeps the ends apart, union-find would not."""
    angles = [0.0, 0.245, 0.49]
    vectors = {f"p{i}": [np.cos(a), np.sin(a)] for i, a in enumerate(angles)}
    found = group_photos("p", photos(*vectors), embeddings(vectors), GroupSettings(similarity=0.95))
    assert len(sets(found)) == 2
    assert frozenset({"p0", "p1", "p2"}) not in sets(found)


def test_sets_keep_their_cap_and_the_window() -> None:
    vectors = {f"p{i:02d}": [1.0, 0.001 * i] for i in range(10)}
    found = group_photos("p", photos(*vectors), embeddings(vectors), GroupSettings(max_size=4))
    assert max(len(s) for s in sets(found)) <= 4
    far = {"a": [1.0], **{f"m{i:02d}": [0.0] * (i + 1) + [1.0] for i in range(13)}, "z": [1.0]}
    found = group_photos("p", photos(*far), embeddings(far), GroupSettings())
    assert len(sets(found)) == 15


def test_every_photo_is_in_exactly_one_set() -> None:
    rng = np.random.default_rng(1)
    vectors = {f"p{i:03d}": list(rng.normal(size=3)) for i in range(60)}
    found = group_photos("p", photos(*vectors), embeddings(vectors), GroupSettings())
    assert sorted(found["photo_id"]) == sorted(vectors)
    assert group_photos("p", photos(), embeddings({}), GroupSettings()).is_empty()
