"""What exiftool says that people wrote into a file, in the columns of `WrittenFields`.

The rules of the Metadata Working Group are those of exiftool's own module; ours are not asked.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from schemas.written import LISTS, WrittenFields
from tests.support.kit import pixels

MWG = {
    WrittenFields.description: "Description",
    WrittenFields.keywords: "Keywords",
    WrittenFields.creators: "Creator",
    WrittenFields.copyright: "Copyright",
    WrittenFields.city: "City",
    WrittenFields.state: "State",
    WrittenFields.country: "Country",
    WrittenFields.location: "Location",
}
PLAIN = {  # the first that is there counts, after those of the Group, which leave IPTC in PNG out
    WrittenFields.title: ("XMP-dc:Title", "IPTC:ObjectName", "IFD0:XPTitle"),
    WrittenFields.headline: ("XMP-photoshop:Headline", "IPTC:Headline"),
    WrittenFields.description: ("IPTC:Caption-Abstract",),
    WrittenFields.keywords: ("IPTC:Keywords", "IFD0:XPKeywords"),
    WrittenFields.creators: ("IPTC:By-line", "IFD0:XPAuthor"),
    WrittenFields.copyright: ("IPTC:CopyrightNotice",),
    WrittenFields.city: ("IPTC:City",),
    WrittenFields.state: ("IPTC:Province-State",),
    WrittenFields.country: ("IPTC:Country-PrimaryLocationName",),
    WrittenFields.location: ("IPTC:Sub-location",),
    WrittenFields.usage_terms: ("XMP-xmpRights:UsageTerms",),
    WrittenFields.rating: ("XMP-xmp:Rating", "IFD0:Rating"),
    WrittenFields.label: ("XMP-xmp:Label",),
    WrittenFields.hierarchical_keywords: ("XMP-lr:HierarchicalSubject",),
}


def exiftool_says(files: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """File to field to value: texts, lists of texts, and a number for the rating."""
    tags = [f"-MWG:{name}" for name in MWG.values()]
    tags += [f"-{tag}" for names in PLAIN.values() for tag in names]
    command = ["exiftool", "-json", "-G1", "-n", "-charset", "iptc=Latin", *tags, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    rows = json.loads(done.stdout, parse_float=str, parse_int=str)
    return {row["SourceFile"]: _fields(row) for row in rows}


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, name in MWG.items():
        found[field] = row.get(f"MWG:{name}")
    for field, names in PLAIN.items():
        if found.get(field) in (None, "", []):
            found[field] = next((row[n] for n in names if row.get(n) not in (None, "")), None)
    return {field: _plain(field, value) for field, value in found.items()}


def _plain(field: str, value: Any) -> Any:
    if field == WrittenFields.rating:
        return float(value) or None if value is not None else None
    parts = value if isinstance(value, list) else [] if value is None else [value]
    if field in LISTS:
        words = [w for part in parts for w in str(part).split(";")]
        return list(dict.fromkeys(" ".join(w.split()) for w in words if w.strip()))
    return str(parts[0]).strip() or None if parts else None


def dng(path: Path) -> Path:
    """A DNG of 96 x 64 pixels: a TIFF with the tag of its version."""
    options = {50706: b"\x01\x04\x00\x00", 50707: b"\x01\x01\x00\x00"}
    Image.fromarray(pixels(1)).save(path, "TIFF", tiffinfo=options)
    return path


SPACES = {
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0",
    "mwg-kw": "http://www.metadataworkinggroup.com/schemas/keywords/",
    "proofsheet": "urn:proofsheet:xmp:1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
}


def sidecar(attributes: str = "", body: str = "") -> str:
    """A packet with these attributes and elements."""
    declared = " ".join(f'xmlns:{name}="{space}"' for name, space in SPACES.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {declared} {attributes}>{body}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )


def bag(*words: str) -> str:
    """A list of words in XMP."""
    return "<rdf:Bag>" + "".join(f"<rdf:li>{word}</rdf:li>" for word in words) + "</rdf:Bag>"
