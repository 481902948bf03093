"""Sets in a finished project's raw folder, from names and likeness alone.

Holds `RawPicture` and `raw_sets`.
Add here: another naming scheme of sets.
Keep out: who won (folder_extraction.py) and the grouping of a library's photos (grouping/grouping.py).

Pictures of one series before `_stage` are a set. Where every stage has a time of its own, a picture belongs
to the set that it continues: of a lower stage, at most five minutes before, and most like it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from proofsheet.library.stage_names import named_time, parse_stage

_LONGEST = timedelta(seconds=300)
_LIKE = 0.6
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class RawPicture:
    """A picture of the raw folder, or of the final one.

    Attributes:
        path: inside its folder, with forward slashes.
        content_hash: SHA-256 of its bytes.
        width_px: of the upright picture.
        height_px: of the upright picture.
        small: (n,) grey of a small square of it, mean 0 and length 1.
    """

    path: str
    content_hash: str
    width_px: int
    height_px: int
    small: Floats

    @property
    def folder(self) -> str:
        """Folder inside the raw folder."""
        return self.path.rpartition("/")[0]

    @property
    def stem(self) -> str:
        """File name without its extension."""
        name = self.path.rpartition("/")[2]
        return name.rpartition(".")[0] or name

    def like(self, other: RawPicture) -> float:
        """Correlation of the two as small squares."""
        return float(np.dot(self.small, other.small))


@dataclass
class _Open:
    members: list[RawPicture]
    stage: float
    stamp: datetime


def raw_sets(pictures: Sequence[RawPicture]) -> tuple[list[list[RawPicture]], list[RawPicture]]:
    """Sets of two and more, each by rising stage, and the pictures that are in none."""
    by_series: dict[tuple[str, str], list[RawPicture]] = defaultdict(list)
    alone: list[RawPicture] = []
    for picture in sorted(pictures, key=_path):
        found = parse_stage(picture.stem)
        if found is None:
            alone.append(picture)
        else:
            by_series[picture.folder, found.series].append(picture)
    sets = [sorted(members, key=_stage) for members in by_series.values() if len(members) > 1]
    singles: dict[str, list[RawPicture]] = defaultdict(list)
    for (folder, _series), members in by_series.items():
        if len(members) == 1:
            singles[folder].append(members[0])
    for members in singles.values():
        for found_set in _rising(members):
            if len(found_set) > 1:
                sets.append(found_set)
            else:
                alone += found_set
    return sets, alone


def _path(picture: RawPicture) -> str:
    return picture.path


def _stage(picture: RawPicture) -> float:
    found = parse_stage(picture.stem)
    return -1.0 if found is None else found.stage


def _rising(members: Sequence[RawPicture]) -> list[list[RawPicture]]:
    """Sets of pictures with times of their own; one without a time stays alone."""
    stamped = [(stamp, _stage(m), m) for m in members if (stamp := named_time(m.stem))]
    sets: list[_Open] = []
    recent: list[_Open] = []
    for stamp, stage, picture in sorted(stamped, key=_when):
        recent = [s for s in recent if stamp - s.stamp <= _LONGEST]
        fitting = [s for s in recent if s.stage < stage]
        liked = [(s.members[-1].like(picture), s) for s in fitting]
        best = max(liked, key=_first, default=None)
        if best and best[0] >= _LIKE:
            best[1].members.append(picture)
            best[1].stage, best[1].stamp = stage, stamp
        else:
            recent.append(_Open([picture], stage, stamp))
            sets.append(recent[-1])
    return [s.members for s in sets] + [[m] for m in members if not named_time(m.stem)]


def _when(row: tuple[datetime, float, RawPicture]) -> tuple[datetime, float, str]:
    return row[0], row[1], row[2].path


def _first(pair: tuple[float, _Open]) -> float:
    return pair[0]
