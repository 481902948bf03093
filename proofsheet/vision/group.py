"""Which pictures belong together, and why.

Holds `group_photos`.
Add here: another cause for a set.
Keep out: recognising shots that belong together (shots.py); which of a set is best (publish/decide.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.files import short_hash
from proofsheet.formats import RAW
from proofsheet.vision import encode
from proofsheet.vision.linking import Likeness, complete_link
from proofsheet.vision.neighbours import cosine_pairs
from proofsheet.vision.shots import Found, kept_together
from schemas.library import ExifFact, Photo
from schemas.settings import GroupSettings
from schemas.vision import KEEP_ALL, Embedding, ImageQuality, PhotoGroup, PictureHash

VERSION = "names, shots, complete-link; version 2"
_MOST_CANDIDATES = 64
_NEEDED = (
    *(Photo.photo_id, Photo.path, Photo.folder, Photo.file_name, Photo.format, Photo.size_bytes, Photo.content_hash),
    *(Photo.series, Photo.stage, ExifFact.model, ExifFact.taken_at, ExifFact.focal_length_mm, ExifFact.f_number),
    *(ExifFact.exposure_s, ExifFact.iso, ImageQuality.width_px, ImageQuality.height_px, ImageQuality.sharpness_tiles),
)
Member = Mapping[str, Any]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Seen:
    """What grouping looks at: one row a photo, and their likeness by row number."""

    rows: Sequence[Member]
    likeness: Likeness
    encoder: str


def seen_photos(
    photos: pl.DataFrame,
    exif_facts: pl.DataFrame,
    image_quality: pl.DataFrame,
    picture_hashes: pl.DataFrame,
    embeddings: pl.DataFrame,
) -> Seen:
    """Everything known of the photos, in the order of folder and name."""
    ids = [Photo.project, Photo.photo_id]
    whole = photos
    for table in (exif_facts, image_quality, picture_hashes, embeddings):
        whole = whole.join(table, on=ids, how="inner")
    whole = whole.sort(Photo.folder, Photo.file_name)
    encoders = sorted(set(whole[Embedding.encoder_id]))
    width = len(whole[Embedding.vector][0]) if whole.height else 1
    vectors = whole[Embedding.vector].list.to_array(width).to_numpy() if whole.height else np.empty((0, 1))
    likeness = Likeness(np.ascontiguousarray(vectors, dtype=np.float32), whole[PictureHash.phash].to_numpy())
    return Seen(whole.select(_NEEDED).to_dicts(), likeness, " ".join(encoders))


def group_photos(project: str, seen: Seen, settings: GroupSettings) -> pl.DataFrame:
    """Put every photo into exactly one set.

    First what belongs together by its names: a RAW file and the JPEG beside it, and stage series. Then shots that were meant to be
    together: exposure brackets, focus stacks, panoramas. Then complete-link over likeness among what is left: each pair of a set
    is alike enough and, with order, near enough by name and time, so that a chain of small steps never joins strangers.

    Args:
        project: partition key.
        seen: of `seen_photos`.
        settings: thresholds.
    """
    least = settings.similarity if seen.encoder.startswith(encode.NAME) or not seen.encoder else settings.clip_similarity
    found: list[Found] = []
    left = set(range(len(seen.rows)))
    for rule in (_raw_pairs, lambda s, rest: _series(s, rest, settings.max_series), _shots):
        for made in rule(seen, sorted(left)):
            found.append(made)
            left -= set(made.members)
    found += _similar(seen, sorted(left), least, settings)
    version = f"{VERSION} {seen.encoder}".strip()
    return PhotoGroup.frame(row for made in found for row in _rows(project, seen, made, version))


def _raw_pairs(seen: Seen, left: Sequence[int]) -> Iterable[Found]:
    """A RAW file and the pictures of another format with the same folder and name."""
    stems: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k in left:
        row = seen.rows[k]
        stems[str(row[Photo.folder]), str(row[Photo.file_name]).rpartition(".")[0].lower()].append(k)
    for members in stems.values():
        formats = [str(seen.rows[k][Photo.format]) for k in members]
        if RAW in formats and len(members) > 1:
            yield Found("RAW+JPEG", members, f"one name: {', '.join(formats)}")


def _series(seen: Seen, left: Sequence[int], most: int) -> Iterable[Found]:
    series: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k in left:
        row = seen.rows[k]
        if row[Photo.series] is not None:
            series[str(row[Photo.folder]), str(row[Photo.series])].append(k)
    for (_folder, name), members in series.items():
        ordered = sorted(members, key=lambda k: _order(seen.rows[k]))
        for start in range(0, len(ordered), most):
            part = ordered[start : start + most]
            yield Found("stage series" if len(part) > 1 else "single", part, f"the name before the stage: {name}")


def _shots(seen: Seen, left: Sequence[int]) -> Iterable[Found]:
    folders: dict[str, list[int]] = defaultdict(list)
    for k in left:
        folders[str(seen.rows[k][Photo.folder])].append(k)
    for members in folders.values():
        yield from kept_together(seen.rows, seen.likeness, members)


def _similar(seen: Seen, left: Sequence[int], least: float, settings: GroupSettings) -> Iterable[Found]:
    """Complete-link among the rest; without order every pair is a candidate, with order only neighbours."""
    near = _Near([seen.rows[k] for k in left], settings)
    places = np.asarray(left, dtype=np.int64)
    a, b = near.pairs() if settings.order == "name" else _all_pairs(seen, places, least)
    value = seen.likeness.of(places[a], places[b]) if a.size else np.empty(0, np.float32)
    keep = value >= least
    a, b, value = a[keep], b[keep], value[keep]

    def allowed(one: set[int], two: set[int]) -> bool:
        if not all(near.allowed(x, y) for x in one for y in two):
            return False
        return bool((seen.likeness.of(*(places[part] for part in seen.likeness.across(one, two))) >= least).all())

    for part in complete_link(len(left), a, b, value, allowed, settings.max_size):
        members = [left[k] for k in part]
        yield (
            Found("similar", members, _told(seen, members)) if len(part) > 1 else Found("single", members, "nothing alike near it")
        )


def _all_pairs(seen: Seen, places: Indices, least: float) -> tuple[Indices, Indices]:
    pairs = cosine_pairs(seen.likeness.vectors[places], least, _MOST_CANDIDATES)
    return pairs.i, pairs.j


class _Near:
    """Which pictures are near enough by order and time."""

    def __init__(self, rows: Sequence[Member], settings: GroupSettings) -> None:
        self._ordered, self._settings = settings.order == "name", settings
        self._folders = [str(r[Photo.folder]) for r in rows]
        self._times = [r[ExifFact.taken_at] for r in rows]

    def pairs(self) -> tuple[Indices, Indices]:
        """Candidates: neighbours in one folder within the window."""
        folders, first = np.asarray(self._folders), list[Indices]()
        second: list[Indices] = []
        for step in range(1, min(self._settings.window, max(len(folders) - 1, 0)) + 1):
            i = np.flatnonzero(folders[:-step] == folders[step:]).astype(np.int64)
            first.append(i)
            second.append(i + step)
        i, j = (np.concatenate([np.empty(0, np.int64), *part]) for part in (first, second))
        keep = np.fromiter((self.allowed(a, b) for a, b in zip(i.tolist(), j.tolist(), strict=True)), bool, i.size)
        return i[keep], j[keep]

    def allowed(self, a: int, b: int) -> bool:
        """Without order everything is; with order, one folder, few neighbours and little time between them."""
        if not self._ordered:
            return True
        if self._folders[a] != self._folders[b] or abs(a - b) > self._settings.window:
            return False
        one, two = self._times[a], self._times[b]
        return one is None or two is None or abs((one - two).total_seconds()) <= self._settings.window_s


def _told(seen: Seen, members: Sequence[int]) -> str:
    places = np.asarray(members, dtype=np.int64)
    i, j = (places[part] for part in np.triu_indices(len(members), 1))
    times = sorted(t for k in members if (t := seen.rows[k][ExifFact.taken_at]) is not None)
    span = f", taken within {(times[-1] - times[0]).total_seconds():.0f} s" if len(times) == len(members) else ""
    least, bits = seen.likeness.of(i, j).min(), seen.likeness.bits(i, j).max()
    return f"every pair at least {least:.2f} alike, at most {bits} of 64 bits apart{span}"


def _order(row: Member) -> tuple[float, str]:
    stage = row[Photo.stage]
    return (float(stage) if isinstance(stage, float) else -1.0, str(row[Photo.file_name]))


def _rows(project: str, seen: Seen, made: Found, version: str) -> Iterable[Member]:
    ordered = sorted((seen.rows[k] for k in made.members), key=_order)
    ids = [str(m[Photo.photo_id]) for m in ordered]
    group_id = short_hash(project, *sorted(ids))
    for position, photo_id in enumerate(ids):
        yield {
            PhotoGroup.project: project,
            PhotoGroup.photo_id: photo_id,
            PhotoGroup.group_id: group_id,
            PhotoGroup.position: position,
            PhotoGroup.group_size: len(ids),
            PhotoGroup.cause: made.cause,
            PhotoGroup.evidence: made.evidence,
            PhotoGroup.keep_all: made.cause in KEEP_ALL,
            PhotoGroup.grouped_by: version,
        }
