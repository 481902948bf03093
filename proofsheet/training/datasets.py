"""Training data of all projects: the only place where projects meet. Every set stays inside its own.

Holds `across_projects`, `selection_data` and `ties_of_source`.
Add here: another kind of example.
Keep out: training and judging.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.embedding.imported_vectors import Imported, imported_encoders, read_imported
from proofsheet.models.features import (
    Bank,
    Bools,
    Ints,
    SetFeatures,
    bank_of,
    bank_of_vectors,
    joined,
    set_features,
)
from proofsheet.storage.health import readable
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.training.split_groups import Ties, ties_of
from schemas.groups import Duplicate
from schemas.history import ImportedVector
from schemas.library import Photo
from schemas.selections import CropExample
from schemas.storage import StoredTable
from schemas.table import Table
from schemas.training import TrainingPair
from schemas.vectors import Embedding
from schemas.vision import ImageQuality, SaliencyGrid

TABLES: tuple[type[Table], ...] = (
    TrainingPair,
    CropExample,
    Photo,
    ImageQuality,
    Embedding,
    SaliencyGrid,
    Duplicate,
)
Frames = Mapping[type[Table], pl.DataFrame]


@dataclass(frozen=True)
class Source:
    """What one project teaches.

    Attributes:
        frames: its tables; pairs and vectors are those of one encoder.
        imported: vectors of pictures that may be gone.
    """

    frames: Frames
    imported: Imported


def across_projects(
    workspace: Workspace, encoder_id: str, least: int, teaches: type[Table] = TrainingPair
) -> tuple[dict[str, Source], dict[str, str]]:
    """Training data of each project with choices or crops, and why others, or a part of theirs, are left out.

    This is the only place that joins projects, because models serve all of them. Rows stay apart by project.
    Vectors of two encoders are never compared, so only examples of one encoder are used: that of the
    settings, or the one with most examples if the former has too few.

    Args:
        workspace: library and home.
        encoder_id: encoder of the settings.
        least: least number of examples for training.
        teaches: `TrainingPair` or `CropExample`: of what examples are counted.
    """
    found: dict[str, tuple[Project, Frames]] = {}
    left: dict[str, str] = {}
    encoders: Counter[str] = Counter()
    for project in readable((p for p in workspace.projects() if not p.sandbox), left):
        books = project.store.tables()
        if TrainingPair.name not in books:
            left[project.name] = "never run"
            continue
        frames: Frames = {t: project.store.read(t) for t in TABLES}
        if frames[TrainingPair].is_empty() and frames[CropExample].is_empty():
            former = books[TrainingPair.name][StoredTable.row_count]
            left[project.name] = (
                f"its {former} pairs are of a former version: run it" if former else "no history"
            )
            continue
        found[project.name] = project, frames
        encoders += _examples(frames, teaches)
    enough = encoders[encoder_id] >= max(least, 1) or not encoders
    wanted = encoder_id if enough else encoders.most_common(1)[0][0]
    sources = {}
    for name, (project, frames) in found.items():
        own, examples = _of_encoder(frames, wanted), _examples(frames, teaches)
        others = {e: n for e, n in examples.items() if e != wanted}
        if frames[teaches].is_empty():
            left[name] = "no crops" if teaches is CropExample else "no choices"
            continue
        if own[teaches].is_empty():
            named = sorted({*others, *imported_encoders(project)} - {wanted})
            left[name] = f"its vectors are not those of {wanted}, but of {', '.join(named) or 'no encoder'}"
            continue
        sources[name] = Source(own, read_imported(project, wanted))
        if others:
            told = " and ".join(f"{n} on vectors of {e or 'no encoder'}" for e, n in sorted(others.items()))
            left[name] = f"of its examples {told}; training uses the {examples[wanted]} on those of {wanted}"
    return sources, left


def _examples(frames: Frames, teaches: type[Table]) -> Counter[str]:
    """Examples by the encoder that they rest on."""
    own = next(iter(frames[Embedding][Embedding.encoder_id].head(1).to_list()), "")
    if teaches is CropExample:
        return Counter({own: frames[CropExample].height})
    sets = frames[TrainingPair].unique(TrainingPair.set_key)[TrainingPair.encoder_id].fill_null(own).to_list()
    return Counter(sets)


def _of_encoder(frames: Frames, encoder_id: str) -> Frames:
    """The tables without what rests on another encoder."""
    embeddings = frames[Embedding].filter(pl.col(Embedding.encoder_id) == encoder_id)
    photos = pl.col(TrainingPair.encoder_id).is_null() & pl.lit(embeddings.height > 0)
    pairs = frames[TrainingPair].filter(photos | (pl.col(TrainingPair.encoder_id) == encoder_id))
    crops = frames[CropExample] if embeddings.height else CropExample.frame()
    return {**frames, Embedding: embeddings, TrainingPair: pairs, CropExample: crops}


@dataclass(frozen=True)
class SelectionData:
    """Sets with a choice.

    Attributes:
        features: of the sets.
        winner: (sets,) place of the chosen picture.
        anomaly: (sets,) True where a lower stage was chosen.
        groups: project of each set.
        clusters: what stays on one side of every split.
        keys: id of each set.
        members: ids of photos, or of imported vectors, of each set.
        encoder_id: encoder of the vectors.
        skipped: project to the number of its sets that cannot be used.
    """

    features: SetFeatures
    winner: Ints
    anomaly: Bools
    groups: Sequence[str]
    clusters: Sequence[str]
    keys: Sequence[str]
    members: Sequence[Sequence[str]]
    encoder_id: str
    skipped: Mapping[str, int] = field(default_factory=dict)

    def some(self, which: Ints) -> SelectionData:
        """The same for these sets."""
        groups, clusters, keys = (
            [values[k] for k in which] for values in (self.groups, self.clusters, self.keys)
        )
        return SelectionData(
            self.features.some(which),
            self.winner[which],
            self.anomaly[which],
            groups,
            clusters,
            keys,
            [self.members[k] for k in which],
            self.encoder_id,
        )

    @property
    def sharpest(self) -> Ints:
        """(sets,) place of the sharpest picture; without measurements, the choice of the stage rule."""
        sharp = np.where(self.features.mask, np.nan_to_num(self.features.x[:, :, 0]), -np.inf)
        return (
            np.where(self.features.known, sharp.argmax(axis=1), self.features.top)
            if len(self.winner)
            else self.winner
        )

    @property
    def data_hash(self) -> str:
        """Hash of the rows of `training_pairs` behind the sets, and of all data of their pictures."""
        pairs = [
            f"{g} {k} {w} {' '.join(m)}"
            for g, k, w, m in zip(self.groups, self.keys, self.winner, self.members, strict=True)
        ]
        numbers = (self.features.x, self.features.stages, self.features.vectors[self._shown])
        known = [hashlib.sha256(a.tobytes()).hexdigest() for a in numbers]
        return short_hash(*pairs, *known, self.encoder_id)

    @property
    def _shown(self) -> Ints:
        """Rows of the bank that a set shows."""
        return np.unique(self.features.rows[self.features.mask])

    @property
    def quality_told(self) -> str:
        """Of how many pictures quality is unknown, for card and command line; empty if of none."""
        lost = ~self.features.known
        pictures = np.unique(self.features.rows[lost][self.features.mask[lost]])
        if not len(pictures):
            return ""
        told = (
            f"quality measurements missing for {len(pictures)} of {len(self._shown)} pictures; trained "
            "from vector and stage"
        )
        return told if lost.all() else f"{told} in {int(lost.sum())} of {len(lost)} sets"


def selection_data(sources: Mapping[str, Source]) -> SelectionData:
    """The sets behind the `training_pairs` of these projects.

    A set with a picture without a vector is left out and counted.
    """
    banks, sets = list[Bank](), list[list[int]]()
    rows = list[tuple[int, bool, str, str, str, list[str]]]()
    skipped, start = Counter[str](), 0
    for name, source in sources.items():
        bank = _bank(source)
        places, ties = bank.places(), ties_of_source(source)
        for pairs in (
            source.frames[TrainingPair]
            .sort(TrainingPair.set_key)
            .partition_by(TrainingPair.set_key, maintain_order=True)
        ):
            ids, winner, anomaly = _members(pairs)
            if not all(i in places for i in ids):
                skipped[name] += 1
                continue
            key = str(pairs[TrainingPair.set_key][0])
            sets.append([start + places[i] for i in ids])
            rows.append((winner, anomaly, name, ties.label(ids[0]), key, ids))
        banks.append(bank)
        start += len(bank.ids)
    bank = joined(banks)
    return SelectionData(
        set_features(bank, sets, [bank.top_of(s) for s in sets]),
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=bool),
        [r[2] for r in rows],
        [r[3] for r in rows],
        [r[4] for r in rows],
        [r[5] for r in rows],
        bank.encoder_id,
        dict(skipped),
    )


def _members(pairs: pl.DataFrame) -> tuple[list[str], int, bool]:
    """Members of a set by stage and id, the winner's place, and whether a lower stage was chosen.

    Its rows of pairs are the source.
    """
    one = pairs.row(0, named=True)
    stages = {str(one[TrainingPair.winner_photo_id]): one[TrainingPair.winner_stage]}
    stages |= dict(pairs.select(TrainingPair.loser_photo_id, TrainingPair.loser_stage).iter_rows())
    ids = sorted(stages, key=lambda i: (-1.0 if stages[i] is None else stages[i], i))
    staged = None not in stages.values()
    return (
        ids,
        ids.index(one[TrainingPair.winner_photo_id]),
        staged and bool(pairs[TrainingPair.anomaly].any()),
    )


def _bank(source: Source) -> Bank:
    """The pictures of a project, and its imported vectors behind them."""
    rows = source.imported.rows
    stages = rows[ImportedVector.stage].fill_null(float("nan")).cast(pl.Float32).to_numpy()
    encoder = str(rows[ImportedVector.encoder_id][0]) if rows.height else ""
    lost = bank_of_vectors(rows[ImportedVector.vector_id].to_list(), source.imported.matrix, stages, encoder)
    return joined(
        [bank_of(source.frames[Photo], source.frames[ImageQuality], source.frames[Embedding]), lost]
    )


def ties_of_source(source: Source) -> Ties:
    """The ties of the sets and pictures of one project."""
    frames = source.frames
    return ties_of(frames[TrainingPair], frames[Duplicate], frames[Photo], source.imported.rows)
