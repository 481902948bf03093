"""Which XMP sidecar belongs to which picture.

Holds `sidecar_of`, `existing_sidecar` and `sidecar_path`.
Add here: another way in which programs name sidecars.
Keep out: what is in a sidecar (xmp_sidecar.py).

`name.ext.xmp` belongs to one picture. `stem.xmp` belongs to the RAW file of that stem, else to the only
picture.
"""

from __future__ import annotations

import re
from pathlib import Path

from proofsheet.core.errors import UsageError
from proofsheet.imaging.formats import RAW_EXTENSIONS

_NOTES = frozenset({".xmp", ".txt", ".json", ".yaml", ".yml", ".csv"})
_FOR_EXTENSION = re.compile(rb"SidecarForExtension\s*(?:=\s*[\"']|>)\s*(\w+)")


def sidecar_of(picture: Path, style: str) -> Path:
    """The file for the fields of a picture: its sidecar that is there, else a new one.

    Args:
        picture: the picture.
        style: of a new one: darktable gives name.ext.xmp, adobe gives stem.xmp.

    Raises:
        UsageError: for a new one of adobe, if another picture in the folder has the same stem.
    """
    return existing_sidecar(picture) or sidecar_path(picture, style)


def sidecar_path(picture: Path, style: str) -> Path:
    """The place of a new sidecar; arguments and errors as in `sidecar_of`."""
    if style == "darktable":
        return picture.with_name(picture.name + ".xmp")
    if rivals := _rivals(picture):
        raise UsageError(
            f"{picture.name} and {', '.join(rivals)} would share the sidecar {picture.stem}.xmp.",
            "Use the style darktable: its sidecars keep the extension.",
        )
    if there := _named(picture, picture.stem + ".xmp"):
        raise UsageError(
            f"{there.name} is not the sidecar of {picture.name}: it names the extension {_extension(there)}.",
            "Use the style darktable: its sidecars keep the extension.",
        )
    return picture.with_suffix(".xmp")


def existing_sidecar(picture: Path) -> Path | None:
    """The sidecar of a picture that is there, in either style and either case; never that of another file."""
    if own := _named(picture, picture.name + ".xmp"):
        return own
    shared = _named(picture, picture.stem + ".xmp")
    if shared is None or _rivals(picture):
        return None
    return shared if _extension(shared) in ("", picture.suffix.lstrip(".").upper()) else None


def _named(picture: Path, name: str) -> Path | None:
    """A file of this name beside the picture: exactly so, else in another case."""
    exact = picture.with_name(name)
    if exact.is_file():
        return exact
    found = (p for p in picture.parent.iterdir() if p.name.casefold() == name.casefold() and p.is_file())
    return min(found, default=None)


def _rivals(picture: Path) -> list[str]:
    """Files that `stem.xmp` may belong to instead; for a RAW file only other RAW files."""
    is_raw = picture.suffix.lower() in RAW_EXTENSIONS
    return sorted(
        p.name
        for p in picture.parent.iterdir()
        if p.stem.casefold() == picture.stem.casefold()
        and p.name != picture.name
        and p.suffix.lower() not in _NOTES
        and (not is_raw or p.suffix.lower() in RAW_EXTENSIONS)
        and p.is_file()
    )


def _extension(sidecar: Path) -> str:
    """The extension in capitals that a sidecar says it is for; empty if it says none or cannot be read."""
    try:
        raw = sidecar.read_bytes().replace(b"\0", b"")  # also of UTF-16
    except OSError:
        return ""
    found = _FOR_EXTENSION.search(raw)
    return found[1].decode("ascii", "ignore").upper() if found else ""
