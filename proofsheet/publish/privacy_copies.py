"""Privacy copies of pictures: the same copies as for publishing, without texts of ours, in a folder.

Holds `PrivacyTask`, `PrivacyCopy`, `PrivacyRow`, `planned_scrub` and `scrub_pictures`.
Add here: another fact of a copy.
Keep out: how a copy is made and read back (embedded_metadata.py), writing (new_files.py), the proof
(privacy_proof.py).
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
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
        profile: what stayed.
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
    profile: PrivacyProfile

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
    work = CopyWork(privacy_copy, tasks, functools.partial(_row, profile))
    return write_copies(plan, work, files, settings, progress, only_plan=only_plan)


def _row(profile: PrivacyProfile, copy: PlannedCopy, state: CopyState, new: PrivacyCopy) -> PrivacyRow:
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
        profile,
    )
