from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from proofsheet.imaging.image_quality import image_quality
from proofsheet.imaging.technical_measures import grain, halo, tile_windows
from proofsheet.imaging.tone_measures import comb, spots, upright
from schemas.vision import TILES
from tests.support.kit import opened


def textured(seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.uniform(40, 130, (9, 12)).astype(np.float32), (960, 720))
    fine = cv2.GaussianBlur(rng.normal(0, 40, coarse.shape).astype(np.float32), (0, 0), 1.2)
    return np.repeat(np.clip(coarse + fine, 8, 240).astype(np.uint8)[..., None], 3, axis=2)


def measured(folder: Path, pixels: np.ndarray[Any, Any]) -> dict[str, Any]:
    Image.fromarray(pixels).save(folder / "p.png")
    return dict(image_quality(opened(folder / "p.png")))


def test_exposure_does_not_buy_detail_and_blur_costs_it(tmp_path: Path) -> None:
    plain = measured(tmp_path, textured())
    brighter = measured(tmp_path, (255 * (textured() / 255.0 * 1.1)).clip(0, 255).astype(np.uint8))
    soft = measured(tmp_path, cv2.GaussianBlur(textured(), (0, 0), 1.0))
    assert brighter["detail_scales"][0] == pytest.approx(plain["detail_scales"][0], abs=0.01)
    assert soft["detail_scales"][0] < plain["detail_scales"][0] - 0.2
    assert brighter["sharpness"] > plain["sharpness"] + 0.05  # which is why it is not compared


def test_windows_are_the_middle_of_each_tile_of_pictures_of_any_size() -> None:
    pixels = np.arange(800 * 1600 * 3, dtype=np.uint32).reshape(800, 1600, 3).astype(np.uint8)
    windows = tile_windows(pixels)
    assert windows.shape == (TILES * TILES, 48, 48, 3)
    assert (windows[9] == pixels[126:174, 276:324]).all()
    assert tile_windows(pixels[:3, :900]).shape[0] == TILES * TILES


def test_noise_halos_gaps_spots_and_tilt_are_measured() -> None:
    rng = np.random.default_rng(0)
    even = np.full((64, 48, 48), 120, np.uint8)
    noisy = np.clip(even + rng.normal(0, 5, even.shape), 0, 255).astype(np.uint8)
    fine = cv2.Laplacian(noisy[0], cv2.CV_16S)[None, 1:-1, 1:-1]
    assert grain(noisy[:1], fine) == pytest.approx(5, rel=0.35)
    edge = np.where(np.arange(48) < 24, 60, 180).astype(np.float32)
    edge = cv2.GaussianBlur(edge[None], (0, 0), 1.0)[0]
    sharpened = edge + 1.5 * (edge - cv2.GaussianBlur(edge[None], (0, 0), 1.5)[0])
    rows = [np.clip(np.broadcast_to(e, (64, 48, 48)), 0, 255).astype(np.uint8) for e in (edge, sharpened)]
    assert halo(rows[1]) > halo(rows[0]) + 0.1
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    assert comb(ramp // 16 * 16) > comb(ramp) + 0.5
    dusty = np.full((300, 384), 150, np.uint8)
    assert spots(dusty) == 0
    cv2.circle(dusty, (100, 100), 3, 110, -1)
    assert spots(dusty) > 0
    lines = np.zeros((300, 300), np.uint8)
    lines[::20] = 255
    turned = cv2.warpAffine(lines, cv2.getRotationMatrix2D((150, 150), 5, 1), (300, 300))[60:240, 60:240]
    assert upright(lines) > 0.9 > 0.4 > upright(turned)
