"""Marks of values that Proofsheet writes into files and sidecars.

Holds `mark_of`, `WRITTEN_HERE` and `written_here`.
Add here: another way to know our own values.
Keep out: which value counts (written_fields.py, publish/sidecar_merge.py).

Proofsheet marks what it writes by a property of its own namespace: a list of field and digest of the value.
The mark goes where the file goes. A value that differs from its mark is a later one of people.
"""

from __future__ import annotations

from proofsheet.core.files import short_hash
from proofsheet.metadata.xmp import OWN
from proofsheet.metadata.xmp_packet import XmpPacket

WRITTEN_HERE = f"{OWN}:Written"


def mark_of(field: str, value: object) -> str:
    """The mark of a value that Proofsheet writes.

    Args:
        field: its column in `WrittenFields`, or another name for a field that is not read.
        value: a text or a number; spaces and the case of letters do not count.
    """
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{field}:{short_hash(' '.join(text.casefold().split()))}"


def written_here(xmp: XmpPacket) -> list[str]:
    """The marks in a packet."""
    return xmp.values.get(WRITTEN_HERE, [])
