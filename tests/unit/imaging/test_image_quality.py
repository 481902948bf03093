from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter

from proofsheet.embedding.classic_encoder import vector
from proofsheet.imaging.colors import named_colors
from proofsheet.imaging.image_quality import image_quality, noise, sharpness
from schemas.vectors import VECTOR_LENGTH
from tests.support.kit import opened, pixels


def measured(path: Path) -> dict[str, object]:
    return dict(image_quality(opened(path)))


def test_blur_lowers_sharpness_and_noise_raises_its_estimate() -> None:
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 256, (200, 200)).astype(np.uint8)
    soft = np.asarray(Image.fromarray(sharp).filter(ImageFilter.GaussianBlur(3)))
    assert sharpness(cv2.Laplacian(sharp, cv2.CV_16S)) > sharpness(cv2.Laplacian(soft, cv2.CV_16S)) + 1
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


def test_deep_greys_are_measured_by_their_tones_and_not_as_white(tmp_path: Path) -> None:
    grey = pixels(2, 320, 240)[..., 0]
    files = {
        "eight.png": Image.fromarray(grey),
        "sixteen.png": Image.fromarray(grey.astype(np.uint16) * 257),
        "float.tiff": Image.fromarray((grey / 255.0).astype(np.float32)),
    }
    for name, picture in files.items():
        picture.save(tmp_path / name)
    eight, sixteen, real = (measured(tmp_path / name) for name in files)
    for column in ("comb", "blockiness"):
        assert sixteen[column] == pytest.approx(eight[column], abs=0.05)
        assert real[column] == pytest.approx(eight[column], abs=0.05)


def test_what_is_under_full_transparency_is_not_measured(tmp_path: Path) -> None:
    shown = np.dstack([pixels(2, 320, 240), np.zeros((240, 320), np.uint8)])
    shown[60:180, 80:240, 3] = 255
    other = shown.copy()
    other[shown[..., 3] == 0, :3] = (
        255 * (np.indices((240, 320)).sum(axis=0) // 8 % 2)[shown[..., 3] == 0, None]
    )
    for name, values in (("one.png", shown), ("other.png", other)):
        Image.fromarray(values).save(tmp_path / name)
    one, two = measured(tmp_path / "one.png"), measured(tmp_path / "other.png")
    assert (one["comb"], one["blockiness"]) == (two["comb"], two["blockiness"])
