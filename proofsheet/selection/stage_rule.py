"""Which picture of a set is preferred, with reasons from measured values.

Holds the stage rule and `decide`.
Add here: another reason or flag.
Keep out: anything that moves a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean, pstdev
from typing import Any

import polars as pl

from proofsheet.models.predictions import CropPrediction, RankedChoice
from schemas.library import Photo
from schemas.review import Proposal
from schemas.vision import ImageQuality, PhotoGroup

RULE = "highest stage, then sharpest; version 3"
_NOTABLE = 1.0  # standard deviations of the set
_SPOILT = (  # a value from which it is seen, if it is also twice that of every other picture of the set
    (ImageQuality.clipped_highlights, 0.05, "clipped highlights: {:.1%} of the pixels"),
    (ImageQuality.clipped_shadows, 0.10, "clipped shadows: {:.1%} of the pixels"),
    (ImageQuality.noise, 0.05, "noise or sharpening marks: {:.3f} of full scale"),
)
_NO_CROPS = "no crop is proposed: crops are learnt from a history of crops"
Row = dict[str, Any]


def decide(
    project: str,
    groups: pl.DataFrame,
    photos: pl.DataFrame,
    quality: pl.DataFrame,
    picks: Mapping[str, RankedChoice] | None = None,
    cuts: Mapping[str, CropPrediction] | None = None,
) -> pl.DataFrame:
    """One row for each set: the photo that the ranker prefers.

    Without a ranker it is the highest stage, and among equal stages the sharpest.

    Args:
        project: partition key.
        groups: rows of `photo_groups`.
        photos: rows of `photos`.
        quality: rows of `image_quality`.
        picks: group id to what a ranker says of it.
        cuts: photo id to the prediction of the crop proposer.
    """
    ids = [Photo.project, Photo.photo_id]
    known = groups.join(photos, on=ids).join(quality, on=ids).sort(PhotoGroup.group_id, PhotoGroup.position)
    parts = known.partition_by(PhotoGroup.group_id, maintain_order=True)
    rows = [_decision(project, part.to_dicts(), picks, cuts) for part in parts]
    return Proposal.frame(rows)


def _decision(
    project: str,
    members: Sequence[Row],
    picks: Mapping[str, RankedChoice] | None = None,
    cuts: Mapping[str, CropPrediction] | None = None,
) -> Row:
    best = max(members, key=lambda m: (_stage(m), m[ImageQuality.sharpness], -m[PhotoGroup.position]))
    pick = (picks or {}).get(best[PhotoGroup.group_id])
    if pick is not None:
        best = next(m for m in members if m[Photo.photo_id] == pick.photo_id)
    anomaly = min(map(_stage, members)) >= 0 and _stage(best) < max(map(_stage, members))
    return {
        Proposal.project: project,
        Proposal.group_id: best[PhotoGroup.group_id],
        Proposal.chosen_photo_id: best[Photo.photo_id],
        Proposal.chosen_path: best[Photo.path],
        Proposal.photo_ids: [m[Photo.photo_id] for m in members],
        Proposal.keep_all: best[PhotoGroup.keep_all],
        Proposal.reasons: [*reasons(best, members), *pick.reasons]
        if pick and not pick.overruled
        else _why(best, members, pick),
        Proposal.flags: flags(best, members, anomaly),
        Proposal.anomaly: anomaly,
        Proposal.confidence: pick.confidence if pick else None,
        Proposal.confidence_kind: pick.kind if pick else "uncalibrated",
        Proposal.decided_by: f"{RULE}; {pick.by}" if pick else RULE,
        **_cut((cuts or {}).get(best[Photo.photo_id])),
    }


def _why(best: Row, members: Sequence[Row], pick: RankedChoice | None) -> list[str]:
    """The stage rule's reasons, or the model's where it overrules the rule."""
    return (
        [f"preferred to stage {max(map(_stage, members)):g}", *pick.reasons]
        if pick
        else reasons(best, members)
    )


def _cut(cut: CropPrediction | None) -> Row:
    sides = (Proposal.crop_x1, Proposal.crop_y1, Proposal.crop_x2, Proposal.crop_y2)
    return {
        Proposal.crop_needed: cut.needed if cut else None,
        **dict(zip(sides, cut.box if cut and cut.box else (None,) * 4, strict=True)),
        Proposal.crop_confidence: cut.confidence if cut else None,
        Proposal.crop_reasons: list(cut.reasons) if cut else [_NO_CROPS],
        Proposal.crop_by: cut.by if cut else "",
    }


def _stage(member: Row) -> float:
    stage = member[Photo.stage]
    return -1.0 if stage is None else float(stage)


def reasons(best: Row, members: Sequence[Row]) -> list[str]:
    """What spoke for the choice."""
    if len(members) == 1:
        return ["the only picture of its set"]
    found = [f"all belong together: {best[PhotoGroup.cause]}"] if best[PhotoGroup.keep_all] else []
    rivals = [m for m in members if _stage(m) == _stage(best)]
    if len(rivals) < len(members):
        found.append(f"highest stage of the set: {_stage(best):g} ({best[Photo.stage_label] or 'no label'})")
    if len(rivals) > 1:
        found.append(f"sharpest of the {len(rivals)} pictures of its stage")
    z = _z(best, members, ImageQuality.sharpness)
    if z >= _NOTABLE:
        found.append(f"sharper than its set by {z:.1f} σ")
    z = _z(best, members, ImageQuality.noise)
    if z <= -_NOTABLE:
        found.append(f"less noise than its set by {-z:.1f} σ")
    return found


def flags(best: Row, members: Sequence[Row], anomaly: bool = False) -> list[str]:
    """What speaks against the choice, or makes the set worth a look."""
    found: list[str] = ["a lower stage is preferred"] if anomaly else []
    if (z := _z(best, members, ImageQuality.sharpness)) <= -_NOTABLE:
        found.append(f"less sharp than its set by {-z:.1f} σ")
    for column, least, words in _SPOILT:
        others = max((m[column] for m in members if m is not best), default=0.0)
        if best[column] >= least and best[column] > 2 * others:
            found.append(words.format(best[column]))
    return found


def _z(best: Row, members: Sequence[Row], column: str) -> float:
    """Distance of the best from the set's mean in its standard deviations; 0 for sets without spread."""
    values = [m[column] for m in members]
    spread = pstdev(values)
    return (best[column] - mean(values)) / spread if spread > 1e-9 else 0.0
