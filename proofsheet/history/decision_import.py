"""Verdicts that were given elsewhere: `approved_decisions.jsonl`.

Holds `import_verdicts`.
Add here: another form in which verdicts come.
Keep out: matching of rows with pictures (matching.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from proofsheet.core.files import short_hash
from proofsheet.core.row_errors import RowRefused
from proofsheet.history.cells import time_of
from proofsheet.selection.timeline import Timeline, proposed_crop
from proofsheet.storage.workspace import Project
from schemas.choices import Proposal
from schemas.library import Photo
from schemas.review import ReviewDecision

_ACTIONS = ("approved", "rejected", "overridden", "skipped")


def import_verdicts(project: Project, content: bytes, now: datetime, *, blind: bool) -> dict[str, Any]:
    """Import decisions on the present proposals.

    Each line is imported once, whoever sends it again.

    Args:
        project: the project of the sets.
        content: one JSON object a line: group_id, action, final_choice, crop_coords, timestamp.
        now: time of verdicts that name none (UTC, no zone).
        blind: the person did not see what was proposed.
    """
    groups = {r[Proposal.group_id]: r for r in project.store.read(Proposal).to_dicts()}
    paths = {p: i for i, p in project.store.read(Photo).select(Photo.photo_id, Photo.path).iter_rows()}
    rows: list[dict[str, Any]] = []
    refused: list[dict[str, object]] = []
    for line, text in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        if not text.strip():
            continue
        try:
            rows.append(_verdict(text, groups, paths, now, blind))
        except RowRefused as refusal:
            told = {"reason": refusal.reason, "detail": refusal.detail, "next_step": refusal.next_step}
            refused.append({"line": line, **told})
    with project.ledger.exclusive() as inside:
        number = Timeline().catch_up(inside).number
        taken = inside.add(
            ReviewDecision, (row | {ReviewDecision.number: number + k} for k, row in enumerate(rows, start=1))
        )
    return {"taken": taken, "known": len(rows) - taken, "refused": refused}


def _verdict(
    text: str, groups: Mapping[str, Mapping[str, Any]], paths: Mapping[str, str], now: datetime, blind: bool
) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RowRefused("no JSON", f"the line is not a JSON object: {text[:80]!r}", "correct the line")
    group = groups.get(str(found.get("group_id")))
    if group is None:
        raise RowRefused(
            "unknown set",
            f"no set {found.get('group_id')!r} is proposed now",
            "export the proposals again and decide on those",
        )
    if found.get("action") not in _ACTIONS:
        raise RowRefused(
            "unknown action",
            f"{found.get('action')!r} is not one of {', '.join(_ACTIONS)}",
            "correct the line",
        )
    chosen = _choice(found, group, paths)
    when = time_of(str(found.get("timestamp") or "")) or now
    crop = _crop(found.get("crop_coords"))
    mark = short_hash(
        str(group[Proposal.group_id]),
        str(found["action"]),
        str(chosen),
        repr(crop),
        str(found.get("timestamp")),
        length=32,
    )
    return {
        ReviewDecision.verdict_id: str(found.get("verdict_id") or mark),
        ReviewDecision.group_id: group[Proposal.group_id],
        ReviewDecision.photo_ids: group[Proposal.photo_ids],
        ReviewDecision.action: found["action"],
        ReviewDecision.proposed_photo_id: group[Proposal.chosen_photo_id],
        ReviewDecision.chosen_photo_id: chosen,
        ReviewDecision.crop: crop,
        ReviewDecision.confidence: group[Proposal.confidence],
        ReviewDecision.proposed_by: group[Proposal.decided_by],
        ReviewDecision.proposed_crop: proposed_crop(group),
        ReviewDecision.blind: blind,
        ReviewDecision.bulk: False,
        ReviewDecision.decided_at: when,
    }


def _choice(found: Mapping[str, Any], group: Mapping[str, Any], paths: Mapping[str, str]) -> str | None:
    """The chosen photo.

    It is the proposed one if approved, that of `final_choice` if overridden, none otherwise.
    """
    if found["action"] in {"rejected", "skipped"}:
        return None
    named = found.get("final_choice")
    photo = (
        str(group[Proposal.chosen_photo_id])
        if named is None and found["action"] == "approved"
        else paths.get(str(named))
    )
    if photo not in group[Proposal.photo_ids]:
        raise RowRefused("unknown choice", f"{named!r} is not a picture of the set", "name one of its images")
    same = photo == group[Proposal.chosen_photo_id]
    if same != (found["action"] == "approved"):
        raise RowRefused(
            "contradiction",
            f"{named!r} is {'' if same else 'not '}the proposed picture, the action is {found['action']}",
            "correct the line",
        )
    return photo


def _crop(given: object) -> list[float] | None:
    if given is None:
        return None
    numbers = (
        isinstance(given, list)
        and len(given) == 4
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in given)
    )
    if not numbers or not isinstance(given, list):
        raise RowRefused("no box", f"crop_coords are not four numbers: {str(given)[:80]}", "correct the line")
    x1, y1, x2, y2 = (float(v) for v in given)
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise RowRefused("no box", f"crop_coords are not a box in 0..1: {given}", "correct the line")
    return [x1, y1, x2, y2]
