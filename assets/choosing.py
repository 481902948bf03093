"""Choosing: sets of pictures that belong together, and the preferred one of each.

Holds the stages of the group "choosing".
Add here: a stage that compares pictures.
Keep out: the rules.
"""

import polars as pl

from assets.checks import Verdict
from assets.stage import stage
from proofsheet.publish.decide import decide
from proofsheet.vision.group import group_photos
from proofsheet.workspace import Project
from resources.rules import GroupingResource
from schemas.review import Decision
from schemas.vision import PhotoGroup

DOUBTFUL = Verdict(
    "doubtful_choices",
    "No measured value speaks against a choice.",
    lambda rows: rows.filter(pl.col(Decision.flags).list.len() > 0),
)


@stage(PhotoGroup, group="choosing")
def photo_groups(photos: pl.DataFrame, embeddings: pl.DataFrame, project: Project, grouping: GroupingResource) -> pl.DataFrame:
    """Puts every photo into exactly one set and says why."""
    return group_photos(project.key, photos, embeddings, grouping)


@stage(Decision, group="choosing", verdicts={Decision: [DOUBTFUL]})
def decisions(photo_groups: pl.DataFrame, photos: pl.DataFrame, image_quality: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Prefers the highest stage of each set, the sharpest among equals; moves nothing."""
    return decide(project.key, photo_groups, photos, image_quality)
