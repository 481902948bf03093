"""Training: models over all projects, on a job of their own.

Holds the shared assets of the group "learn".
Add here: a model over all projects, or a report on one.
Keep out: how models are trained (proofsheet/training/).
"""

from datetime import datetime

from assets.factory.shared_table_asset import shared_table_asset
from assets.factory.table_asset import TableRows
from proofsheet.core.progress import Progress
from proofsheet.models.registry import fit_rows
from proofsheet.storage.workspace import Workspace
from proofsheet.training.integration_report import integration_rows
from proofsheet.training.onnx_export import export_rows
from proofsheet.training.train import train_crops, train_ranker
from resources.measurements import EncodingResource
from schemas.library import Photo
from schemas.models import CropFit, ModelExport, RankerFit, SceneFit
from schemas.rollout import Integration
from schemas.selections import CropExample, Selection
from schemas.settings.crops import CropSettings
from schemas.settings.ranker import RankerSettings
from schemas.training import TrainingPair
from schemas.vectors import Embedding
from schemas.vision import ImageQuality, SaliencyGrid

_READ = (TrainingPair, Photo, ImageQuality, Embedding)


@shared_table_asset(RankerFit, group="learn", after=_READ)
def ranker_fits(
    workspace: Workspace,
    now: datetime,
    progress: Progress,
    ranking: RankerSettings,
    encoding: EncodingResource,
) -> TableRows:
    """Trains the ranker over all projects after news; the rule promotes the new one or keeps the champion."""
    encoder = encoding.choose(workspace.shared).encoder_id
    outcome = train_ranker(workspace, ranking, encoder, encoding.device, now, progress.step)
    return TableRows(
        [fit_rows(RankerFit, "ranker", workspace.shared)], outcome.facts(workspace.shared.models)
    )


@shared_table_asset(CropFit, group="learn", after=(*_READ, CropExample, SaliencyGrid))
def crop_fits(
    workspace: Workspace,
    now: datetime,
    progress: Progress,
    cropping: CropSettings,
    ranking: RankerSettings,
    encoding: EncodingResource,
) -> TableRows:
    """Trains the crop proposer over all projects if there is anything new."""
    encoder = encoding.choose(workspace.shared).encoder_id
    outcome = train_crops(workspace, cropping, encoder, ranking.seed, now, progress.step)
    return TableRows([fit_rows(CropFit, "crop", workspace.shared)], outcome.facts(workspace.shared.models))


@shared_table_asset(SceneFit, group="learn", after=())
def scene_fits(workspace: Workspace) -> TableRows:
    """Lists the scene classifiers; `proofsheet models train-scenes` trains one on folders of labels."""
    return TableRows([fit_rows(SceneFit, "scene", workspace.shared)])


@shared_table_asset(ModelExport, group="learn", after=(RankerFit, CropFit, SceneFit))
def model_exports(workspace: Workspace) -> TableRows:
    """Writes the champions as ONNX and TorchScript and compares them with the models that serve."""
    return TableRows([export_rows(workspace.shared)])


@shared_table_asset(Integration, group="learn", after=(RankerFit, CropFit, Selection, CropExample))
def integration_report(workspace: Workspace, ranking: RankerSettings, now: datetime) -> TableRows:
    """Ranks and crops twenty held-out sets drawn by the seed, and writes the report of the phase."""
    rows, facts = integration_rows(workspace, ranking.seed, now)
    return TableRows([rows], facts)
