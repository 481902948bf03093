"""Speed and memory of training at the size of a real history: 21,250 sets and 12,679 boxes, of made numbers.

Holds `learning_rows`.
Add here: a row for another training.
Keep out: quality (judging.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.rows import Row
from benchmarks.timing import PeakMemory, cpu_seconds
from proofsheet.models.anchor_boxes import FEATURES, Pooling, anchor_features, anchors_of
from proofsheet.models.boxes import iou
from proofsheet.training.fit_crop_proposer import CropData, train_boxes
from proofsheet.training.listwise import Training, train_listwise
from proofsheet.training.torch_mlp import build, import_torch
from schemas.vision import GRID, GRID_CHANNELS

SETS, BOXES = 21_250, 12_679
_WIDTH, _EPOCHS, _CROP_EPOCHS, _NAIVE_SETS, _NAIVE_BOXES = 164, 10, 20, 1_000, 300
Floats = npt.NDArray[np.float32]


def learning_rows(work: Path) -> Iterator[Row]:
    """Training of the ranker's network and of the crop proposer's boxes, each against the plain loop."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SETS, 4, _WIDTH)).astype(np.float32)
    winner = rng.integers(0, 4, SETS)
    how = Training(epochs=_EPOCHS, device="cpu")
    with PeakMemory() as memory:
        own = cpu_seconds(lambda: train_listwise(x, np.ones((SETS, 4), bool), winner, winner < 1, how))
    naive = (
        cpu_seconds(lambda: _naive_ranker(work / "sets", x[:_NAIVE_SETS], winner))
        * SETS
        / _NAIVE_SETS
        * _EPOCHS
    )
    told = (
        f"{_EPOCHS} passes, {_WIDTH} numbers a picture, peak {memory.peak >> 20} MB; naive: a file a "
        "picture, a step a set, on "
    )
    yield Row(
        "ranker's network, naive ÷ project",
        "CPU s",
        None,
        None,
        naive,
        own,
        naive / own,
        5.0,
        SETS,
        told + f"{_NAIVE_SETS} sets",
    )
    data = _crops(rng)
    with PeakMemory() as memory:
        own = cpu_seconds(lambda: train_boxes(data, _CROP_EPOCHS, 1, device="cpu"))
    naive = cpu_seconds(lambda: _naive_boxes(data, _NAIVE_BOXES)) * BOXES / _NAIVE_BOXES * _CROP_EPOCHS
    told = (
        f"{_CROP_EPOCHS} passes, mirror images too, peak {memory.peak >> 20} MB; naive: features "
        "computed again, one step per picture, on "
    )
    yield Row(
        "crop boxes, naive ÷ project",
        "CPU s",
        None,
        None,
        naive,
        own,
        naive / own,
        5.0,
        BOXES,
        told + f"{_NAIVE_BOXES} pictures",
    )


def _naive_ranker(folder: Path, x: Floats, winner: npt.NDArray[np.int64]) -> None:
    """One pass: every picture from its own file, every set a step."""
    torch = import_torch()
    folder.mkdir(parents=True, exist_ok=True)
    for k, members in enumerate(x):
        for place, row in enumerate(members):
            np.save(folder / f"{k}-{place}.npy", row)
    module = build(np.zeros(_WIDTH, np.float32), np.ones(_WIDTH, np.float32), 32, 0.3, 1)
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
    for k in range(len(x)):
        rows = torch.from_numpy(
            np.stack([np.load(folder / f"{k}-{place}.npy") for place in range(x.shape[1])])
        )
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(rows)[None], torch.tensor([int(winner[k])])).backward()
        optimizer.step()


def _crops(rng: np.random.Generator) -> CropData:
    grids = rng.uniform(0, 1, (BOXES, len(GRID_CHANNELS) * GRID * GRID)).astype(np.float32)
    corner = rng.uniform(0, 0.4, (BOXES, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0.3, 0.6, (BOXES, 1))], axis=1)
    names = ["one"] * BOXES
    none = np.zeros((BOXES, 2), np.float32)
    return CropData(
        grids, np.full(BOXES, 1.5, np.float32), np.ones(BOXES, bool), boxes, names, names, none, none, names
    )


def _naive_boxes(data: CropData, count: int) -> None:
    """One pass over pictures and mirror images.

    The features of all candidates computed again, one step per picture.
    """
    torch = import_torch()
    module = build(np.zeros(FEATURES, np.float32), np.ones(FEATURES, np.float32), 32, 0.0, 1)
    optimizer = torch.optim.AdamW(module.parameters(), lr=5e-3)
    for k in range(2 * count):
        row = k % count
        x = torch.from_numpy(
            anchor_features(data.grids[row : row + 1], data.aspects[row : row + 1], Pooling.of())
        )
        goal = torch.softmax(torch.from_numpy(iou(anchors_of(), data.boxes[row]) / 0.06), dim=0).float()
        optimizer.zero_grad()
        (-(goal * torch.log_softmax(module(x)[0], dim=0)).sum()).backward()
        optimizer.step()
