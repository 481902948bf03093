"""Sets: intake folders with the words of people about them, and proposals for their subjects.

Holds the assets of the group "caption".
Add here: an asset over intake folders.
Keep out: sets of variants (choosing.py), and whether the words of a set hold together (proof.py).
"""

from datetime import datetime

import polars as pl

from assets.factory.table_asset import table_asset
from proofsheet.storage.workspace import Project
from proofsheet.texts.set_intake import set_rows
from proofsheet.texts.set_subjects import subject_rows
from resources.words import VisionModelResource
from schemas.choices import Choice
from schemas.library import Photo
from schemas.sets import ImageSet, SetContext, SubjectProposal, SubjectSuggestion
from schemas.table import Rows
from schemas.vision import Preview


@table_asset(ImageSet, group="caption", reads=(SetContext,))
def image_sets(photos: Rows[Photo], choices: Rows[Choice], project: Project) -> pl.DataFrame:
    """Lists the folders of the project with the words of people about them."""
    return set_rows(project.key, photos, choices, project.ledger)


@table_asset(
    SubjectSuggestion,
    group="caption",
    reads=(SubjectProposal,),
    writes=(SubjectProposal,),
    always_run=True,
)
def subject_suggestions(
    image_sets: Rows[ImageSet],
    photos: Rows[Photo],
    previews: Rows[Preview],
    project: Project,
    vision_model: VisionModelResource,
    now: datetime,
) -> pl.DataFrame:
    """Proposes a subject for each set with an intake; you confirm it."""
    return subject_rows(image_sets, photos, previews, vision_model.describing(project), project, now)
