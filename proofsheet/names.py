"""What file names say.

Holds `parse_stage`, `stage_of` and `stamp_of`.
Add here: another naming scheme.
Keep out: anything that opens a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_STAGE = re.compile(r"^(?P<series>.+?)[_\-. ]stage(?P<stage>\d+(?:\.\d+)?)(?:[_\-. ](?P<label>.+))?$", re.IGNORECASE)

_STAMP = re.compile(r"(?<!\d)(\d{8})[_\-T ]?(\d{6})(?!\d)")


@dataclass(frozen=True)
class Stage:
    """A parsed name."""

    series: str
    stage: float
    label: str | None


def parse_stage(stem: str) -> Stage | None:
    """The stage in a file name without extension, such as `20250708_060416_stage1.5_face_swapped`, or None."""
    found = _STAGE.match(stem)
    if found is None:
        return None
    return Stage(found["series"], float(found["stage"]), found["label"])


def stage_of(name: str) -> float | None:
    """The stage number in a file name with its extension, or None."""
    found = parse_stage(name.rpartition(".")[0] or name)
    return None if found is None else found.stage


def stamp_of(name: str) -> datetime | None:
    """The time in a file name, such as `20250708_060416`, or None."""
    found = _STAMP.search(name)
    try:
        return datetime.strptime("".join(found.groups()), "%Y%m%d%H%M%S") if found else None
    except ValueError:
        return None
