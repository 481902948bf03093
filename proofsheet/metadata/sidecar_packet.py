"""What an XMP sidecar says: the fields of people, and what Proofsheet wrote into it.

Holds `sidecar_fields`, `mark_of` and `FOR_EXTENSION`.
Add here: another property that only sidecars have.
Keep out: the fields themselves (written_fields.py), and files (library/sidecars.py).

Proofsheet marks what it writes by a property of its own namespace: a list of field and digest of the value.
The mark goes where the sidecar goes. A value that differs from its mark is a later one of people.
"""

from __future__ import annotations

from collections.abc import Mapping

from proofsheet.core.files import short_hash
from proofsheet.metadata.written_fields import fields_of_packet
from proofsheet.metadata.xmp import OWN
from proofsheet.metadata.xmp_packet import XmpPacket
from schemas.written import SidecarMetadata

FOR_EXTENSION = "for_extension"
WRITTEN_HERE = f"{OWN}:Written"


def mark_of(field: str, value: object) -> str:
    """The mark of a value that Proofsheet writes.

    Args:
        field: its column in `WrittenFields`, or another name for a field that is not read.
        value: a text or a number; spaces and the case of letters do not count.
    """
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{field}:{short_hash(' '.join(text.casefold().split()))}"


def sidecar_fields(packet: bytes) -> Mapping[str, object]:
    """The columns of `SidecarMetadata` that come from its content, and the extension that it is for.

    Raises:
        ValueError: with the reason in words, if it cannot be read.
    """
    xmp = XmpPacket.read(packet)
    extension = next(iter(xmp.values.get("photoshop:SidecarForExtension", [])), "")
    return {
        **fields_of_packet(xmp),
        FOR_EXTENSION: extension.strip().lower() or None,
        SidecarMetadata.written_here: xmp.values.get(WRITTEN_HERE, []),
    }
