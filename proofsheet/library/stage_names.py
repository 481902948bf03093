"""What file names say.

Holds `parse_stage`, `stage_of` and `named_time`.
Add here: another naming scheme.
Keep out: anything that opens a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_STAGE = re.compile(
    r"^(?P<series>.+?)[_\-. ]stage(?P<stage>\d+(?:\.\d+)?)(?:[_\-. ](?P<label>.+))?$", re.IGNORECASE
)

_STAMP = re.compile(
    r"(?<!\d)(?P<day>(?:19|20)\d\d(?P<mark>[-_. ]?)(?:0[1-9]|1[0-2])(?P=mark)(?:0[1-9]|[12]\d|3[01]))"
    r"(?:[-_. T]|\sat\s|_at_)*(?P<time>(?:[01]\d|2[0-3])[-_.:h]?[0-5]\d[-_.:m]?[0-5]\d)(?P<rest>\d{0,6})"
    r"(?!\d)"
)


@dataclass(frozen=True)
class Stage:
    """A parsed name."""

    series: str
    stage: float
    label: str | None


def parse_stage(stem: str) -> Stage | None:
    """The stage in a file name without extension, or None.

    An example is `20250708_060416_stage1.5_face_swapped`.
    """
    found = _STAGE.match(stem)
    if found is None:
        return None
    return Stage(found["series"], float(found["stage"]), found["label"])


def stage_of(name: str) -> float | None:
    """The stage number in a file name with its extension, or None."""
    found = parse_stage(name.rpartition(".")[0] or name)
    return None if found is None else found.stage


def named_time(stem: str) -> datetime | None:
    """The time stamp in a file name, as written, or None.

    Examples are `IMG_20250708_060416` and `Screenshot 2025-07-08 at 06.04.16`.
    """
    found = _STAMP.search(stem)
    if found is None:
        return None
    digits = re.sub(r"\D", "", found["day"] + found["time"])
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError:  # the thirtieth of February, say
        return None
