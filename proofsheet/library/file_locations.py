"""Where Proofsheet put files: the journal of apply, read as a map.

Holds `FileLocations` and `placed_files`.
Add here: another way in which a file may come to its place.
Keep out: moving (publish/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from proofsheet.storage.ledger import Ledger
from schemas.apply import ApplyPlan, FileOperation


@dataclass(frozen=True)
class FileLocations:
    """Places of files after applied decisions.

    Attributes:
        origins: present path of every moved file, companions too, to the path that it had before.
        moved: the reverse.
        cuts: path of a crop that was written to its size in bytes.
        boxes: path of a crop to its box in 0..1.
        crops: photo to the path of its crop.
        moves: photo to the path to which it was moved, and the path before.
    """

    origins: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    cuts: Mapping[str, int] = field(default_factory=dict)
    boxes: Mapping[str, list[float]] = field(default_factory=dict)
    crops: Mapping[str, str] = field(default_factory=dict)
    moves: Mapping[str, tuple[str, str]] = field(default_factory=dict)

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
    order = {r[ApplyPlan.plan_id]: r[ApplyPlan.number] for r in ledger.rows(ApplyPlan).to_dicts()}
    origins, moves = dict[str, str](), dict[str, tuple[str, str]]()
    cuts, boxes, crops = dict[str, int](), dict[str, list[float]](), dict[str, str]()
    rows = ledger.rows(FileOperation, state="done").to_dicts()
    for row in sorted(rows, key=lambda r: (order.get(r[FileOperation.plan_id], 0), r[FileOperation.number])):
        source, target = str(row[FileOperation.source]), str(row[FileOperation.target])
        if row[FileOperation.kind] == "embed":
            continue
        if row[FileOperation.kind] == "crop":
            cuts[target], boxes[target] = int(row[FileOperation.size_bytes]), list(row[FileOperation.box])
            crops[str(row[FileOperation.photo_id])] = target
            continue
        origins[target] = origins.pop(source, source)
        if row[FileOperation.role] != "companion":
            moves[str(row[FileOperation.photo_id])] = (target, origins[target])
    moved = {before: now for now, before in origins.items()}
    return FileLocations(origins, moved, cuts, boxes, crops, moves)


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)
