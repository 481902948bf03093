"""XMP sidecars: our fields merged into whatever is there; nothing foreign is lost, and nothing is replaced.

Holds `Fields`, `Merged`, `read_sidecar`, `would_change` and `merge_sidecar`.
Add here: another field that other tools read.
Keep out: what is written when (commands, publishing), which value counts (sidecar_merge.py), the names of
sidecars (sidecar_names.py), and exiftool itself (metadata/exiftool.py).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofsheet.core.errors import UsageError
from proofsheet.core.files import fsync_file, fsync_folder
from proofsheet.metadata.exiftool import READING, read_fields, run_exiftool, write_values
from proofsheet.publish.sidecar_merge import (
    ALT_TEXT,
    COLUMNS,
    DESCRIPTION,
    EXTENDED,
    FLAG,
    HIERARCHY,
    LABEL,
    MARKS,
    RATING,
    SUBJECT,
    TAGS_LIST,
    TITLE,
    Merge,
    MergeSources,
    merged_fields,
    same,
)

EXTENSION = "XMP-photoshop:SidecarForExtension"
_BY_LANGUAGE = frozenset({TITLE, DESCRIPTION, ALT_TEXT, EXTENDED})
_OURS = frozenset({*COLUMNS, EXTENSION, MARKS})
_OF_THE_TOOL = ("SourceFile", "ExifTool:", "System:", "File:", "XMP-x:XMPToolkit")


@dataclass(frozen=True)
class Fields:
    """What is to be written; None and empty leave the sidecar's own, but for an empty label: it is removed.

    Attributes:
        rating: -1 (rejected) to 5; a whole number unless a program wrote a half star.
        label: colour label.
        flag: 1 picked, -1 rejected, 0 none.
        title: one line.
        description: caption.
        alt_text: for people who cannot see the picture.
        extended: longer description for them.
        keywords: flat keywords.
        paths: keywords with their broader terms, broadest first.
    """

    rating: float | None = None
    label: str | None = None
    flag: int | None = None
    title: str | None = None
    description: str | None = None
    alt_text: str | None = None
    extended: str | None = None
    keywords: tuple[str, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()

    def values(self) -> dict[str, Any]:
        """By the tags of exiftool."""
        found = {
            RATING: self.rating,
            FLAG: self.flag,
            TITLE: self.title,
            DESCRIPTION: self.description,
            ALT_TEXT: self.alt_text,
            EXTENDED: self.extended,
            SUBJECT: list(self.keywords),
            HIERARCHY: ["|".join(p) for p in self.paths],
            TAGS_LIST: ["/".join(p) for p in self.paths],
        }
        told = {n: v for n, v in found.items() if v not in (None, "", [])}
        return told if self.label is None else {**told, LABEL: self.label}


def read_sidecar(path: Path) -> dict[str, Any]:
    """Every field of a sidecar, by the tags of exiftool; structures as such.

    Raises:
        UsageError: if exiftool cannot read it.
    """
    done = run_exiftool([*READING, path])
    try:
        found = read_fields(done.stdout)
    except (ValueError, IndexError, RecursionError):
        found = {"ExifTool:Error": done.stderr.strip()[:200] or "it gave no reason"}
    told = found.get("ExifTool:Error") or found.get("ExifTool:Warning")
    if found.get("File:FileType") != "XMP":
        told = told or "it is no XMP"
    if told:
        raise UsageError(
            f"The sidecar {path} cannot be read: {told}.", "Correct it or move it away; it was not touched."
        )
    return found


def foreign(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What others wrote: everything but our fields and facts about the file."""
    return {n: v for n, v in fields.items() if n not in _OURS and not n.startswith(_OF_THE_TOOL)}


@dataclass(frozen=True)
class Merged:
    """What a merge did or would do.

    Attributes:
        changed: whether the file was written, or would be.
        conflicts: fields that people wrote or removed, each with the reason.
    """

    changed: bool
    conflicts: tuple[str, ...] = ()


def merge_sidecar(
    path: Path, fields: Fields, *, extension: str, sources: MergeSources | None = None
) -> Merged:
    """Write fields into a sidecar; a missing one is created.

    What people wrote stays: their values do not change, their keywords are merged with ours, and what they
    removed is not written again. See sidecar_merge.py.

    Args:
        path: of the sidecar.
        fields: what is to be written.
        extension: of the picture, as it is noted in the sidecar.
        sources: what is known beside the sidecar.

    Raises:
        UsageError: if the sidecar is not readable, if the picture is another one, or if something foreign
            would be lost; it is untouched then.
        ServiceUnreachable: if exiftool is not installed.
    """
    before, made = _planned(path, fields, extension, sources)
    if not made.values:
        return Merged(False, tuple(made.conflicts))
    with tempfile.TemporaryDirectory(prefix=".proofsheet-", dir=path.parent) as folder:
        work = Path(folder).resolve() / "work.xmp"
        if path.exists():
            shutil.copyfile(path, work)
        _write(path, work, made.values)
        _check(path, before, read_sidecar(work), made.values)
        fsync_file(work)
        if path.exists():
            shutil.copymode(path, work)
        os.replace(work, path)  # noqa: PTH105 - over an open name, in one step
    fsync_folder(path.parent)
    return Merged(True, tuple(made.conflicts))


def _write(path: Path, work: Path, values: Mapping[str, Any]) -> None:
    """Write values into a copy of a sidecar by exiftool."""
    named = {
        n + ("-x-default" if n in _BY_LANGUAGE else ""): v for n, v in values.items()
    }  # other languages stay
    done = write_values(work, named)
    if done.returncode or not work.is_file():
        raise UsageError(
            f"exiftool could not write {path}: {done.stderr.strip()[:200]}.",
            "The sidecar was not touched.",
        )


def would_change(
    path: Path, fields: Fields, *, extension: str, sources: MergeSources | None = None
) -> Merged:
    """What `merge_sidecar` would do; arguments and errors as there."""
    made = _planned(path, fields, extension, sources)[1]
    return Merged(bool(made.values), tuple(made.conflicts))


def _planned(
    path: Path, fields: Fields, extension: str, sources: MergeSources | None
) -> tuple[dict[str, Any], Merge]:
    """What the sidecar holds, and what is to be written into it."""
    if path.is_symlink():
        raise UsageError(
            f"The sidecar {path} is a link.", "Links are not followed; write the sidecar by hand."
        )
    sources = sources or MergeSources()
    sources.check_picture()
    before = read_sidecar(path) if path.exists() else {}
    told = fields.values()
    if told:
        told[EXTENSION] = extension.lstrip(".").upper()
    made = merged_fields(before, told, sources)
    if made.values.keys() == {EXTENSION}:
        made.values.clear()  # a sidecar that says nothing else is not written for it
    return before, made


def _check(
    path: Path, before: Mapping[str, Any], after: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Nothing foreign differs, and what was written reads so."""
    if lost := sorted(n for n, v in foreign(before).items() if after.get(n) != v):
        raise UsageError(
            f"Writing {path} would change {', '.join(lost[:3])}.",
            "The sidecar was not touched; write it by hand.",
        )
    wrong = [n for n, v in values.items() if not same(after.get(n), v)]
    if wrong:
        raise UsageError(
            f"{path}: {', '.join(wrong)} did not read back as written.", "The sidecar was not touched."
        )
