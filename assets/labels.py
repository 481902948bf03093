"""Labels and faces: what networks, an encoder and a detector see, if they are on this machine.

Holds the assets of the group "measure".
Add here: an asset that names what is seen.
Keep out: models.
"""

import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from proofsheet.core.progress import Progress
from proofsheet.labeling.content_score import content_rows
from proofsheet.labeling.faces import face_facts, face_measurement, face_rows
from proofsheet.labeling.ocr import photos_to_read, sure_lines
from proofsheet.labeling.photo_labels import photo_label_rows
from proofsheet.labeling.preview_models import PreviewModel, preview_rows
from proofsheet.labeling.scenes import classified_rows, rows_of_labels, scene_rows
from proofsheet.models.scene_classifier import SceneClassifier
from proofsheet.selection.active_models import scene_classifier
from proofsheet.storage.workspace import Project
from resources.labels import (
    DetectionResource,
    FaceFindingResource,
    FlagsResource,
    LabellingResource,
    OcrResource,
)
from resources.measurements import EncodingResource, MeasurementsResource
from resources.photos import PhotoFilesResource
from schemas.choices import Choice
from schemas.faces import Face
from schemas.labels import ContentFlag, OcrText, PhotoLabel, Scene, SeenObject
from schemas.library import Photo
from schemas.settings.labels import SceneSettings
from schemas.table import Rows
from schemas.vectors import Embedding
from schemas.vision import Preview

LABELLED = RowCheck(
    "labelled",
    "Every photo has labels; the notes say what to install.",
    lambda r: r.filter(_open(Scene.status)),
)
LOOKED_AT = RowCheck(
    "looked_at", "A detector looked at every photo.", lambda r: r.filter(_open(SeenObject.status))
)
READ = RowCheck(
    "read", "OCR read every photo that the settings ask for.", lambda r: r.filter(_open(OcrText.status))
)
SCORED = RowCheck("scored", "Every photo has a score.", lambda r: r.filter(_open(ContentFlag.status)))
FLAGGED = RowCheck(
    "not_flagged", "No photo is flagged for you to look at.", lambda r: r.filter(pl.col(ContentFlag.flagged))
)


def _open(status: str) -> pl.Expr:
    return pl.col(status).is_in(["not available", "failed"])


@table_asset(PhotoLabel, group="measure", side_effects=[MeasurementsResource])
def photo_labels(
    photos: Rows[Photo],
    project: Project,
    photo_files: PhotoFilesResource,
    labelling: LabellingResource,
    measurements: MeasurementsResource,
    progress: Progress,
) -> TableRows:
    """Names what the network of the settings saw in the pass; a changed threshold opens no file."""
    labeller = labelling.choose(project)
    if labeller.network is None:
        return TableRows([PhotoLabel.frame()], {"available": False, "note": labeller.why})
    wanted, others = labeller.network.measurement(), measurements.of(project)
    classified, facts = photo_files.measured_of(photos, project, wanted, others, progress)
    return TableRows([photo_label_rows(classified, labelling)], {**facts, "available": True})


@table_asset(Face, group="measure", side_effects=[MeasurementsResource])
def faces(
    photos: Rows[Photo],
    project: Project,
    photo_files: PhotoFilesResource,
    face_finding: FaceFindingResource,
    measurements: MeasurementsResource,
    progress: Progress,
) -> TableRows:
    """Lists the faces that a network found in the pass, and how their eyes came out; it names nobody."""
    finder = face_finding.choose()
    if finder.faces is None:
        return TableRows([Face.frame()], {"available": False, "note": finder.why})
    wanted, others = face_measurement(finder, face_finding), measurements.of(project)
    found, facts = photo_files.measured_of(photos, project, wanted, others, progress)
    return TableRows([face_rows(photos, found, finder)], {**facts, **face_facts(found, finder)})


@table_asset(Scene, group="measure", inputs={"classifier": scene_classifier}, row_checks={Scene: [LABELLED]})
def scenes(
    embeddings: Rows[Embedding],
    photo_labels: Rows[PhotoLabel],
    project: Project,
    encoding: EncodingResource,
    labelling: LabellingResource,
    scene_rule: SceneSettings,
    classifier: SceneClassifier | None,
) -> TableRows:
    """Names scenes by the user's own classifier, by an encoder that reads texts, or by sure labels."""
    encoder = encoding.choose(project)
    if classifier is not None:
        rows = classified_rows(project.key, embeddings, classifier, scene_rule)
        return TableRows([rows], {"available": True, "note": classifier.name})
    if encoder.clip is not None:
        rows = scene_rows(project.key, embeddings, encoder, scene_rule, project.models)
        return TableRows([rows], {"available": True, "note": encoder.why})
    labeller = labelling.choose(project)
    rows = rows_of_labels(project.key, embeddings, photo_labels, scene_rule, labeller.why)
    return TableRows([rows], {"available": labeller.network is not None, "note": labeller.why or encoder.why})


@table_asset(SeenObject, group="measure", row_checks={SeenObject: [LOOKED_AT]})
def objects(
    photos: Rows[Photo],
    previews: Rows[Preview],
    project: Project,
    detection: DetectionResource,
    progress: Progress,
) -> TableRows:
    """Lets the detector of the settings look at each preview; not available without one."""
    detector = detection.preview_model()
    rows = preview_rows(project.key, photos, previews, detector, project.cache, progress)
    return TableRows([rows], _facts(detector))


@table_asset(OcrText, group="measure", row_checks={OcrText: [READ]})
def ocr_texts(
    photos: Rows[Photo],
    previews: Rows[Preview],
    choices: Rows[Choice],
    project: Project,
    ocr: OcrResource,
    progress: Progress,
) -> TableRows:
    """Reads text in the photos that the settings ask for, each once; another threshold reads none again."""
    program, wanted = ocr.preview_model(), photos_to_read(photos, choices, ocr)
    rows = preview_rows(project.key, wanted, previews, program, project.cache, progress)
    return TableRows([sure_lines(rows, ocr)], _facts(program))


@table_asset(ContentFlag, group="measure", row_checks={ContentFlag: [SCORED, FLAGGED]})
def content_flags(
    photos: Rows[Photo],
    previews: Rows[Preview],
    project: Project,
    flags: FlagsResource,
    progress: Progress,
) -> TableRows:
    """Scores photos for content that you should look at; another threshold scores none again."""
    network, wanted = flags.preview_model(), photos.clear() if flags.model == "none" else photos
    rows = preview_rows(project.key, wanted, previews, network, project.cache, progress)
    return TableRows([content_rows(rows, flags)], _facts(network))


def _facts(model: PreviewModel) -> dict[str, object]:
    return {"available": not model.note, "model": model.name or "none", "note": model.note or "-"}
