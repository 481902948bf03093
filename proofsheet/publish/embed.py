"""Copies that may leave the house: texts in, private things out, and the proof of both.

Holds `publishable_copy`.
Add here: another private thing, with the tags that hold it.
Keep out: where copies go (targets/).

Everything but the colour profile and the orientation is taken out of a copy, then the accepted texts are written in; then the copy
is read back. A copy that still holds anything private, or whose texts read otherwise, is not published.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofsheet.errors import UsageError
from proofsheet.files import hash_file
from proofsheet.publish.sidecar import run_exiftool

PRIVATE = {
    "gps": re.compile(r"GPS|^XMP-exif:GPS|Location|:City$|:Country", re.IGNORECASE),
    "serial": re.compile(r"Serial|InternalSerial|ImageUniqueID|DocumentID|InstanceID", re.IGNORECASE),
    "owner": re.compile(r"Owner|:Artist$|:Creator$|:By-line$|Copyright|HostComputer", re.IGNORECASE),
    "prompt": re.compile(
        r":Parameters$|:Prompt$|:Workflow$|UserComment|sd-metadata|Dream|InvokeAI|:Comment$|:Software$", re.IGNORECASE
    ),
}
_KEPT_BY = {
    "gps": ("-gps:all", "-xmp-exif:all"),
    "serial": ("-SerialNumber", "-LensSerialNumber", "-BodySerialNumber"),
    "owner": ("-Artist", "-Copyright", "-OwnerName", "-Creator", "-By-line"),
    "prompt": ("-Parameters", "-Prompt", "-Workflow", "-UserComment"),
}
_OUTSIDE = ("SourceFile", "ExifTool:", "System:", "File:", "Composite:", "ICC_Profile")
TITLE, CAPTION, ALT_TEXT, KEYWORDS = "XMP-dc:Title", "XMP-dc:Description", "XMP-iptcCore:AltTextAccessibility", "XMP-dc:Subject"


@dataclass(frozen=True)
class Copy:
    """A copy that may be published.

    Attributes:
        path: the file.
        content_hash: SHA-256 of it.
        proof: what was read back, in words.
    """

    path: Path
    content_hash: str
    proof: str


@contextmanager
def publishable_copy(picture: Path, texts: Mapping[str, Any], keep: Collection[str], place: Path) -> Iterator[Copy]:
    """A copy that is there for as long as the context; the original is only read.

    Args:
        picture: the original.
        texts: title, caption, alt_text, keywords.
        keep: names of `PRIVATE` that may stay.
        place: folder that copies are made in; whoever was cut off leaves one there.

    Raises:
        UsageError: if exiftool cannot write it, or if something private is left.
        ServiceUnreachable: if exiftool is not installed.
    """
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        work = Path(folder) / f"copy{picture.suffix.lower()}"
        before = hash_file(picture)[0]
        shutil.copyfile(picture, work, follow_symlinks=False)
        kept = [tag for name in keep for tag in _KEPT_BY.get(name, ())]
        clean = ["-all=", "-tagsfromfile", "@", "-icc_profile", "-orientation", "-colorspace", *kept]
        _exiftool(picture, [*clean, "-overwrite_original", "-q", "-q", str(work)])
        told = Path(folder) / "texts.json"
        told.write_text(json.dumps([{"SourceFile": str(work), **_tags(texts)}], ensure_ascii=False), "utf-8")
        _exiftool(picture, [f"-json={told}", "-overwrite_original", "-charset", "utf8", "-codedcharacterset=utf8", str(work)])
        proof = _proved(picture, work, texts, keep)
        if hash_file(picture)[0] != before:
            raise UsageError(f"{picture} changed while it was copied.", "Run the project again; nothing was published.")
        yield Copy(work, hash_file(work)[0], proof)


def _tags(texts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{TITLE}-x-default": texts["title"],
        f"{CAPTION}-x-default": texts["caption"],
        f"{ALT_TEXT}-x-default": texts["alt_text"],
        KEYWORDS: list(texts["keywords"]),
    }


def _proved(picture: Path, work: Path, texts: Mapping[str, Any], keep: Collection[str]) -> str:
    done = run_exiftool(["-json", "-G1", "-a", "-u", "-struct", "-charset", "utf8", str(work)])
    found: dict[str, Any] = json.loads(done.stdout)[0]
    inside = [n for n in found if not n.startswith(_OUTSIDE)]
    left = {kind: [n for n in inside if rule.search(n)] for kind, rule in PRIVATE.items() if kind not in keep}
    if any(left.values()):
        names = ", ".join(n for some in left.values() for n in some[:3])
        raise UsageError(f"A copy of {picture} would still hold {names}.", "It was not published.")
    wanted = {TITLE: texts["title"], CAPTION: texts["caption"], ALT_TEXT: texts["alt_text"], KEYWORDS: list(texts["keywords"])}
    wrong = [n for n, v in wanted.items() if v and _plain(found.get(n)) != _plain(v)]
    if wrong:
        raise UsageError(f"{', '.join(wrong)} of a copy of {picture} did not read back as written.", "It was not published.")
    gone = ", ".join(k for k in PRIVATE if k not in keep)
    return f"texts read back equal; no {gone} among {len(inside)} tags"


def _plain(value: Any) -> list[str]:  # noqa: ANN401 - a list of one comes as its item
    return [str(v) for v in (value if isinstance(value, Sequence) and not isinstance(value, str) else [value])]


def _exiftool(picture: Path, arguments: list[str]) -> None:
    done = run_exiftool(arguments)
    if done.returncode:
        raise UsageError(f"exiftool could not write a copy of {picture}: {done.stderr.strip()[:200]}.", "It was not published.")
