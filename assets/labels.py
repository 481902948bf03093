"""Labels: scenes and objects, where models for them are on this machine.

Holds the assets of the group "measure".
Add here: an asset that names what is seen.
Keep out: models.
"""

import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from proofsheet.core.progress import Progress
from proofsheet.labeling.objects import object_rows
from proofsheet.labeling.scenes import classified_rows, scene_rows
from proofsheet.models.scene_classifier import SceneClassifier
from proofsheet.selection.active_models import scene_classifier
from proofsheet.storage.workspace import Project
from resources.along import EncodingResource
from resources.labels import DetectionResource
from schemas.library import Photo
from schemas.settings import SceneSettings
from schemas.table import Rows
from schemas.vision import Embedding, Preview, Scene, SeenObject

LABELLED = RowCheck(
    "labelled",
    "Every photo has labels; the notes say what to install.",
    lambda r: r.filter(_open(Scene.status)),
)
LOOKED_AT = RowCheck(
    "looked_at", "A detector looked at every photo.", lambda r: r.filter(_open(SeenObject.status))
)


def _open(status: str) -> pl.Expr:
    return pl.col(status).is_in(["not available", "failed"])


@table_asset(Scene, group="measure", inputs={"classifier": scene_classifier}, row_checks={Scene: [LABELLED]})
def scenes(
    embeddings: Rows[Embedding],
    project: Project,
    encoding: EncodingResource,
    scene_rule: SceneSettings,
    classifier: SceneClassifier | None,
) -> TableRows:
    """Names scenes by the user's own classifier, else by comparing vectors with those of texts; not available without either."""
    encoder = encoding.choose(project)
    if classifier is not None:
        rows = classified_rows(project.key, embeddings, classifier, scene_rule)
        return TableRows([rows], {"available": True, "note": classifier.name})
    rows = scene_rows(project.key, embeddings, encoder, scene_rule, project.models)
    return TableRows([rows], {"available": encoder.clip is not None, "note": encoder.why})


@table_asset(SeenObject, group="measure", row_checks={SeenObject: [LOOKED_AT]})
def objects(
    photos: Rows[Photo],
    previews: Rows[Preview],
    project: Project,
    detection: DetectionResource,
    progress: Progress,
) -> TableRows:
    """Lets the detector of the settings look at each preview; not available without one."""
    detector = detection.choose()
    rows = object_rows(project.key, photos, previews, detector, project.cache, progress)
    return TableRows(
        [rows], {"available": detector.ready, "detector": detector.name, "note": detector.note or "-"}
    )
