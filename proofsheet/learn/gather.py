"""What is learnt from, gathered over projects: the one place where projects meet, and every set stays inside its own.

Holds `across_projects`, `selection_data` and `crop_data`.
Add here: another kind of example.
Keep out: training and judging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.files import short_hash
from proofsheet.health import readable
from proofsheet.learn.crop_training import CropData
from proofsheet.learn.features import Bank, Ints, SetFeatures, bank_of, set_features
from proofsheet.workspace import Workspace
from schemas.history import CropExample, Selection
from schemas.library import Photo
from schemas.table import Table
from schemas.vision import Duplicate, Embedding, ImageQuality, SaliencyGrid

Bools = npt.NDArray[np.bool_]
TABLES: tuple[type[Table], ...] = (Selection, CropExample, Photo, ImageQuality, Embedding, SaliencyGrid, Duplicate)
Frames = Mapping[type[Table], pl.DataFrame]


def across_projects(workspace: Workspace) -> tuple[dict[str, Frames], dict[str, str]]:
    """Tables by project of every project with choices or cuts, and why the others are left out.

    The only crossing of projects: it serves models over all of them. Frames stay apart by project. Vectors of two encoders are
    never compared, so that only the projects of the encoder with most choices come along.
    """
    found: dict[str, Frames] = {}
    left: dict[str, str] = {}
    encoders: Counter[str] = Counter()
    for project in readable((p for p in workspace.projects() if not p.sandbox), left):
        tables = project.store.tables()
        if Selection.name not in tables or Embedding.name not in tables:
            left[project.name] = "never run"
            continue
        frames = {t: project.store.read(t) for t in TABLES}
        if frames[Selection].is_empty() and frames[CropExample].is_empty():
            left[project.name] = "no history"
            continue
        found[project.name] = frames
        encoders[str(frames[Embedding][Embedding.encoder_id][0]) if frames[Embedding].height else ""] += frames[Selection].height
    wanted = encoders.most_common(1)[0][0] if encoders else ""
    for name in [n for n, f in found.items() if set(f[Embedding][Embedding.encoder_id]) - {wanted}]:
        left[name] = f"its vectors are not those of {wanted}"
        del found[name]
    return found, left


@dataclass(frozen=True)
class SelectionData:
    """Sets with a choice.

    Attributes:
        features: of the sets.
        winner: (sets,) place of the chosen picture.
        anomaly: (sets,) True where a lower stage was chosen.
        sharpest: (sets,) place of the sharpest picture.
        groups: project of each set.
        clusters: what stays on one side of every split.
        keys: id of each set.
        members: photo ids of each set.
        encoder_id: whose vectors.
    """

    features: SetFeatures
    winner: Ints
    anomaly: Bools
    sharpest: Ints
    groups: Sequence[str]
    clusters: Sequence[str]
    keys: Sequence[str]
    members: Sequence[Sequence[str]]
    encoder_id: str
    skipped: Mapping[str, int] = field(default_factory=dict)

    def some(self, which: Ints) -> SelectionData:
        """The same for these sets."""
        return SelectionData(
            self.features.some(which),
            self.winner[which],
            self.anomaly[which],
            self.sharpest[which],
            [self.groups[k] for k in which],
            [self.clusters[k] for k in which],
            [self.keys[k] for k in which],
            [self.members[k] for k in which],
            self.encoder_id,
        )

    @property
    def data_hash(self) -> str:
        """Hash of which sets there are, who won, and what is known of them."""
        digest = [f"{k} {w}" for k, w in sorted(zip(self.keys, self.winner.tolist(), strict=True))]
        return short_hash(*digest, self.encoder_id)


def selection_data(projects: Mapping[str, Frames]) -> SelectionData:
    """The sets of these projects; a set of which a picture has no measurement is left out and counted."""
    banks, sets, tops, rows = list[Bank](), list[list[int]](), list[int](), list[tuple[int, bool, str, str, str, list[str]]]()
    skipped, start = Counter[str](), 0
    for name, frames in projects.items():
        bank = bank_of(frames[Photo], frames[ImageQuality], frames[Embedding])
        places, clusters = bank.places(), _clusters(frames)
        for row in frames[Selection].sort(Selection.set_key).to_dicts():
            ids = [str(i) for i in row[Selection.photo_ids]]
            if not all(i in places for i in ids):
                skipped[name] += 1
                continue
            sets.append([start + places[i] for i in ids])
            tops.append(ids.index(row[Selection.top_photo_id]))
            winner = ids.index(row[Selection.chosen_photo_id])
            mark = min(clusters.get(i, row[Selection.set_key]) for i in ids)
            rows.append((winner, bool(row[Selection.anomaly]), name, mark, str(row[Selection.set_key]), ids))
        banks.append(bank)
        start += len(bank.ids)
    bank = _joined(banks)
    features = set_features(bank, sets, tops)
    sharp = np.where(features.mask, features.x[:, :, 0], -np.inf)
    return SelectionData(
        features,
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=bool),
        sharp.argmax(axis=1) if len(rows) else np.empty(0, np.int64),
        [r[2] for r in rows],
        [r[3] for r in rows],
        [r[4] for r in rows],
        [r[5] for r in rows],
        bank.encoder_id,
        dict(skipped),
    )


def _clusters(frames: Frames) -> dict[str, str]:
    """Photo to its cluster of near-duplicates."""
    return dict(frames[Duplicate].select(Duplicate.photo_id, Duplicate.cluster_id).iter_rows())


def _joined(banks: Iterable[Bank]) -> Bank:
    kept = [b for b in banks if len(b.ids)]
    if not kept:
        return Bank(
            [],
            np.empty((0, 18), np.float32),
            np.empty((0, 64), np.float32),
            np.empty((0, 1), np.float32),
            np.empty(0, np.float32),
            "",
        )
    return Bank(
        [i for b in kept for i in b.ids],
        np.concatenate([b.measures for b in kept]),
        np.concatenate([b.tiles for b in kept]),
        np.concatenate([b.vectors for b in kept]),
        np.concatenate([b.stages for b in kept]),
        kept[0].encoder_id,
    )


def crop_data(projects: Mapping[str, Frames]) -> CropData:
    """The pictures of these projects of which is known whether and how they were cut."""
    parts, groups, clusters = list[pl.DataFrame](), list[str](), list[str]()
    for name, frames in projects.items():
        ids = [Photo.project, Photo.photo_id]
        rows = (
            frames[CropExample]
            .join(frames[SaliencyGrid], on=ids)
            .join(frames[ImageQuality], on=ids)
            .join(frames[Embedding], on=ids)
        )
        parts.append(rows.sort(Photo.photo_id))
        sets = {i: r[Selection.set_key] for r in frames[Selection].to_dicts() for i in r[Selection.photo_ids]}
        near = _clusters(frames)
        ids_here = parts[-1][Photo.photo_id].to_list()
        groups += [name] * len(ids_here)
        clusters += [near.get(i, sets.get(i, i)) for i in ids_here]
    rows = pl.concat(parts) if parts else pl.DataFrame()
    if rows.is_empty():
        none = np.empty((0, 1), np.float32)
        return CropData(
            np.empty((0, 720), np.float32),
            none[:, 0],
            np.empty(0, bool),
            np.empty((0, 4)),
            [],
            [],
            none,
            np.empty((0, 2), np.float32),
        )
    width, height = (rows[c].cast(pl.Float32).to_numpy() for c in (ImageQuality.width_px, ImageQuality.height_px))
    largest = max(float(width.max()), float(height.max()))
    sides = [rows[c].fill_null(float("nan")).to_numpy() for c in (CropExample.x1, CropExample.y1, CropExample.x2, CropExample.y2)]
    return CropData(
        rows[SaliencyGrid.grid].to_numpy(),
        width / height,
        rows[CropExample.cropped].to_numpy(),
        np.stack(sides, axis=1),
        groups,
        clusters,
        rows[Embedding.vector].list.to_array(len(rows[Embedding.vector][0])).to_numpy(),
        (np.stack([width, height], axis=1) / largest).astype(np.float32),
    )
