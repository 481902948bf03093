"""Choosing: sets of pictures that belong together, duplicates, and the preferred and chosen one of each set.

Holds the assets of the groups "group" and "choose".
Add here: an asset that compares pictures.
Keep out: the rules.
"""

import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from assets.facts import REVIEW
from proofsheet.grouping.duplicates import find_duplicates
from proofsheet.grouping.grouping import group_photos
from proofsheet.grouping.grouping_input import GroupingInput, seen_photos
from proofsheet.models.predictions import Predictions
from proofsheet.selection.choices import choice_rows, progress
from proofsheet.selection.predict import judge_sets
from proofsheet.selection.stage_rule import decide
from proofsheet.storage.workspace import Project
from schemas.choices import Choice, Proposal
from schemas.faces import Face
from schemas.groups import Duplicate, PhotoGroup
from schemas.library import Photo
from schemas.selections import HistoryMatch, Selection
from schemas.settings.groups import DuplicateSettings, GroupSettings
from schemas.settings.ranker import RankerSettings
from schemas.table import Rows
from schemas.vision import ImageQuality

DOUBTFUL = RowCheck(
    "doubtful_choices",
    "No measured value speaks against a choice.",
    lambda rows: rows.filter(pl.col(Proposal.flags).list.len() > 0),
)

REGROUPED = RowCheck(
    "regrouped",
    "No set that was decided has other members now.",
    lambda rows: rows.filter(pl.col(Choice.note) != ""),
)


@table_asset(PhotoGroup, group="group", inputs={"seen": seen_photos})
def photo_groups(
    seen: GroupingInput, history_matches: Rows[HistoryMatch], project: Project, grouping: GroupSettings
) -> pl.DataFrame:
    """Puts every photo into exactly one set and says why; sets that imported history names come first."""
    return group_photos(project.key, seen, grouping, history_matches)


@table_asset(Duplicate, group="group", inputs={"seen": seen_photos})
def duplicates(seen: GroupingInput, project: Project, duplicate_rule: DuplicateSettings) -> pl.DataFrame:
    """Finds what the project holds more than once; nothing is deleted."""
    return find_duplicates(project.key, seen, duplicate_rule)


@table_asset(Proposal, group="choose", inputs={"judged": judge_sets}, row_checks={Proposal: [DOUBTFUL]})
def proposals(
    photo_groups: Rows[PhotoGroup],
    photos: Rows[Photo],
    image_quality: Rows[ImageQuality],
    faces: Rows[Face],
    project: Project,
    judged: Predictions,
    ranking: RankerSettings,
) -> pl.DataFrame:
    """Prefers a picture of each set by the active ranker, else by the starter ranker, and proposes crops."""
    stage_first = ranking.use == "stage"
    return decide(
        project.key, photo_groups, photos, image_quality, faces, judged.picks, judged.cuts, stage_first
    )


@table_asset(Choice, group="choose", reads=REVIEW, row_checks={Choice: [REGROUPED]})
def choices(
    proposals: Rows[Proposal], photos: Rows[Photo], selections: Rows[Selection], project: Project
) -> TableRows:
    """Chooses by your decision, else imported history, else the proposal."""
    rows = choice_rows(project.key, proposals, photos, selections, project.ledger)
    return TableRows([rows], {"how_far": str(progress(rows)), "by_history": progress(rows).history})
