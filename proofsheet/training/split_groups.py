"""Pictures that stay on one side of every split: those of one set, near-duplicates, and all linked ones.

Holds `Ties` and `ties_of`.
Add here: another reason to keep two pictures on one side of a split.
Keep out: how splits are made (splits.py).
"""

from __future__ import annotations

import polars as pl

from schemas.groups import Duplicate
from schemas.history import ImportedVector
from schemas.library import Photo
from schemas.training import TrainingPair

_Node = tuple[int, str]
_GROUP, _PICTURE, _CONTENT = (
    0,
    1,
    2,
)  # a component is named by its least node, so that a set alone keeps its own key


class Ties:
    """Pictures that hang together, over any number of steps."""

    def __init__(self) -> None:
        self._above: dict[_Node, _Node] = {}

    def tie(self, first: _Node, *others: _Node) -> None:
        """Say that these belong together."""
        for other in others:
            low, high = sorted((self._least(first), self._least(other)))
            self._above[high] = low

    def label(self, picture: str) -> str:
        """The same for all linked pictures.

        It is the least key of their sets and clusters, else the id of the picture.
        """
        return self._least((_PICTURE, picture))[1]

    def _least(self, node: _Node) -> _Node:
        steps = []
        while (above := self._above.get(node, node)) != node:
            steps.append(node)
            node = above
        self._above.update(dict.fromkeys(steps, node))
        return node


def ties_of(
    pairs: pl.DataFrame, duplicates: pl.DataFrame, photos: pl.DataFrame, imported: pl.DataFrame
) -> Ties:
    """The ties of a project.

    They are between members of one set, of one cluster of near-duplicates, and vectors and photos of one
    content.

    Args:
        pairs: rows of `training_pairs`.
        duplicates: rows of `duplicates`.
        photos: rows of `photos`.
        imported: rows of `imported_vectors`.
    """
    found = Ties()
    columns = (TrainingPair.set_key, TrainingPair.winner_photo_id, TrainingPair.loser_photo_id)
    for key, winner, loser in pairs.select(columns).iter_rows():
        found.tie((_GROUP, key), (_PICTURE, winner), (_PICTURE, loser))
    for cluster, photo in duplicates.select(Duplicate.cluster_id, Duplicate.photo_id).iter_rows():
        found.tie((_GROUP, cluster), (_PICTURE, photo))
    vectors = imported.drop_nulls(ImportedVector.content_hash)
    shown = photos.filter(pl.col(Photo.content_hash).is_in(vectors[ImportedVector.content_hash].implode()))
    for rows, own in ((vectors, ImportedVector.vector_id), (shown, Photo.photo_id)):
        for content, picture in rows.select(Photo.content_hash, own).iter_rows():
            found.tie((_CONTENT, content), (_PICTURE, picture))
    return found
