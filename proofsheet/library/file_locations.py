"""Where Proofsheet put files: the journal of apply, read as a map.

Holds `FileLocations` and `placed_files`.
Add here: another way in which a file may come to its place.
Keep out: moving (publish/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    """

    origins: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    cuts: Mapping[str, int] = field(default_factory=dict)
    boxes: Mapping[str, list[float]] = field(default_factory=dict)


def placed_files(ledger: Ledger) -> FileLocations:
    """Replay every operation that was done and not undone."""
    order = {r[ApplyPlan.plan_id]: r[ApplyPlan.number] for r in ledger.rows(ApplyPlan).to_dicts()}
    origins = dict[str, str]()
    cuts, boxes = dict[str, int](), dict[str, list[float]]()
    rows = ledger.rows(FileOperation, state="done").to_dicts()
    for row in sorted(rows, key=lambda r: (order.get(r[FileOperation.plan_id], 0), r[FileOperation.number])):
        source, target = str(row[FileOperation.source]), str(row[FileOperation.target])
        if row[FileOperation.kind] == "crop":
            cuts[target], boxes[target] = int(row[FileOperation.size_bytes]), list(row[FileOperation.box])
            continue
        origins[target] = origins.pop(source, source)
    return FileLocations(origins, {before: now for now, before in origins.items()}, cuts, boxes)
