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
from schemas.choices import Proposal
from schemas.library import Photo

FORMAT = 1


def decision_lines(proposals: pl.DataFrame, photos: pl.DataFrame) -> Iterator[str]:
    """One JSON object a set: group_id, images, step1_selection, step2_crop, and the version of the format."""
    paths = dict(photos.select(Photo.photo_id, Photo.path).iter_rows())
    for row in proposals.sort(Proposal.group_id).to_dicts():
        yield json.dumps(_line(row, paths), ensure_ascii=False)


def _line(row: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    sides = (Proposal.crop_x1, Proposal.crop_y1, Proposal.crop_x2, Proposal.crop_y2)
    return {
        "format": FORMAT,
        "group_id": row[Proposal.group_id],
        "images": [paths.get(i, "") for i in row[Proposal.photo_ids]],
        "step1_selection": {
            "chosen": row[Proposal.chosen_path],
            "confidence": row[Proposal.confidence],
            "confidence_kind": row[Proposal.confidence_kind],
            "reasons": row[Proposal.reasons],
            "flags": row[Proposal.flags],
            "by": row[Proposal.decided_by],
        },
        "step2_crop": {
            "needs_crop": row[Proposal.crop_needed],
            "crop_coords": [row[s] for s in sides] if row[Proposal.crop_x1] is not None else None,
            "confidence": row[Proposal.crop_confidence],
            "reasons": row[Proposal.crop_reasons],
            "by": row[Proposal.crop_by],
        },
    }


def write_decisions(proposals: pl.DataFrame, photos: pl.DataFrame, path: Path) -> int:
    """Write the file unless it reads so already; gives the number of lines."""
    if proposals_differ(proposals, photos, path):
        write_atomic(path, _content(proposals, photos))
    return proposals.height


def proposals_differ(proposals: pl.DataFrame, photos: pl.DataFrame, path: Path) -> bool:
    """Whether the file is another than that of these rows."""
    return not path.exists() or path.read_bytes() != _content(proposals, photos)


def _content(proposals: pl.DataFrame, photos: pl.DataFrame) -> bytes:
    return "".join(line + "\n" for line in decision_lines(proposals, photos)).encode("utf-8")
