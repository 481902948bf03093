"""Where Proofsheet put files: the journal of apply, read as a map.

Holds `FileLocations` and `placed_files`.
Add here: another way in which a file may come to its place.
Keep out: moving (publish/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
        contents: present path of every moved file to the hash that it had.
    """

    origins: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    cuts: Mapping[str, int] = field(default_factory=dict)
    boxes: Mapping[str, list[float]] = field(default_factory=dict)
    crops: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)

    def with_renamed(self, files: Mapping[str, str]) -> FileLocations:
        """The same, with files that got another name in the folder to which they were moved.

        Args:
            files: path to content hash of the pictures that are there.
        """
        lost, origins = dict[tuple[str, str], list[str]](), dict(self.origins)
        for target, content in self.contents.items():
            if target not in files:
                lost.setdefault((_parent(target), content), []).append(target)
        for path, content in files.items():
            former = lost.get((_parent(path), content), [])
            if path not in origins and len(former) == 1:
                home = _parent(origins.pop(former.pop()))
                origins[path] = f"{home}/{PurePosixPath(path).name}".removeprefix("./")
        return replace(self, origins=origins)


def placed_files(ledger: Ledger) -> FileLocations:
    """Replay every operation that was done and not undone."""
    order = {r[ApplyPlan.plan_id]: r[ApplyPlan.number] for r in ledger.rows(ApplyPlan).to_dicts()}
    origins, contents = dict[str, str](), dict[str, str]()
    cuts, boxes, crops = dict[str, int](), dict[str, list[float]](), dict[str, str]()
    rows = ledger.rows(FileOperation, state="done").to_dicts()
    for row in sorted(rows, key=lambda r: (order.get(r[FileOperation.plan_id], 0), r[FileOperation.number])):
        source, target = str(row[FileOperation.source]), str(row[FileOperation.target])
        if row[FileOperation.kind] == "crop":
            cuts[target], boxes[target] = int(row[FileOperation.size_bytes]), list(row[FileOperation.box])
            crops[str(row[FileOperation.photo_id])] = target
            continue
        origins[target] = origins.pop(source, source)
        contents.pop(source, None)
        contents[target] = str(row[FileOperation.content_hash])
    moved = {before: now for now, before in origins.items()}
    return FileLocations(origins, moved, cuts, boxes, crops, contents)


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)
