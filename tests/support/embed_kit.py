"""Pictures of every container, and plans of texts for them without a run.

Holds builders.
Add here: another container.
Keep out: assertions.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from PIL import Image

from proofsheet.apply.disk import as_journalled
from proofsheet.apply.metadata_writing import fields_for_merge
from proofsheet.apply.plan import Operation
from proofsheet.imaging.decode import prepare_decoders
from proofsheet.publish.embed_plan import EmbedPlan
from proofsheet.publish.embed_values import embed_values
from proofsheet.publish.sidecar_merge import MergeSources
from proofsheet.publish.xmp_sidecar import Fields
from proofsheet.storage.workspace import Project, Workspace
from schemas.apply import EMBED
from tests.support.kit import configuration, pixels
from tests.support.written_kit import dng

FIELDS = Fields(
    rating=4,
    title="Möwe über Köln – 灯塔",
    description='A "gull"\nover the roofs.\n-all= <b>&amp;</b> 🦊',
    alt_text="A gull",
    keywords=("gull", "Möwe", "灯塔", "-gps:all="),
)
CONTAINERS = ("jpg", "tif", "png", "webp", "dng", "heic")
KINDS = {"jpg": "JPEG", "tif": "TIFF", "png": "PNG", "webp": "WEBP", "dng": "DNG", "heic": "HEIF"}
FOREIGN = (
    *("-IFD0:Artist=Zoë", "-IFD0:Make=Canon", "-ExifIFD:LensModel=50mm", "-GPS:GPSLatitude=50.9"),
    *("-GPS:GPSLatitudeRef=N", "-XMP-photoshop:City=Köln", "-XMP-crs:Exposure2012=+0.50"),
    "-XMP-dc:Rights-de=Alle Rechte",
)


def picture(path: Path, seed: int = 1, size: tuple[int, int] = (96, 64)) -> Path:
    """A picture of the container that its name says, with tags of others in it."""
    prepare_decoders()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".dng":
        dng(path)
    else:
        options = {"lossless": True} if path.suffix == ".webp" else {}
        Image.fromarray(pixels(seed, *size)).save(path, **options)
    subprocess.run(["exiftool", "-q", "-overwrite_original", *FOREIGN, str(path)], check=True)
    return path


def embed_project(place: Path, name: str = "harbour") -> Project:
    """A project of that folder; nothing is run."""
    (place / "library" / name).mkdir(parents=True, exist_ok=True)
    settings = configuration(place / "library", place / "home")
    return Workspace(settings.place).project(name)


def embed_plan(project: Project, fields: Fields = FIELDS) -> EmbedPlan:
    """The plan of these texts for every file of a project."""
    files = sorted(p for p in project.folder.iterdir() if p.is_file() and not p.name.startswith("."))
    values, operations = {}, []
    for path, before in zip(files, fields_for_merge(files), strict=True):
        made = embed_values(before, fields, MergeSources(replace=True), KINDS[path.suffix[1:].lower()])
        content, mark = as_journalled(path)
        if made.values:
            values[path.name] = made.values
            place = (path.name, path.name, mark.size, mark.mtime_ns, content)
            operations.append(Operation(path.stem, path.stem, EMBED, "winner", *place, unit=path.stem))
    return EmbedPlan(project.key, operations, values=values)
