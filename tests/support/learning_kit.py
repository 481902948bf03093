"""Sets and cuts made of numbers, for tests of learning: the rule behind them is known.

Holds builders.
Add here: another kind of data.
Keep out: assertions.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from proofsheet.models.features import MEASURES, Bank, set_features
from proofsheet.training.datasets import SelectionData
from proofsheet.training.fit_crop_proposer import CropData
from proofsheet.training.listwise import Training
from schemas.vision import GRID, GRID_CHANNELS

QUICK = Training(epochs=6, device="cpu")


def made_sets(
    projects: int = 4, sets: int = 60, seed: int = 1, anomalies: float = 0.25, dice: bool = False
) -> SelectionData:
    """Sets of three stages; a lower stage wins where the highest one is spoilt, which its sharpness shows.

    Dice: anyone wins.
    """
    rng = np.random.default_rng(seed)
    count = projects * sets
    measures = rng.normal(0, 0.1, (count * 3, len(MEASURES))).astype(np.float32)
    tiles = rng.normal(0, 0.1, (count * 3, 64)).astype(np.float32)
    vectors = rng.normal(0, 1, (count * 3, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    winner = np.full(count, 2)
    for k in np.flatnonzero(rng.random(count) < anomalies):
        measures[3 * k + 2, :3] -= 3.0
        tiles[3 * k + 2] -= 3.0
        winner[k] = 1
    if dice:
        winner = rng.integers(0, 3, count)
    stages = np.tile(np.array([1.0, 2.0, 3.0], np.float32), count)
    ids = [f"p{k}" for k in range(count * 3)]
    bank = Bank(ids, measures, tiles, vectors, stages, "test encoder")
    members = [[3 * k, 3 * k + 1, 3 * k + 2] for k in range(count)]
    features = set_features(bank, members, [2] * count)
    groups = [f"project{k // sets}" for k in range(count)]
    keys = [f"set{k}" for k in range(count)]
    return SelectionData(
        features,
        winner,
        winner < 2,
        groups,
        keys,
        keys,
        [[ids[m] for m in s] for s in members],
        "test encoder",
    )


def chosen(data: SelectionData, winner: np.ndarray) -> SelectionData:
    """The same sets, chosen otherwise."""
    return dataclasses.replace(data, winner=winner, anomaly=winner != data.features.top)


def without_pictures(data: SelectionData, which: np.ndarray) -> SelectionData:
    """The same, as if the pictures of these sets were gone: vectors and stages alone are known."""
    x = np.where(which[:, None, None], data.features.unmeasured().x, data.features.x)
    return dataclasses.replace(data, features=dataclasses.replace(data.features, x=x))


def turned_vectors(data: SelectionData) -> SelectionData:
    """The same, with the first number of a vector larger where a picture won: vectors alone tell who wins."""
    vectors = data.features.vectors.copy()
    rows = data.features.rows[np.arange(len(data.winner)), data.winner]
    vectors[rows, 0] += 1.2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return dataclasses.replace(data, features=dataclasses.replace(data.features, vectors=vectors))


def made_crops(projects: int = 3, pictures: int = 50, seed: int = 1) -> CropData:
    """Pictures with one bright square of interest and a drawn box around it; one in four is not cropped."""
    rng = np.random.default_rng(seed)
    count = projects * pictures
    grids = rng.uniform(0, 0.1, (count, len(GRID_CHANNELS), GRID, GRID)).astype(np.float32)
    boxes, cut = np.full((count, 4), np.nan), rng.random(count) < 0.75
    for k in range(count):
        if not cut[k]:
            grids[k, 1:] = rng.uniform(0.4, 0.6, (len(GRID_CHANNELS) - 1, GRID, GRID))
            continue
        x, y = rng.integers(0, 6, 2)
        grids[k, 1:, y : y + 6, x : x + 6] += 0.9
        boxes[k] = x / 12, y / 12, (x + 6) / 12, (y + 6) / 12
    groups = [f"project{k // pictures}" for k in range(count)]
    flat = np.clip(grids, 0, 1).reshape(count, -1)
    vectors = rng.normal(0, 1, (count, 8)).astype(np.float32)
    return CropData(
        flat,
        np.full(count, 1.5, np.float32),
        cut,
        boxes,
        groups,
        [f"c{k}" for k in range(count)],
        vectors,
        np.ones((count, 2), np.float32),
        [f"photo{k}" for k in range(count)],
    )
