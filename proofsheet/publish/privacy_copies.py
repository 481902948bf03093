"""Privacy copies of pictures: the same copies as for publishing, without texts of ours, in a folder.

Holds `PrivacyTask`, `PrivacyCopy`, `PrivacyRow`, `planned_scrub`, `scrub_pictures` and `proof_files`.
Add here: another fact of the proof.
Keep out: how a copy is made and read back (embedded_metadata.py), writing (new_files.py).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from proofsheet.core.errors import ProofsheetError
from proofsheet.core.files import Fingerprint, Refused
from proofsheet.core.progress import Progress
from proofsheet.imaging.decode import PictureFile
from proofsheet.imaging.formats import DECODER_ERRORS
from proofsheet.library.file_hashes import Scan
from proofsheet.publish.copy_plan import CopyPlan, PlannedCopy, copy_plan
from proofsheet.publish.copy_run import CopyReport, CopyState, CopyWork, write_copies
from proofsheet.publish.embedded_metadata import publishable_copy
from proofsheet.publish.face_blur import FaceBlur, with_blurred_faces
from proofsheet.publish.new_files import NewFiles
from schemas.settings.photos import PhotoSettings
from schemas.settings.publish import PROFILES, PrivacyProfile

PROOF = "proofsheet-proof"  # name of the proof, as json and txt
_NO_TEXTS = {"title": "", "caption": "", "alt_text": "", "keywords": ()}


@dataclass(frozen=True)
class PrivacyTask:
    """A picture of which a copy is wanted.

    Attributes:
        file: as it was when it was hashed.
        profile: what stays.
        rights: the copyright of pictures without one.
        place: folder for unfinished copies.
        blur: how faces are blurred; None leaves them.
    """

    file: PictureFile
    profile: PrivacyProfile
    rights: str
    place: Path
    blur: FaceBlur | None = None


@dataclass(frozen=True)
class PrivacyCopy:
    """A copy in memory.

    Attributes:
        data: all of it.
        fields: metadata in it, by the tags of exiftool.
        parts: name and size in bytes of each of its parts.
        left_out: what of the original it lacks beside metadata.
        blurred_faces: their number; None if faces were left.
    """

    data: bytes
    fields: dict[str, str | list[str]]
    parts: list[tuple[str, int]]
    left_out: tuple[str, ...]
    blurred_faces: int | None


@dataclass(frozen=True)
class PrivacyRow:
    """What is in a privacy copy.

    Attributes:
        source: path of the original inside its folder.
        target: path of the copy inside the folder for copies.
        state: written now, there already with the same content, or planned.
        size_bytes: of the copy.
        content_hash: SHA-256 of the copy.
        fields: all metadata in it, by the tags of exiftool.
        parts: all its parts, with their sizes in bytes, in the order of the file.
        left_out: what of the original it lacks beside metadata.
        blurred_faces: their number; None if faces were left.
    """

    source: str
    target: str
    state: CopyState
    size_bytes: int
    content_hash: str
    fields: dict[str, str | list[str]]
    parts: list[tuple[str, int]]
    left_out: list[str]
    blurred_faces: int | None

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def planned_scrub(scanned: Scan, out: Path) -> CopyPlan:
    """The copy of each picture of a folder, under its own name."""
    return copy_plan(scanned, out, lambda picture: PurePosixPath(picture.path).suffix)


def privacy_copy(task: PrivacyTask) -> PrivacyCopy | Refused:
    """A copy of a picture, or why there is none. The original is only read."""
    try:
        if Fingerprint.at(str(task.file.path)) != task.file.fingerprint:
            return Refused("vanished", "it changed after it was planned", "run again")
        with tempfile.TemporaryDirectory(dir=task.place) as folder:
            picture, faces = _picture(task, Path(folder))
            keep = PROFILES[task.profile]
            with publishable_copy(picture, _NO_TEXTS, keep, task.place, task.rights) as copy:
                parts = [(p.name, p.size) for p in copy.parts]
                data = copy.path.read_bytes()
                return PrivacyCopy(data, dict(copy.fields), parts, copy.left_out, faces)
    except Refused as refused:
        return refused
    except ProofsheetError as error:
        return Refused("unreadable", error.what.rstrip("."), error.next_step)
    except DECODER_ERRORS as error:
        why = str(error) or type(error).__name__
        return Refused("unreadable", why, "open it in another program")


def _picture(task: PrivacyTask, folder: Path) -> tuple[Path, int | None]:
    """The file that is copied: the original, or one with blurred faces in this folder, and their number."""
    original = task.file.path
    if task.blur is None:
        return original, None
    data, faces = with_blurred_faces(original.read_bytes(), task.blur)
    if not faces:
        return original, 0
    picture = folder / original.name
    picture.write_bytes(data)
    return picture, faces


def scrub_pictures(
    plan: CopyPlan,
    files: NewFiles,
    profile: PrivacyProfile,
    rights: str,
    settings: PhotoSettings,
    place: Path,
    progress: Progress,
    *,
    blur: FaceBlur | None = None,
    only_plan: bool = False,
) -> CopyReport[PrivacyRow]:
    """Write the copies of a plan; a picture of which no copy can be made is reported and the others go on.

    Args:
        plan: of `planned_scrub`.
        files: where to.
        profile: what stays.
        rights: the copyright of pictures without one.
        settings: worker processes and time limit.
        place: folder for unfinished copies, outside of `files`.
        progress: called after every picture.
        blur: how faces are blurred; None leaves them.
        only_plan: whether copies are made to see what would be refused, and none is written.
    """
    tasks = [PrivacyTask(c.source.file, profile, rights, place, blur) for c in plan.copies]
    work = CopyWork(privacy_copy, tasks, _row)
    return write_copies(plan, work, files, settings, progress, only_plan=only_plan)


def _row(copy: PlannedCopy, state: CopyState, new: PrivacyCopy) -> PrivacyRow:
    digest = hashlib.sha256(new.data).hexdigest()
    size, left_out = len(new.data), list(new.left_out)
    return PrivacyRow(
        copy.source.path,
        copy.target,
        state,
        size,
        digest,
        new.fields,
        new.parts,
        left_out,
        new.blurred_faces,
    )


def proof_files(rows: Sequence[PrivacyRow], profile: PrivacyProfile) -> dict[str, bytes]:
    """The proof by the names of its files: what is left in each copy, for programs and for people.

    It names copies alone, and nothing of the originals, so that it can be given away with them.
    """
    told = [{n: v for n, v in row.as_dict().items() if n not in ("source", "state")} for row in rows]
    document = {"made_by": "proofsheet scrub", "profile": profile, "copies": told}
    text = "".join(_in_words(row) for row in rows)
    return {
        f"{PROOF}.json": (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode(),
        f"{PROOF}.txt": f"Privacy copies, profile {profile}: all that is in each of them.\n\n{text}".encode(),
    }


def _in_words(row: PrivacyRow) -> str:
    lines = [f"{row.target}  {row.size_bytes:,} bytes  SHA-256 {row.content_hash}"]
    lines += [f"  {n}: {', '.join(v) if isinstance(v, list) else v}" for n, v in row.fields.items()]
    lines += [] if row.fields else ["  no metadata"]
    lines += [] if row.blurred_faces is None else [f"  blurred faces: {row.blurred_faces}"]
    lines += [f"  parts: {', '.join(f'{n} {size:,} B' for n, size in row.parts)}"]
    lines += [f"  left out of the original: {', '.join(row.left_out)}"] if row.left_out else []
    return "\n".join(lines) + "\n\n"
