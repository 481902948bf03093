"""Which picture of a set is preferred, with reasons from measured values.

Holds the stage rule, `decide`.
Add here: another reason or flag.
Keep out: anything that moves a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, pstdev
from typing import Any

import polars as pl

from schemas.library import Photo
from schemas.review import Decision
from schemas.vision import ImageQuality, PhotoGroup

RULE = "highest stage, then sharpest; version 2"
_NOTABLE = 1.0  # standard deviations of the set
_SPOILT = (  # a value from which it is seen, if it is also twice that of every other picture of the set
    (ImageQuality.clipped_highlights, 0.05, "clipped highlights: {:.1%} of the pixels"),
    (ImageQuality.clipped_shadows, 0.10, "clipped shadows: {:.1%} of the pixels"),
    (ImageQuality.noise, 0.05, "noise or sharpening marks: {:.3f} of full scale"),
)
Row = dict[str, Any]


def decide(project: str, groups: pl.DataFrame, photos: pl.DataFrame, quality: pl.DataFrame) -> pl.DataFrame:
    """One row a set: the highest stage wins, and among equal stages the sharpest.

    Args:
        project: partition key.
        groups: rows of `photo_groups`.
        photos: rows of `photos`.
        quality: rows of `image_quality`.
    """
    ids = [Photo.project, Photo.photo_id]
    known = groups.join(photos, on=ids).join(quality, on=ids).sort(PhotoGroup.group_id, PhotoGroup.position)
    rows = [_decision(project, part.to_dicts()) for part in known.partition_by(PhotoGroup.group_id, maintain_order=True)]
    return Decision.frame(rows)


def _decision(project: str, members: Sequence[Row]) -> Row:
    best = max(members, key=lambda m: (_stage(m), m[ImageQuality.sharpness], -m[PhotoGroup.position]))
    return {
        Decision.project: project,
        Decision.group_id: best[PhotoGroup.group_id],
        Decision.chosen_photo_id: best[Photo.photo_id],
        Decision.chosen_path: best[Photo.path],
        Decision.photo_ids: [m[Photo.photo_id] for m in members],
        Decision.keep_all: best[PhotoGroup.keep_all],
        Decision.reasons: reasons(best, members),
        Decision.flags: flags(best, members),
        Decision.confidence: None,
        Decision.confidence_kind: "uncalibrated",
        Decision.decided_by: RULE,
    }


def _stage(member: Row) -> float:
    stage = member[Photo.stage]
    return -1.0 if stage is None else float(stage)


def reasons(best: Row, members: Sequence[Row]) -> list[str]:
    """What spoke for the choice."""
    if len(members) == 1:
        return ["the only picture of its set"]
    found = [f"all are kept: {best[PhotoGroup.cause]}"] if best[PhotoGroup.keep_all] else []
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


def flags(best: Row, members: Sequence[Row]) -> list[str]:
    """What speaks against the choice."""
    found: list[str] = []
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
