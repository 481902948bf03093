"""`proofsheet doctor`.

Holds the command and its checks.
Add here: a check with its next step.
Keep out: repairs; it only checks.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Literal

import click
from pydantic import BaseModel

from dagster_project.commands.common import json_option, print_json, settings_and_workspace
from proofsheet.core import extras
from proofsheet.core.config import Configuration
from proofsheet.core.errors import ProofsheetError
from proofsheet.embedding.encoders import choose_encoder
from proofsheet.labeling.content_score import content_model
from proofsheet.labeling.detectors import choose_detector
from proofsheet.labeling.face_finder import choose_faces
from proofsheet.labeling.ocr import ocr_model
from proofsheet.labeling.photo_labels import choose_labeller
from proofsheet.library.renamed_folders import find_renamed
from proofsheet.storage.health import trouble_of
from proofsheet.storage.project_keys import SHARED
from proofsheet.storage.workspace import LINK, Workspace
from proofsheet.texts.client.discovery import choose_server
from proofsheet.training import torch_mlp

_OPTIONAL = (
    ("darktable-cli", "darktable", "reads RAW files"),
    ("exiftool", "libimage-exiftool-perl", "writes XMP sidecars, and texts into pictures"),
)
_LITTLE_ROOM = 2 * 1024**3
_PACKAGES = ("dagster", "duckdb", "polars", "pandera", "pillow", "opencv-python-headless")


@dataclass(frozen=True)
class Line:
    """One finding."""

    state: Literal["ok", "warn", "fail"]
    what: str
    mend: str = ""


@click.command()
@click.option(
    "--settings", "show_settings", is_flag=True, help="Show every setting with its value and meaning instead."
)
@json_option
def doctor(show_settings: bool, as_json: bool) -> None:
    """Check the installation and the settings. Each line is ok, warn or fail, with a next step."""
    settings, workspace = settings_and_workspace()
    if show_settings:
        _show_settings(settings, as_json)
        return
    lines = [*_look(workspace), *_programs(settings, workspace)]
    if as_json:
        print_json({"checks": [asdict(line) for line in lines]})
    else:
        for line in lines:
            click.echo(f"{line.state:5}{line.what}" + (f" – {line.mend}" if line.mend else ""))
    if any(line.state == "fail" for line in lines):
        sys.exit(1)


def _look(workspace: Workspace) -> Iterator[Line]:
    yield Line("ok", f"Python {sys.version.split()[0]}; " + ", ".join(f"{p} {version(p)}" for p in _PACKAGES))
    projects, shelf = workspace.projects(), workspace.shelf()
    where = f"library {workspace.library}: {len(projects)} projects"
    yield Line("ok", where) if projects else Line("warn", where, "make a sub-folder for each project")
    if workspace.library_link:
        yield Line(
            "warn",
            f"the library is a link to {workspace.library_link}",
            "name that folder in proofsheet.toml",
        )
    for name, target in shelf.links.items():
        yield Line("warn", f"{name} is a link to {target}, and links are not followed", LINK)
    for name, reason in shelf.left_out.items():
        yield Line("ok", f"{name} is left out: {reason}")
    for question in find_renamed(workspace):
        yield Line("ok" if question.sure else "warn", question.summary)
    if shelf.loose:
        yield Line(
            "warn",
            f"{shelf.loose} files are directly in the library folder",
            "move them into a project folder",
        )
    try:
        workspace.home.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(workspace.home).free
    except OSError as error:
        yield Line(
            "fail", f"home {workspace.home}: {error.strerror}", "give write permission or choose another home"
        )
        return
    room = f"home {workspace.home}: {free / 1024**3:.1f} GiB free"
    yield (
        Line("ok", room)
        if free > _LITTLE_ROOM
        else Line("warn", room, "free some space; each write needs room beside the former generation")
    )
    for project in [*projects, workspace.shared]:
        if trouble := trouble_of(project):
            yield Line("fail", f"project {project.name}: {trouble.problem}", trouble.next_step)
        elif project.key != SHARED:
            yield Line(
                "ok",
                f"project {project.name}: store generation {project.store.generation()} and ledger readable",
            )


def _programs(settings: Configuration, workspace: Workspace) -> Iterator[Line]:
    """The optional parts: programs, encoder, detector."""
    for program, package, use in _OPTIONAL:
        found = shutil.which(program)
        yield (
            Line("ok", f"{program} at {found}: {use}")
            if found
            else Line("warn", f"{program} not found: {use}", f"install {package}")
        )
    try:
        encoder = choose_encoder(settings.encoder, workspace.home / "models")
        yield Line("ok", f"encoder {encoder.encoder_id} ({encoder.why})")
    except ProofsheetError as error:
        yield Line("fail", error.what, error.next_step)
    labeller = choose_labeller(settings.labels, workspace.home / "models")
    yield (
        Line("ok", f"labels by {labeller.network.encoder_id}")
        if labeller.network
        else Line("warn", "labels", labeller.why)
    )
    yield from _faces(settings)
    yield _describer(settings)
    detector = choose_detector(settings.objects, settings.encoder.device)
    yield (
        Line("ok", f"detector {detector.name}") if detector.ready else Line("warn", "objects", detector.note)
    )
    for use, model, off in (
        ("OCR", ocr_model(settings.ocr), settings.ocr.read == "none"),
        ("flags", content_model(settings.flags), settings.flags.model == "none"),
    ):
        yield (
            Line("ok" if off else "warn", use, model.note)
            if model.note
            else Line("ok", f"{use} by {model.name}")
        )
    told = "training of ranker and crop proposer"
    yield Line("ok", told) if torch_mlp.installed() else Line("warn", f"{told}: not available", extras.LEARN)


def _faces(settings: Configuration) -> Iterator[Line]:
    found = choose_faces(settings.faces)
    if found.faces is None:
        yield Line("warn", "faces", found.why)
        return
    yield Line("ok", f"faces by {found.version}")
    if found.eyes is None:
        yield Line("warn", "open and closed eyes", found.why_no_eyes)


def _describer(settings: Configuration) -> Line:
    choice = choose_server(settings.model)
    if choice.server is None:
        return Line(
            "warn",
            f"describer: embedded ({choice.why})",
            "start Ollama with a vision model, or set [model] openai_url",
        )
    known = choice.server.identity
    told = f"describer: {known.backend} {known.name}"
    return Line("warn", told, known.why) if known.why else Line("ok", told)


def _show_settings(settings: Configuration, as_json: bool) -> None:
    told = []
    for section in type(settings).model_fields:
        values: BaseModel = getattr(settings, section)
        for name, field in type(values).model_fields.items():
            told.append(
                {
                    "section": section,
                    "setting": name,
                    "value": getattr(values, name),
                    "meaning": field.description,
                }
            )
    if as_json:
        print_json({"settings": told})
        return
    for one in told:
        click.echo(f"[{one['section']}] {one['setting']} = {one['value']!r}\n    {one['meaning']}")
