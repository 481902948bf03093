"""Which picture of a set is preferred, with reasons from measured values.

Holds `decide`.
Add here: another reason or flag of a row.
Keep out: how pictures are compared (technical_comparison.py); anything that moves a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from proofsheet.models.predictions import CropPrediction, RankedChoice
from proofsheet.models.starter_ranker import starter_ranker
from proofsheet.selection.face_features import faces_by_photo
from proofsheet.selection.technical_comparison import compared, faults, stage_of
from schemas.choices import TECHNICAL, Proposal
from schemas.faces import Face
from schemas.groups import PhotoGroup
from schemas.library import Photo

_NO_CROPS = "no crop is proposed: crops are learnt from a history of crops"
_UNCALIBRATED = "uncalibrated"
Row = dict[str, Any]


def decide(
    project: str,
    groups: pl.DataFrame,
    photos: pl.DataFrame,
    quality: pl.DataFrame,
    faces: pl.DataFrame,
    picks: Mapping[str, RankedChoice] | None = None,
    cuts: Mapping[str, CropPrediction] | None = None,
    stage_first: bool = False,
) -> pl.DataFrame:
    """One row for each set: the photo that the trained ranker prefers, else the choice of the starter ranker.

    Args:
        project: partition key.
        groups: rows of `photo_groups`.
        photos: rows of `photos`.
        quality: rows of `image_quality`.
        faces: rows of `faces`.
        picks: group id to the choice of a trained ranker.
        cuts: photo id to the prediction of the crop proposer.
        stage_first: whether the highest stage is taken without a comparison with lower ones.
    """
    ids = [Photo.project, Photo.photo_id]
    known = groups.join(photos, on=ids).join(quality, on=ids).sort(PhotoGroup.group_id, PhotoGroup.position)
    parts = known.partition_by(PhotoGroup.group_id, maintain_order=True)
    found = faces_by_photo(faces)
    sets = ([{**m, Face.name: found.get(m[Photo.photo_id], ())} for m in p.to_dicts()] for p in parts)
    return Proposal.frame(
        _decision(project, members, picks or {}, cuts or {}, stage_first) for members in sets
    )


def _decision(
    project: str,
    members: Sequence[Row],
    picks: Mapping[str, RankedChoice],
    cuts: Mapping[str, CropPrediction],
    stage_first: bool = False,
) -> Row:
    pick = picks.get(members[0][PhotoGroup.group_id])
    best, told = _trained(members, pick) if pick is not None else _starting(members, stage_first)
    anomaly = min(map(stage_of, members)) >= 0 and stage_of(best) < max(map(stage_of, members))
    return {
        Proposal.project: project,
        Proposal.group_id: best[PhotoGroup.group_id],
        Proposal.chosen_photo_id: best[Photo.photo_id],
        Proposal.chosen_path: best[Photo.path],
        Proposal.photo_ids: [m[Photo.photo_id] for m in members],
        Proposal.keep_all: best[PhotoGroup.keep_all],
        Proposal.flags: [*(["a lower stage is preferred"] if anomaly else []), *faults(best, members)],
        Proposal.anomaly: anomaly,
        **told,
        **_cut(cuts.get(best[Photo.photo_id])),
    }


def _trained(members: Sequence[Row], pick: RankedChoice) -> tuple[Row, Row]:
    best = next(m for m in members if m[Photo.photo_id] == pick.photo_id)
    highest = max(map(stage_of, members))
    above = [f"preferred to stage {highest:g}"] if stage_of(best) < highest else []
    return best, {
        Proposal.reasons: [*(above if pick.overruled else _reasons(best, members)), *pick.reasons],
        Proposal.confidence: pick.confidence,
        Proposal.confidence_kind: pick.kind,
        Proposal.decided_by: pick.by,
    }


def _starting(members: Sequence[Row], stage_first: bool) -> tuple[Row, Row]:
    """The choice of the starter ranker; it has no confidence in a set without a choice."""
    starter = starter_ranker()
    choosing = len(members) > 1 and not members[0][PhotoGroup.keep_all]
    choice = compared(members, starter, stage_first=stage_first) if len(members) > 1 else None
    best = members[choice.place] if choice else members[0]
    return best, {
        Proposal.reasons: [*_reasons(best, members), *(choice.reasons if choice else [])],
        Proposal.confidence: choice.confidence if choice and choosing else None,
        Proposal.confidence_kind: TECHNICAL if choosing else _UNCALIBRATED,
        Proposal.decided_by: f"highest stage, {starter.version}" if stage_first else starter.version,
    }


def _cut(cut: CropPrediction | None) -> Row:
    sides = (Proposal.crop_x1, Proposal.crop_y1, Proposal.crop_x2, Proposal.crop_y2)
    return {
        Proposal.crop_needed: cut.needed if cut else None,
        **dict(zip(sides, cut.box if cut and cut.box else (None,) * 4, strict=True)),
        Proposal.crop_confidence: cut.confidence if cut else None,
        Proposal.crop_reasons: list(cut.reasons) if cut else [_NO_CROPS],
        Proposal.crop_by: cut.by if cut else "",
    }


def _reasons(best: Row, members: Sequence[Row]) -> list[str]:
    """What is known without comparing pixels."""
    if len(members) == 1:
        return ["the only picture of its set"]
    found = [f"all belong together: {best[PhotoGroup.cause]}"] if best[PhotoGroup.keep_all] else []
    rivals = [m for m in members if stage_of(m) == stage_of(best)]
    if len(rivals) < len(members) and stage_of(best) == max(map(stage_of, members)):
        label = best[Photo.stage_label] or "no label"
        found.append(f"highest stage of the set: {stage_of(best):g} ({label})")
    return found
