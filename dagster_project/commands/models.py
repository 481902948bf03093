"""`proofsheet models`: the list of models and the download of their weights.

Holds the group and its sub-commands.
Add here: another verb over models.
Keep out: loading and running models (proofsheet/embedding/, proofsheet/labeling/).
"""

from __future__ import annotations

from typing import Any

import click

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from dagster_project.commands.models_learnt import LEARNT, learnt
from proofsheet.embedding import classic_encoder, torch_runtime
from proofsheet.embedding.encoders import choose_encoder
from proofsheet.embedding.weights import find_weights, pull_weights
from proofsheet.labeling.detectors import choose_detector


@click.group()
def models() -> None:
    """List models, download weights, train, promote and export."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List encoders, detectors and trained models: available, in use, or missing.

    The JSON has models: [{kind, name, state, where, in_use, note}].
    """
    settings, workspace = settings_and_workspace()
    folder = workspace.home / "models"
    chosen, detector = (
        choose_encoder(settings.encoder, folder),
        choose_detector(settings.objects, settings.encoder.device),
    )
    weights = find_weights(settings.encoder, folder) if torch_runtime.installed() else None
    rows: list[dict[str, Any]] = [
        _row(
            "encoder",
            classic_encoder.encoder_id(),
            "here",
            "part of Proofsheet",
            chosen.clip is None,
            chosen.why if chosen.clip is None else "",
        ),
        _row(
            "encoder",
            weights.label if weights else f"open_clip {settings.encoder.model} {settings.encoder.weights}",
            "here" if weights else "not available",
            str(weights.path) if weights else "",
            chosen.clip is not None,
            chosen.why,
        ),
        _row(
            "detector",
            detector.name,
            "here" if detector.ready else "not available",
            detector.where,
            detector.ready,
            detector.note,
        ),
    ]
    rows += learnt(workspace.shared)
    if as_json:
        print_json({"models": rows})
        return
    for line in rows:
        used = "in use" if line["in_use"] else line["state"]
        out().print(
            f"{line['kind']}: {line['name']} [{used}] {line['where']}".rstrip(), markup=False, highlight=False
        )
        if line["note"]:
            out().print(f"  {line['note']}", markup=False, highlight=False)


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
    out().print(f"{found.label} is at {found.path}", markup=False, highlight=False)


for _command in LEARNT:
    models.add_command(_command)
