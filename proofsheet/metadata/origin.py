"""The origin of a picture by standards of provenance: C2PA and IPTC.

Holds `origin_facts`.
Add here: another standard that states how a picture was made.
Keep out: texts of generators (generation_metadata.py), manifests (c2pa.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from proofsheet.imaging.decode import Picture
from proofsheet.metadata.c2pa import read_manifest
from proofsheet.metadata.generators import GENERATED, generator_of
from proofsheet.metadata.text_values import Facts
from schemas.library import GenerationFact


def origin_facts(picture: Picture, xmp: Mapping[str, str], texts: Mapping[str, str]) -> Facts:
    """What C2PA and IPTC say, and the generator's name where a field for programs holds one.

    Args:
        picture: the opened picture.
        xmp: its properties.
        texts: its texts, by place.
    """
    origin = read_manifest(picture.blocks.manifest)
    source_type = origin.source_type or _source_type(xmp.get("Iptc4xmpExt:DigitalSourceType"))
    places = {n: texts.get(n) for n in ("Software", "Make", "Model")}
    credited = ("xmp:CreatorTool", "photoshop:Credit") if source_type in GENERATED else ("xmp:CreatorTool",)
    places |= {f"xmp {n}": xmp.get(n) for n in credited}
    places = {n: v for n, v in places.items() if generator_of(v)}
    if source_type in GENERATED and generator_of(" ".join(origin.made_by)):
        places = {"C2PA": next(n for n in origin.made_by if generator_of(n)), **places}
    found_in = [
        *places,
        *(["C2PA"] if picture.blocks.manifest else []),
        *(["xmp Iptc4xmpExt:DigitalSourceType"] if source_type else []),
    ]
    return {
        GenerationFact.tool: generator_of(next(iter(places.values()), None)),
        GenerationFact.digital_source_type: source_type,
        GenerationFact.c2pa: bool(picture.blocks.manifest),
        GenerationFact.found_in: found_in[0] if found_in else None,
    }


def _source_type(value: str | None) -> str | None:
    name = (value or "").rstrip("/").rpartition("/")[2]
    return name if re.fullmatch(r"[A-Za-z]{3,60}", name) else None
