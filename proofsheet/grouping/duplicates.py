"""Pictures of which there is more than one: the same bytes, or nearly the same picture.

Holds `find_duplicates`.
Add here: another way to be a duplicate.
Keep out: sets to choose from (grouping.py).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.grouping.complete_linkage import complete_link
from proofsheet.grouping.grouping_input import GroupingInput
from proofsheet.grouping.nearest_neighbors import cosine_pairs, hamming_pairs
from schemas.groups import Duplicate
from schemas.library import Photo
from schemas.settings.groups import DuplicateSettings
from schemas.vision import ImageQuality

VERSION = "bytes, then complete-link over hash, vector and the fine layout on plain grounds; version 2"
_BAND_BITS = 3
_MOST_CANDIDATES = 64
Member = Mapping[str, Any]


def find_duplicates(project: str, seen: GroupingInput, settings: DuplicateSettings) -> pl.DataFrame:
    """The rows of `duplicates`: clusters of the same bytes, or of similar hash and vector in every pair.

    Candidates are the pairs within three bits (bands) and the pairs with enough cosine (exact tiled search).
    There is no cap on a cluster, and no chain: a picture that resembles only some members stays out.

    Args:
        project: partition key.
        seen: of `seen_photos`.
        settings: thresholds.
    """
    same: dict[str, list[int]] = defaultdict(list)
    for k, row in enumerate(seen.rows):
        same[str(row[Photo.content_hash])].append(k)
    copies = list(same.values())
    rows = [
        row
        for part in _near(seen, [c[0] for c in copies], settings)
        for row in _rows(project, seen, part, copies)
    ]
    return Duplicate.frame(rows)


def _near(seen: GroupingInput, first: Sequence[int], settings: DuplicateSettings) -> list[list[int]]:
    """Clusters of contents, by their place in `first`."""
    places = np.asarray(first, dtype=np.int64)
    hashes, vectors = seen.likeness.hashes[places], seen.likeness.vectors[places]
    unique, where = np.unique(hashes, return_inverse=True)
    by_hash = hamming_pairs(unique, min(settings.most_bits, _BAND_BITS))
    holders: dict[int, list[int]] = defaultdict(list)
    for k, u in enumerate(where.tolist()):
        holders[u].append(k)
    pairs = {(a, b) for group in holders.values() for a, b in itertools.pairwise(group)}
    pairs |= {
        (holders[a][0], holders[b][0]) for a, b in zip(by_hash.i.tolist(), by_hash.j.tolist(), strict=True)
    }
    found = cosine_pairs(vectors, settings.similarity, _MOST_CANDIDATES)
    pairs |= set(zip(found.i.tolist(), found.j.tolist(), strict=True))
    i, j = (np.array([p[n] for p in sorted(pairs)], dtype=np.int64) for n in (0, 1))

    def alike(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        cosines = np.einsum("nd,nd->n", vectors[a], vectors[b])
        near = (np.bitwise_count(hashes[a] ^ hashes[b]) <= settings.most_bits) & (
            cosines >= settings.similarity
        )
        near[near] = seen.likeness.same_layout(places[a[near]], places[b[near]])
        return np.where(near, cosines, -1.0)

    value = alike(i, j) if i.size else np.empty(0)
    keep = value >= settings.similarity
    i, j, value = i[keep], j[keep], value[keep]

    def allowed(one: set[int], two: set[int]) -> bool:
        return bool((alike(*seen.likeness.across(one, two)) >= settings.similarity).all())

    return complete_link(len(first), i, j, value.astype(np.float32), allowed, None)


def _rows(
    project: str, seen: GroupingInput, cluster: Sequence[int], copies: Sequence[Sequence[int]]
) -> Iterable[dict[str, object]]:
    members = [k for part in cluster for k in copies[part]]
    if len(members) < 2:
        return
    best = max(members, key=lambda k: (_pixels(seen.rows[k]), seen.rows[k][Photo.size_bytes], -k))
    ids = [str(seen.rows[k][Photo.photo_id]) for k in members]
    bits = seen.likeness.bits(np.array(members), np.full(len(members), best))
    cosines = seen.likeness.vectors[members] @ seen.likeness.vectors[best]
    for n, photo_id in enumerate(ids):
        yield {
            Duplicate.project: project,
            Duplicate.photo_id: photo_id,
            Duplicate.cluster_id: short_hash(project, "duplicates", *sorted(ids)),
            Duplicate.kind: "exact" if len(cluster) == 1 else "near",
            Duplicate.cluster_size: len(ids),
            Duplicate.first_photo_id: str(seen.rows[best][Photo.photo_id]),
            Duplicate.bits: int(bits[n]),
            Duplicate.cosine: float(cosines[n]),
            Duplicate.found_by: f"{VERSION} {seen.encoder}",
        }


def _pixels(row: Member) -> int:
    return int(row[ImageQuality.width_px] * row[ImageQuality.height_px])
