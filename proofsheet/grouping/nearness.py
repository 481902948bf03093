"""Which pictures may be compared: by folder, order and time.

Holds `Nearness`.
Add here: another way in which pictures are near each other.
Keep out: how alike they are (complete_linkage.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proofsheet.grouping.grouping_input import GroupingInput
from proofsheet.grouping.nearest_neighbors import cosine_pairs
from schemas.library import Photo
from schemas.settings.groups import GroupSettings

Indices = npt.NDArray[np.int64]
_MOST_CANDIDATES = 64


class Nearness:
    """Which of some pictures are near enough by order and time; each is named by its place among them."""

    def __init__(
        self, seen: GroupingInput, members: Sequence[int], settings: GroupSettings, *, timed: bool = True
    ) -> None:
        """Members are row numbers in ascending order; `timed` is False for pictures without a time."""
        self._ordered, self._timed, self._settings = settings.order == "name", timed, settings
        self._folders = [str(seen.rows[k][Photo.folder]) for k in members]
        self._times = [seen.times[k] for k in members]
        self._vectors = seen.likeness.vectors[np.asarray(members, dtype=np.int64)]

    def pairs(self, least: float) -> tuple[Indices, Indices]:
        """Candidates: neighbours by name; without times or order every pair that is alike enough."""
        if not self._ordered:
            return self._alike(np.arange(len(self._folders)), least)
        if not self._timed:
            folders = np.asarray(self._folders)
            parts = [self._alike(np.flatnonzero(folders == one), least) for one in np.unique(folders)]
            return _joined([i for i, _j in parts]), _joined([j for _i, j in parts])
        i, j = self._neighbours()
        keep = np.fromiter(map(self.allowed, i.tolist(), j.tolist()), bool, i.size)
        return i[keep], j[keep]

    def _alike(self, places: Indices, least: float) -> tuple[Indices, Indices]:
        found = cosine_pairs(self._vectors[places], least, _MOST_CANDIDATES)
        return places[found.i], places[found.j]

    def _neighbours(self) -> tuple[Indices, Indices]:
        folders, first = np.asarray(self._folders), list[Indices]()
        second: list[Indices] = []
        for step in range(1, min(self._settings.window, max(len(folders) - 1, 0)) + 1):
            i = np.flatnonzero(folders[:-step] == folders[step:]).astype(np.int64)
            first.append(i)
            second.append(i + step)
        return _joined(first), _joined(second)

    def allowed(self, a: int, b: int) -> bool:
        """Whether pairs may be in one set.

        Without order every pair may. With order, a pair is in one folder; if it has times, also with few
        neighbours and little time between them.
        """
        if not self._ordered:
            return True
        if self._folders[a] != self._folders[b]:
            return False
        if not self._timed:
            return True
        one, two = self._times[a], self._times[b]
        return (
            abs(a - b) <= self._settings.window
            and one is not None
            and two is not None
            and abs((one - two).total_seconds()) <= self._settings.window_s
        )


def _joined(parts: Sequence[Indices]) -> Indices:
    return np.concatenate([np.empty(0, np.int64), *parts])
