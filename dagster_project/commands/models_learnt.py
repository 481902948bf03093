"""`proofsheet models`: the verbs over models that Proofsheet trains itself.

Holds train, train-scenes, card, promote, rollback and export.
Add here: another verb over trained models.
Keep out: encoders and detectors (models.py), learning (proofsheet/training/).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import UsageError
from proofsheet.models import registry
from proofsheet.models.card_files import card_path
from proofsheet.training.onnx_export import export_model
from schemas.models import MODELS, Fit, FitColumns, ModelExport

_REFUSED = 4
KIND = click.Choice(MODELS)


def learnt(shared: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a Project
    """Every trained model with its state, as `models list` shows it."""
    tables = registry.FIT_TABLES.items()
    rows = [
        (kind, row) for table, kind in tables for row in registry.fit_rows(table, kind, shared).to_dicts()
    ]
    return [
        {
            "kind": kind,
            "name": str(row[FitColumns.fit_id])[:12],
            "state": row[FitColumns.state],
            "where": str(shared.home / row[FitColumns.model_path]),
            "in_use": row[FitColumns.state] == "champion",
            "note": f"{row[FitColumns.headline]}. {row[FitColumns.why]}",
        }
        for kind, row in rows
    ]


@click.command()
def train() -> None:
    """Train ranker and crop proposer on all projects, through the Dagster job `train`.

    The Dagster UI shows this run. Without new decisions nothing is trained. The new model replaces the
    serving one only if the promotion rule allows it.
    """
    settings, _workspace = settings_and_workspace()
    from dagster_project.running import train_all

    with progress_bars() as bars:
        outcome = train_all(settings, BarListener(bars, "training"))
    if not outcome.success:
        out().print(f"FAILED: {outcome.error}")
        sys.exit(1)
    for line in outcome.messages:
        out().print(line)


@click.command("train-scenes")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--epochs", type=click.IntRange(1, 1000), default=10, show_default=True, help="Passes over the pictures."
)
@click.option("--batch-size", type=click.IntRange(1), default=32, show_default=True, help="Pictures a step.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where.",
)
def train_scenes(folder: Path, epochs: int, batch_size: int, device: str) -> None:
    """Train a scene classifier on FOLDER, with one sub-folder for each label. The pictures are only read."""
    settings, workspace = settings_and_workspace()
    from dagster_project.labelled import labelled_pictures
    from proofsheet.training.train_scenes import train_scenes as fit

    with progress_bars() as bars:
        data = labelled_pictures(folder, settings, workspace, BarListener(bars, folder.name))
    outcome = fit(workspace.shared, data, epochs, batch_size, device, utc_now())
    registry.refresh(workspace.shared)
    out().print(outcome.message + (f"; {data.left} pictures could not be opened" if data.left else ""))


@click.command()
@click.argument("model")
@json_option
def card(model: str, as_json: bool) -> None:
    """Show the card of MODEL: the beginning of its name, or ranker, crop or scene for the serving model."""
    _settings, workspace = settings_and_workspace()
    path = card_path(workspace.shared.models, _fit(workspace.shared.ledger, model)[Fit.fit_id])
    text = (path.with_name("card.json") if as_json else path).read_text("utf-8")
    click.echo(text)


@click.command()
@click.argument("model")
def promote(model: str) -> None:
    """Let MODEL serve, if it met the promotion rule in its evaluation. A refused model stays refused."""
    _settings, workspace = settings_and_workspace()
    ledger = workspace.shared.ledger
    fit = registry.find_fit(ledger, model)
    import json

    reasons = json.loads(str(fit[Fit.card]))["promotion"]["reasons"]
    allowed = all(r.startswith("ok") for r in reasons)
    registry.promote(ledger, str(fit[Fit.fit_id]), allowed, reasons, utc_now())
    registry.refresh(workspace.shared)
    if not allowed:
        out().print(f"{model} was refused: {'; '.join(r for r in reasons if not r.startswith('ok'))}")
        sys.exit(_REFUSED)
    out().print(
        (
            f"{fit[Fit.kind]} {str(fit[Fit.fit_id])[:12]} is active now; `proofsheet run --all` updates "
            "the proposals"
        ),
    )


@click.command()
@click.argument("kind", type=KIND)
def rollback(kind: str) -> None:
    """Go back to the KIND of model that served before."""
    _settings, workspace = settings_and_workspace()
    before = registry.rollback(workspace.shared.ledger, kind, utc_now())
    registry.refresh(workspace.shared)
    told = f"{kind} {before[:12]} serves again" if before else f"no {kind} serves any more"
    out().print(f"{told}; `proofsheet run --all` updates the proposals")


@click.command()
@click.argument("model")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@json_option
def export(model: str, folder: Path, as_json: bool) -> None:
    """Write MODEL into FOLDER as safetensors, ONNX and TorchScript, each compared with the serving model.

    The JSON has files: [{part, format, path, inputs, largest_difference, same_best, status}].
    """
    _settings, workspace = settings_and_workspace()
    shared = workspace.shared
    fit = _fit(shared.ledger, model)
    rows = export_model(shared.models, str(fit[Fit.fit_id]), str(fit[Fit.kind]), folder)
    from proofsheet.core.files import write_atomic
    from proofsheet.models.artifacts import model_path

    source = model_path(shared.models, str(fit[Fit.fit_id]))
    write_atomic(folder / source.name, source.read_bytes())
    if as_json:
        print_json({"files": rows})
        return
    out().print(str(folder / source.name))
    for row in rows:
        told = f"largest difference {row[ModelExport.largest_difference]:.1e}, {row[ModelExport.status]}"
        out().print(f"{row[ModelExport.path]}: {row[ModelExport.inputs]}: {told}")


def _fit(ledger: Any, model: str) -> dict[str, Any]:  # noqa: ANN401
    if model in MODELS:
        found = registry.champion(ledger, model)
        if found is None:
            raise UsageError(
                f"No {model} serves.", "`proofsheet models list` lists the models; `models train` trains one."
            )
        return found
    return registry.find_fit(ledger, model)


LEARNT = (train, train_scenes, card, promote, rollback, export)
