"""`proofsheet models`: the list of models and the download of their weights.

Holds the group and its sub-commands.
Add here: another verb over models.
Keep out: loading and running models (proofsheet/embedding/, proofsheet/labeling/).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from dagster_project.commands.models_learnt import LEARNT, learnt
from proofsheet.core.config import Configuration
from proofsheet.core.package_files import PackageFile
from proofsheet.embedding import classic_encoder, lite0_encoder, torch_runtime
from proofsheet.embedding.encoders import choose_encoder
from proofsheet.embedding.weights import find_weights, pull_weights
from proofsheet.labeling import content_score, ocr
from proofsheet.labeling.content_score import content_model
from proofsheet.labeling.detectors import choose_detector
from proofsheet.labeling.face_finder import EYES, FACES, LICENCES, choose_faces
from proofsheet.labeling.ocr import ocr_model
from proofsheet.labeling.photo_labels import choose_labeller
from proofsheet.labeling.preview_models import PreviewModel
from schemas.settings.labels import FlagSettings, LabelSettings


@click.group()
def models() -> None:
    """List models, download weights, train, promote and export."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List encoders, detectors, other networks and trained models: available, in use, or missing.

    The JSON has models: [{kind, name, state, where, in_use, note}].
    """
    settings, workspace = settings_and_workspace()
    folder = workspace.home / "models"
    rows = [*_encoders(settings, folder), _detector(settings), *_faces(settings), *_extras(settings)]
    rows += learnt(workspace.shared)
    if as_json:
        print_json({"models": rows})
        return
    for line in rows:
        used = "in use" if line["in_use"] else line["state"]
        out().print(f"{line['kind']}: {line['name']} [{used}] {line['where']}".rstrip(), highlight=False)
        if line["note"]:
            out().print(f"  {line['note']}", highlight=False)


def _encoders(settings: Configuration, folder: Path) -> list[dict[str, Any]]:
    """Every encoder; the embedded one is always in use, as sets and duplicates are found by it."""
    chosen, embedded = choose_encoder(settings.encoder, folder), classic_encoder.encoder_id()
    weights = find_weights(settings.encoder, folder) if torch_runtime.installed() else None
    wanted = f"open_clip {settings.encoder.model} {settings.encoder.weights}"
    own = chosen.why if chosen.encoder_id == embedded else "finds sets and duplicates"
    return [
        _row("encoder", embedded, "here", "part of Proofsheet", True, own),
        _lite0(settings, folder),
        _row(
            "encoder",
            weights.label if weights else wanted,
            "here" if weights else "not available",
            str(weights.path) if weights else "",
            chosen.clip is not None,
            chosen.why,
        ),
    ]


def _detector(settings: Configuration) -> dict[str, Any]:
    found = choose_detector(settings.objects, settings.encoder.device)
    state = "here" if found.ready else "not available"
    return _row("detector", found.name, state, found.where, found.ready, found.note)


def _faces(settings: Configuration) -> list[dict[str, Any]]:
    """The networks for faces and for eyes: licence and hash, or what to install."""
    found = choose_faces(settings.faces)
    rows = []
    for kind, file, path, why in (
        ("faces", FACES, found.faces, found.why),
        ("eyes", EYES, found.eyes, found.why_no_eyes),
    ):
        state, used = ("here", found.faces is not None) if path else ("not available", False)
        note = f"{LICENCES[file]}, SHA-256 {file.sha256}" if path else why
        rows.append(_row(kind, f"{file.package}: {Path(file.path).name}", state, str(path or ""), used, note))
    return rows


def _lite0(settings: Configuration, folder: Path) -> dict[str, Any]:
    """The network of the core installation: licence, hash, and what it gives or what to install."""
    labeller = choose_labeller(LabelSettings(), folder)
    if labeller.network is None:
        return _row("encoder", lite0_encoder.NAME, "not available", "", False, labeller.why)
    encodes = choose_encoder(settings.encoder, folder).encoder_id == labeller.network.encoder_id
    labels = settings.labels.model == lite0_encoder.NAME
    gives = [name for name, given in (("vectors", encodes), ("labels", labels)) if given]
    use = " and ".join(gives) or "nothing by the settings"
    note = f"{lite0_encoder.LICENCE}, SHA-256 {lite0_encoder.SHA256}; gives {use}"
    where = str(labeller.network.weights)
    return _row("encoder", labeller.network.encoder_id, "here", where, bool(gives), note)


def _extras(settings: Configuration) -> list[dict[str, Any]]:
    """The models of extras: licence and hashes, or what to install."""
    read, flag = settings.ocr.model_copy(update={"read": "all"}), FlagSettings(model="open_nsfw")
    return [
        _extra("OCR", ocr_model(read), ocr_model(settings.ocr), ocr.LICENCE, list(ocr.WEIGHTS.values())),
        _extra(
            "flags",
            content_model(flag),
            content_model(settings.flags),
            content_score.LICENCE,
            [content_score.WEIGHTS],
        ),
    ]


def _extra(
    kind: str, there: PreviewModel, chosen: PreviewModel, licence: str, files: Sequence[PackageFile]
) -> dict[str, Any]:
    """A model of an extra: if it is on this machine, and if the settings ask for it."""
    if there.note:
        return _row(kind, there.table.name, "not available", "", False, there.note)
    hashes = ", ".join(f"SHA-256 of {Path(file.path).name} {file.sha256}" for file in files)
    note = f"{licence}, {hashes}; {chosen.note or f'fills {there.table.name}'}"
    package = f"package {files[0].package}"
    return _row(kind, there.name, "here", package, not chosen.note, note)


def _row(kind: str, name: str, state: str, where: str, in_use: bool, note: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, "state": state, "where": where, "in_use": in_use, "note": note}


@models.command()
@json_option
def pull(as_json: bool) -> None:
    """Download the weights of the [encoder] settings into the home. No other command downloads anything.

    The JSON has name, path and digest.
    """
    settings, workspace = settings_and_workspace()
    found = pull_weights(settings.encoder, workspace.home / "models")
    if as_json:
        print_json({"name": found.label, "path": str(found.path), "digest": found.digest})
        return
    out().print(f"{found.label} is at {found.path}", highlight=False)


for _command in LEARNT:
    models.add_command(_command)
