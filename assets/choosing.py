"""Choosing: sets of pictures that belong together, duplicates, and the preferred one of each set.

Holds the stages of the group "choosing".
Add here: a stage that compares pictures.
Keep out: the rules.
"""

import polars as pl

from assets.checks import Verdict
from assets.stage import stage
from proofsheet.publish.decide import decide
from proofsheet.vision.duplicates import find_duplicates
from proofsheet.vision.group import group_photos, seen_photos
from proofsheet.workspace import Project
from resources.rules import DuplicatesResource, GroupingResource
from schemas.review import Decision
from schemas.vision import Duplicate, PhotoGroup

DOUBTFUL = Verdict(
    "doubtful_choices",
    "No measured value speaks against a choice.",
    lambda rows: rows.filter(pl.col(Decision.flags).list.len() > 0),
)


@stage(PhotoGroup, group="choosing")
def photo_groups(
    photos: pl.DataFrame,
    exif_facts: pl.DataFrame,
    image_quality: pl.DataFrame,
    picture_hashes: pl.DataFrame,
    embeddings: pl.DataFrame,
    project: Project,
    grouping: GroupingResource,
) -> pl.DataFrame:
    """Puts every photo into exactly one set and says why."""
    return group_photos(project.key, seen_photos(photos, exif_facts, image_quality, picture_hashes, embeddings), grouping)


@stage(Duplicate, group="choosing")
def duplicates(
    photos: pl.DataFrame,
    exif_facts: pl.DataFrame,
    image_quality: pl.DataFrame,
    picture_hashes: pl.DataFrame,
    embeddings: pl.DataFrame,
    project: Project,
    duplicate_rule: DuplicatesResource,
) -> pl.DataFrame:
    """Finds what the project holds more than once; nothing is deleted."""
    seen = seen_photos(photos, exif_facts, image_quality, picture_hashes, embeddings)
    return find_duplicates(project.key, seen, duplicate_rule)


@stage(Decision, group="choosing", verdicts={Decision: [DOUBTFUL]})
def decisions(photo_groups: pl.DataFrame, photos: pl.DataFrame, image_quality: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Prefers the highest stage of each set, the sharpest among equals; moves nothing."""
    return decide(project.key, photo_groups, photos, image_quality)
