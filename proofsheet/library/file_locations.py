"""Where Proofsheet put files, and what it named them: the journal of moves, read as a map.

Holds `FileLocations` and `placed_files`.
Add here: another way in which a file may come to its place.
Keep out: moving (publish/).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from proofsheet.storage.ledger import Ledger
from schemas.apply import APPLY, EMBED, REVIEW, SELECTED, ApplyPlan, FileOperation

_Row = Mapping[str, Any]


@dataclass(frozen=True)
class FileLocations:
    """Places and names of files after applied decisions, renames and other moves.

    Attributes:
        origins: present path of every file that apply moved, companions too, to its path outside of
            `selected/` and `review/`.
        moved: the reverse.
        cuts: path of a crop that was written to its size in bytes.
        boxes: path of a crop to its box in 0..1.
        crops: photo to the path of its crop.
        moves: photo to the path to which apply moved it, and the path before.
        present: photo to the path where the journal left its file.
        trails: photo to all paths where the journal had its file; with and without `selected/` or `review/`.
        first_names: present path of every renamed picture to its file name before the first renaming.
    """

    origins: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    cuts: Mapping[str, int] = field(default_factory=dict)
    boxes: Mapping[str, list[float]] = field(default_factory=dict)
    crops: Mapping[str, str] = field(default_factory=dict)
    moves: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    present: Mapping[str, str] = field(default_factory=dict)
    trails: Mapping[str, Set[str]] = field(default_factory=dict)
    first_names: Mapping[str, str] = field(default_factory=dict)

    def photo_at(self, path: str, photo_path: str, photo_id: str) -> bool:
        """Whether the journal put the file of a photo from where it was last seen to a path.

        Args:
            path: where a file is now.
            photo_path: where the photo was last seen, outside of `selected/` and `review/`.
            photo_id: the photo.
        """
        return self.present.get(photo_id) == path and photo_path in self.trails.get(photo_id, ())

    def home(self, photo_id: str, path: str) -> str | None:
        """The path that a file had before it was moved, with its present name; None if it was not moved.

        Args:
            photo_id: of the file.
            path: where it is; it may have another name there since.
        """
        if path in self.origins:
            return self.origins[path]
        target, origin = self.moves.get(photo_id, ("", ""))
        if not target or _parent(target) != _parent(path):
            return None
        return f"{_parent(origin)}/{PurePosixPath(path).name}".removeprefix("./")


def placed_files(ledger: Ledger) -> FileLocations:
    """Replay every operation that was done and not undone."""
    plans = ledger.rows(ApplyPlan).to_dicts()
    order = {r[ApplyPlan.plan_id]: r[ApplyPlan.number] for r in plans}
    others = {r[ApplyPlan.plan_id] for r in plans if r[ApplyPlan.verb] not in (None, APPLY)}
    rows = ledger.rows(FileOperation, state="done").to_dicts()
    undone = ledger.rows(FileOperation, state="undone").to_dicts()
    replay = _Replay()
    for row in _in_order(rows, order):
        if row[FileOperation.kind] == EMBED:
            continue
        if row[FileOperation.plan_id] in others:
            replay.rename(row)
        else:
            replay.apply(row)
    for row in _as_undone(undone, order):
        replay.undone(row)
    return replay.result()


def _in_order(rows: Iterable[_Row], order: Mapping[str, int]) -> list[_Row]:
    return sorted(rows, key=lambda r: (order.get(r[FileOperation.plan_id], 0), r[FileOperation.number]))


def _as_undone(rows: Iterable[_Row], order: Mapping[str, int]) -> list[_Row]:
    """In the order in which they were taken back; what was taken back at one time, the last first."""
    falling = reversed(_in_order(rows, order))
    return sorted(falling, key=lambda r: r[FileOperation.changed_at])


class _Replay:
    """What the journal says, operation by operation."""

    def __init__(self) -> None:
        self._origins, self._moves = dict[str, str](), dict[str, tuple[str, str]]()
        self._cuts, self._boxes = dict[str, int](), dict[str, list[float]]()
        self._crops, self._present = dict[str, str](), dict[str, str]()
        self._away = set[str]()
        self._names, self._trails = dict[str, str](), defaultdict[str, set[str]](set)

    def apply(self, row: _Row) -> None:
        """A move into `selected/` or `review/`, or a crop."""
        source, target = str(row[FileOperation.source]), str(row[FileOperation.target])
        photo = str(row[FileOperation.photo_id])
        if row[FileOperation.kind] == "crop":
            self._cuts[target] = int(row[FileOperation.size_bytes])
            self._boxes[target] = list(row[FileOperation.box])
            self._crops[photo] = target
            return
        self._origins[target] = self._origins.pop(source, source)
        if row[FileOperation.role] != "companion":
            self._moves[photo] = (target, self._origins[target])
            self._follow(photo, source, target)

    def rename(self, row: _Row) -> None:
        """Another name or folder; a file in `selected/` or `review/` stays there."""
        source, target = str(row[FileOperation.source]), str(row[FileOperation.target])
        photo, is_picture = str(row[FileOperation.photo_id]), row[FileOperation.role] != "companion"
        if self._origins.pop(source, None) is not None:
            self._origins[target] = _unplaced(target)
            self._trails[photo] |= {_unplaced(source), _unplaced(target)} if is_picture else set()
            if is_picture and photo in self._moves:
                self._moves[photo] = (target, _unplaced(target))
        if source in self._cuts:
            self._cuts[target], self._boxes[target] = self._cuts.pop(source), self._boxes.pop(source)
            self._crops |= {p: target for p, crop in self._crops.items() if crop == source}
        if is_picture:
            self._names.setdefault(source, PurePosixPath(source).name)
            self._follow(photo, source, target)

    def undone(self, row: _Row) -> None:
        """A move that was taken back; the last one counts, if no other move of the photo was left."""
        photo, source, target = (
            str(row[n]) for n in (FileOperation.photo_id, FileOperation.source, FileOperation.target)
        )
        if row[FileOperation.kind] == "move" and row[FileOperation.role] != "companion":
            if photo not in self._away:
                self._present[photo] = source
            self._trails[photo] |= {source, target, _unplaced(source), _unplaced(target)}

    def _follow(self, photo: str, source: str, target: str) -> None:
        self._present[photo] = target
        self._away.add(photo)
        self._trails[photo] |= {source, target}
        if source in self._names:
            self._names[target] = self._names.pop(source)

    def result(self) -> FileLocations:
        """Everything so far."""
        moved = {before: now for now, before in self._origins.items()}
        pairs = (self._origins, moved, self._cuts, self._boxes, self._crops, self._moves)
        return FileLocations(*pairs, self._present, dict(self._trails), self._names)


def _unplaced(path: str) -> str:
    """A path without the first folder, if that is where applied decisions put files."""
    first, _, rest = path.partition("/")
    return rest if first in (SELECTED, REVIEW) and rest else path


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)
