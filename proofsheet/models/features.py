"""The features of the ranker: measurements, the same against the rest of the set, places, vectors, stages.

Holds `SetFeatures`, `Bank`, the ways to make one, and `set_features`.
Add here: another feature, with its name and a phrase for people in `PHRASES`.
Keep out: models (training/listwise.py, ranker.py).

Every relative feature is relative to the other pictures of the same set, never to another set or project.
Measurements in pixels are nan for a whole set if one of its pictures has none. Otherwise a missing picture
would reveal the winner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.library import Photo
from schemas.vectors import Embedding
from schemas.vision import TILES, ImageQuality

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
MEASURES = (
    *(ImageQuality.sharpness, ImageQuality.tile_sharpness, ImageQuality.center_sharpness, ImageQuality.noise),
    *(ImageQuality.blockiness, ImageQuality.spectrum_slope, ImageQuality.brightness, ImageQuality.contrast),
    *(ImageQuality.dark_level, ImageQuality.bright_level, ImageQuality.exposure_ev, ImageQuality.entropy),
    *(
        ImageQuality.clipped_highlights,
        ImageQuality.clipped_shadows,
        ImageQuality.saturation,
        ImageQuality.colorfulness,
    ),
    *(ImageQuality.tint, ImageQuality.warmth),
)
_ROOTS = {ImageQuality.noise, ImageQuality.clipped_highlights, ImageQuality.clipped_shadows}
_PLACES = ("mean", "least", "most", "low", "high", "spread", "middle")
_STAGES = ("is the highest stage", "stages below the highest", "has a stage", "pictures in the set")
_VECTORS = ("vector like the others", "vector like the highest stage")
NAMES = (
    *(f"{m}, itself" for m in MEASURES),
    *(f"{m}, against its set" for m in MEASURES),
    *(f"{m}, distance from its set" for m in MEASURES),
    *(f"places, {p}" for p in _PLACES),
    *_VECTORS,
    *_STAGES,
)
MEASURED = (
    len(NAMES) - len(_VECTORS) - len(_STAGES)
)  # so many columns, the first ones, are measured in pixels
STAGE_COLUMNS = tuple(range(len(NAMES) - len(_STAGES), len(NAMES)))
PHRASES: Mapping[str, tuple[str, str]] = {
    ImageQuality.sharpness: ("sharper than its set", "less sharp than its set"),
    ImageQuality.tile_sharpness: ("sharper in its sharpest places", "less sharp in its sharpest places"),
    ImageQuality.center_sharpness: ("sharper in the middle", "less sharp in the middle"),
    ImageQuality.noise: ("noisier than its set", "less noise than its set"),
    ImageQuality.blockiness: ("more JPEG blocks than its set", "fewer JPEG blocks than its set"),
    ImageQuality.spectrum_slope: ("more fine detail than its set", "less fine detail than its set"),
    ImageQuality.brightness: ("brighter than its set", "darker than its set"),
    ImageQuality.contrast: ("more contrast than its set", "less contrast than its set"),
    ImageQuality.dark_level: ("lighter shadows than its set", "deeper shadows than its set"),
    ImageQuality.bright_level: ("brighter lights than its set", "duller lights than its set"),
    ImageQuality.exposure_ev: ("more exposed than its set", "less exposed than its set"),
    ImageQuality.entropy: ("more tones than its set", "fewer tones than its set"),
    ImageQuality.clipped_highlights: (
        "more clipped highlights than its set",
        "fewer clipped highlights than its set",
    ),
    ImageQuality.clipped_shadows: ("more clipped shadows than its set", "fewer clipped shadows than its set"),
    ImageQuality.saturation: ("more saturated than its set", "less saturated than its set"),
    ImageQuality.colorfulness: ("more colourful than its set", "less colourful than its set"),
    ImageQuality.tint: ("more magenta than its set", "greener than its set"),
    ImageQuality.warmth: ("warmer than its set", "cooler than its set"),
}


@dataclass(frozen=True)
class Bank:
    """Pictures of one project, or of several, as matrices; a row a picture.

    Attributes:
        ids: photo id of each row.
        measures: (n, 18) float32; nan where a picture was not measured.
        tiles: (n, 64) float32, likewise.
        vectors: (n, d) float32 of length 1.
        stages: (n,) float32, nan where the name has none.
        encoder_id: of the vectors; empty without pictures.
    """

    ids: Sequence[str]
    measures: Floats
    tiles: Floats
    vectors: Floats
    stages: Floats
    encoder_id: str

    def places(self) -> dict[str, int]:
        """Row of each photo id."""
        return {photo_id: k for k, photo_id in enumerate(self.ids)}

    @property
    def measured(self) -> Bools:
        """(n,) whether a picture was measured."""
        return np.isfinite(self.measures[:, 0])

    def top_of(self, members: Sequence[int]) -> int:
        """Place of the picture that the stage rule takes.

        It is the highest stage, the sharpest among equals, the first among those.
        """
        sharp = np.nan_to_num(self.measures[:, 0][list(members)], nan=-1.0).tolist()
        stages = np.nan_to_num(self.stages[list(members)], nan=-1.0).tolist()
        ranks = [(*pair, -k) for k, pair in enumerate(zip(stages, sharp, strict=True))]
        return ranks.index(max(ranks))


def bank_of(photos: pl.DataFrame, quality: pl.DataFrame, embeddings: pl.DataFrame) -> Bank:
    """The matrices of all photos that have measurements and vectors.

    Raises:
        ValueError: if the vectors come from two encoders.
    """
    ids = [Photo.project, Photo.photo_id]
    rows = photos.select(*ids, Photo.stage).join(quality, on=ids).join(embeddings, on=ids).sort(ids)
    encoders = rows[Embedding.encoder_id].unique().to_list()
    if len(encoders) > 1:
        raise ValueError(
            f"vectors of {len(encoders)} encoders are never compared: {', '.join(sorted(encoders))}"
        )
    shown = [
        (pl.col(m).fill_null(0.0).clip(0.0, None).sqrt() if m in _ROOTS else pl.col(m).fill_null(0.0)).cast(
            pl.Float32
        )
        for m in MEASURES
    ]
    width = len(rows[Embedding.vector][0]) if rows.height else 1
    return Bank(
        rows[Photo.photo_id].to_list(),
        rows.select(shown).to_numpy() if rows.height else np.empty((0, len(MEASURES)), np.float32),
        rows[ImageQuality.sharpness_tiles].to_numpy()
        if rows.height
        else np.empty((0, TILES * TILES), np.float32),
        rows[Embedding.vector].list.to_array(width).to_numpy()
        if rows.height
        else np.empty((0, 1), np.float32),
        rows[Photo.stage].fill_null(float("nan")).cast(pl.Float32).to_numpy(),
        encoders[0] if encoders else "",
    )


def bank_of_vectors(ids: Sequence[str], vectors: Floats, stages: Floats, encoder_id: str) -> Bank:
    """The matrices of pictures of which vector and stage alone are known."""
    measures, tiles = (
        np.full((len(ids), width), np.nan, np.float32) for width in (len(MEASURES), TILES * TILES)
    )
    return Bank(ids, measures, tiles, vectors, stages, encoder_id)


def joined(banks: Iterable[Bank]) -> Bank:
    """Several banks of one encoder as one."""
    kept = [b for b in banks if len(b.ids)]
    if not kept:
        return bank_of_vectors([], np.empty((0, 1), np.float32), np.empty(0, np.float32), "")
    measures, tiles, vectors, stages = (
        np.concatenate([getattr(b, name) for b in kept])
        for name in ("measures", "tiles", "vectors", "stages")
    )
    return Bank([i for b in kept for i in b.ids], measures, tiles, vectors, stages, kept[0].encoder_id)


@dataclass(frozen=True)
class SetFeatures:
    """Features of sets, padded to the largest one.

    Attributes:
        x: (sets, most, features) float32; 0 where a set has fewer pictures; nan where it was not measured.
        mask: (sets, most) True where there is a picture.
        top: (sets,) place of the picture that the stage rule takes.
        rows: (sets, most) row of the bank, -1 without a picture.
        stages: (sets, most) stage, nan without one.
        vectors: (n, d) of the whole bank.
    """

    x: Floats
    mask: Bools
    top: Ints
    rows: Ints
    stages: Floats
    vectors: Floats

    def some(self, which: Ints) -> SetFeatures:
        """The same for these sets."""
        own = (self.x[which], self.mask[which], self.top[which], self.rows[which], self.stages[which])
        return SetFeatures(*own, self.vectors)

    @property
    def known(self) -> Bools:
        """(sets,) whether all pictures of a set were measured."""
        return ~np.isnan(self.x[:, 0, 0])

    def unmeasured(self) -> SetFeatures:
        """The same as if no picture had been measured."""
        x = self.x.copy()
        x[..., :MEASURED] = np.where(self.mask[..., None], np.nan, 0.0)
        return replace(self, x=x)

    def relative_vectors(self, which: Ints) -> Floats:
        """Vectors of these sets less the mean of their set: (k, most, d); 0 where there is no picture."""
        mask = self.mask[which]
        shown = np.where(mask[..., None], self.vectors[np.where(mask, self.rows[which], 0)], 0.0)
        mean = shown.sum(axis=1, keepdims=True) / np.maximum(mask.sum(axis=1), 1)[:, None, None]
        return np.where(mask[..., None], shown - mean, 0.0).astype(np.float32)


def set_features(bank: Bank, sets: Sequence[Sequence[int]], tops: Sequence[int]) -> SetFeatures:
    """Features of every picture of every set.

    Args:
        bank: the pictures.
        sets: rows of the bank, a sequence a set.
        tops: for each set the place in it that the stage rule takes.
    """
    most = max((len(s) for s in sets), default=1)
    rows = np.full((len(sets), most), -1, dtype=np.int64)
    for k, members in enumerate(sets):
        rows[k, : len(members)] = members
    mask, top = rows >= 0, np.asarray(tops, dtype=np.int64)
    safe = np.where(mask, rows, 0)
    stages = np.where(mask, bank.stages[safe] if len(bank.ids) else 0.0, np.nan).astype(np.float32)
    measures = (
        np.nan_to_num(bank.measures[safe])
        if len(bank.ids)
        else np.zeros((*rows.shape, len(MEASURES)), np.float32)
    )
    against = _against(measures, mask)
    places = _place_parts(np.nan_to_num(bank.tiles), safe, mask)
    parts = [measures, against, np.abs(against), places, _vector_parts(bank.vectors, safe, mask, top)]
    x = np.concatenate([*parts, _stage_parts(stages, mask, top)], axis=2).astype(np.float32)
    x = np.where(mask[..., None], x, 0.0).astype(np.float32)
    known = np.asarray((~mask | bank.measured[safe]).all(axis=1) if len(bank.ids) else mask.any(axis=1))
    lost = mask & ~known[:, None]
    x[..., :MEASURED] = np.where(lost[..., None], np.nan, x[..., :MEASURED])
    return SetFeatures(x, mask, top, rows, stages, bank.vectors)


def _against(values: Floats, mask: Bools) -> Floats:
    """Each value less the mean of the other pictures of its set: same shape."""
    shown = np.where(mask[..., None], values, 0.0)
    count = mask.sum(axis=1)[:, None, None]
    others = (shown.sum(axis=1, keepdims=True) - shown) / np.maximum(count - 1, 1)
    return np.where(mask[..., None] & (count > 1), values - others, 0.0).astype(np.float32)


def _place_parts(tiles: Floats, safe: Ints, mask: Bools) -> Floats:
    """Differences in sharpness of the 8 x 8 places from the rest of the set, in seven numbers."""
    if not tiles.size:
        return np.zeros((*safe.shape, len(_PLACES)), np.float32)
    found = _against(tiles[safe], mask)
    middle = found.reshape(*safe.shape, TILES, TILES)[..., 2:6, 2:6].mean(axis=(2, 3))
    low, high = np.quantile(found, [0.1, 0.9], axis=2)
    parts = [found.mean(axis=2), found.min(axis=2), found.max(axis=2), low, high, found.std(axis=2), middle]
    return np.stack(parts, axis=2).astype(np.float32)


def _vector_parts(vectors: Floats, safe: Ints, mask: Bools, top: Ints) -> Floats:
    """Cosine to the mean of the others, and to the picture that the stage rule takes."""
    shown = (
        np.where(mask[..., None], vectors[safe], 0.0)
        if len(vectors)
        else np.zeros((*safe.shape, 1), np.float32)
    )
    others = shown.sum(axis=1, keepdims=True) - shown
    length = np.linalg.norm(others, axis=2)
    like = (shown * others).sum(axis=2) / np.maximum(length, 1e-6)
    first = np.take_along_axis(shown, top[:, None, None], axis=1)
    return np.stack([like, (shown * first).sum(axis=2)], axis=2).astype(np.float32)


def _stage_parts(stages: Floats, mask: Bools, top: Ints) -> Floats:
    """Whether the stage rule takes it, number of higher stages, if its name has a stage, size of the set."""
    known = np.nan_to_num(stages, nan=-1.0)
    highest = np.where(mask, known, -1.0).max(axis=1, keepdims=True)
    first = np.arange(stages.shape[1])[None, :] == top[:, None]
    size = np.broadcast_to(mask.sum(axis=1, keepdims=True), mask.shape)
    return np.stack([first, highest - known, known >= 0, size], axis=2).astype(np.float32)
