"""The evidence of sets by likeness, in words that are true of the pictures.

Holds `alike`, `cut_short` and `why_alone`.
Add here: another reason why a picture is in a set or in none.
Keep out: finding the sets (linked_sets.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from proofsheet.grouping.grouping_input import GroupingInput, is_document
from proofsheet.grouping.shot_sequences import GroupCandidate
from schemas.library import Photo
from schemas.settings.groups import GroupSettings


def alike(seen: GroupingInput, members: Sequence[int]) -> str:
    """How alike the pictures of a set are, and how near in time."""
    places = np.asarray(members, dtype=np.int64)
    i, j = (places[part] for part in np.triu_indices(len(members), 1))
    times = sorted(t for k in members if (t := seen.times[k]) is not None)
    span = (
        f", taken within {(times[-1] - times[0]).total_seconds():.0f} s" if len(times) == len(members) else ""
    )
    least, bits = seen.likeness.of(i, j).min(), seen.likeness.bits(i, j).max()
    return f"every pair at least {least:.2f} alike, at most {bits} of 64 bits apart{span}"


def cut_short(seen: GroupingInput, other: int, limit: str, most: int) -> str:
    """That as alike pictures are in another set, because of a setting."""
    name = seen.rows[other][Photo.file_name]
    return f"; the set of {name} is as alike, but [groups] {limit} = {most} is the most of one set"


def why_alone(
    seen: GroupingInput,
    k: int,
    near: Sequence[int],
    sets: Mapping[int, GroupCandidate],
    settings: GroupSettings,
) -> str:
    """Why a picture is in no set with another.

    Args:
        seen: everything known.
        k: row number of the picture.
        near: row numbers of pictures that are alike and near, the most alike first.
        sets: the set of each picture, by row number.
        settings: order and thresholds.
    """
    if near:
        beside = sets[near[0]]
        name = seen.rows[near[0]][Photo.file_name]
        why = "but not to every picture of its set"
        if beside.cause not in ("similar", "single"):
            why = f"which is in a set for another reason ({beside.cause})"
        return f"alike to {name}, {why}"
    if is_document(seen.rows[k]):
        return "a document or screenshot; none near it is the same"
    if settings.order == "none":
        return "nothing alike among the pictures that no other rule joins"
    time: datetime | None = seen.times[k]
    if time is None:
        return (
            "no capture time, and nothing in its folder without one is nearly the same; "
            '[groups] order = "none" compares all pictures'
        )
    return "nothing alike near it"
