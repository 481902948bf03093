"""What an XMP sidecar says: the fields of people, and what Proofsheet wrote into it.

Holds `sidecar_fields` and `FOR_EXTENSION`.
Add here: another property that only sidecars have.
Keep out: the fields themselves (written_fields.py), our marks (own_marks.py), files (library/sidecars.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from proofsheet.metadata.own_marks import written_here
from proofsheet.metadata.written_fields import fields_of_packet
from proofsheet.metadata.xmp_packet import XmpPacket
from schemas.written import SidecarMetadata

FOR_EXTENSION = "for_extension"


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
        SidecarMetadata.written_here: written_here(xmp),
    }
