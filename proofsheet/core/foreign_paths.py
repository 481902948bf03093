"""Paths as other machines and programs write them.

Holds `normalised` and `file_name_of`.
Add here: another notation of paths.
Keep out: which project or picture a path leads to (history/).
"""

from __future__ import annotations

import re
import unicodedata

_DRIVE = re.compile(r"^(//\?/)?[A-Za-z]:(?=/|$)")


def normalised(path: str) -> str:
    """A path with forward slashes, in NFC, without drive, empty parts and `.`; the case stays."""
    text = unicodedata.normalize("NFC", path.strip().strip('"').replace("\\", "/"))
    parts = [p.strip() for p in _DRIVE.sub("", text).split("/")]
    return "/".join(p for p in parts if p not in {"", "."})


def file_name_of(path: str) -> str:
    """The last part of a path in any notation, in NFC."""
    return normalised(path).rpartition("/")[2]
