"""Proposals as a file for other tools: `automation_decisions.jsonl`, one line a set.

Holds `decision_lines` and `write_decisions`.
Add here: another form in which tools want proposals.
Keep out: making proposals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.files import write_atomic
from schemas.library import Photo
from schemas.review import Decision

FORMAT = 1


def decision_lines(decisions: pl.DataFrame, photos: pl.DataFrame) -> Iterator[str]:
    """One JSON object a set: group_id, images, step1_selection, step2_crop, and the version of the format."""
    paths = dict(photos.select(Photo.photo_id, Photo.path).iter_rows())
    for row in decisions.sort(Decision.group_id).to_dicts():
        yield json.dumps(_line(row, paths), ensure_ascii=False)


def _line(row: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    sides = (Decision.crop_x1, Decision.crop_y1, Decision.crop_x2, Decision.crop_y2)
    return {
        "format": FORMAT,
        "group_id": row[Decision.group_id],
        "images": [paths.get(i, "") for i in row[Decision.photo_ids]],
        "step1_selection": {
            "chosen": row[Decision.chosen_path],
            "confidence": row[Decision.confidence],
            "confidence_kind": row[Decision.confidence_kind],
            "reasons": row[Decision.reasons],
            "flags": row[Decision.flags],
            "by": row[Decision.decided_by],
        },
        "step2_crop": {
            "needs_crop": row[Decision.crop_needed],
            "crop_coords": [row[s] for s in sides] if row[Decision.crop_x1] is not None else None,
            "confidence": row[Decision.crop_confidence],
            "reasons": row[Decision.crop_reasons],
            "by": row[Decision.crop_by],
        },
    }


def write_decisions(decisions: pl.DataFrame, photos: pl.DataFrame, path: Path) -> int:
    """Write the file unless it reads so already; gives the number of lines."""
    if proposals_differ(decisions, photos, path):
        write_atomic(path, _content(decisions, photos))
    return decisions.height


def proposals_differ(decisions: pl.DataFrame, photos: pl.DataFrame, path: Path) -> bool:
    """Whether the file is another than that of these rows."""
    return not path.exists() or path.read_bytes() != _content(decisions, photos)


def _content(decisions: pl.DataFrame, photos: pl.DataFrame) -> bytes:
    return "".join(line + "\n" for line in decision_lines(decisions, photos)).encode("utf-8")
