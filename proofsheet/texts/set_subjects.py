"""Subjects of sets: proposed by the model, confirmed by you.

A proposal is never in words that were refused or given as a hint.

Holds `propose` and `subject_rows`.
Add here: another reason to refuse a proposal.
Keep out: what people say of sets (set_intake.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.rules.base import small_words
from proofsheet.rules.tokens import jaccard, words
from proofsheet.storage.ledger import Ledger
from proofsheet.storage.workspace import Project
from proofsheet.texts.client.protocol import ModelRequestError
from proofsheet.texts.describer import Describer
from proofsheet.texts.single_question import ask_one
from schemas.library import Photo
from schemas.replies import SubjectReply
from schemas.sets import ImageSet, SubjectProposal, SubjectSuggestion
from schemas.vision import Preview

_SHOWN = 4
_TRIES = 3
_ALIKE = 0.75
_LEAST_RUN = 2
Row = dict[str, Any]


def refusal(subject: str, hints: str, before: Sequence[str]) -> str | None:
    """Why a proposal is refused, or None.

    Args:
        subject: the proposal.
        hints: of the set.
        before: every earlier proposal.
    """
    own = _content(subject)
    if not own:
        return "it holds no word"
    for earlier in before:
        if jaccard(own, _content(earlier)) >= _ALIKE:
            return f"it says the same as an earlier one: {earlier!r}"
    hint = _content(hints)
    run, listed = words(hints), words(subject)
    copied = len(listed) >= _LEAST_RUN and any(run[i : i + len(listed)] == listed for i in range(len(run)))
    if hint and (copied or jaccard(own, hint) >= _ALIKE):
        return "it copies the hints"
    return None


def _content(text: str) -> frozenset[str]:
    """Words that mean something."""
    return frozenset(w for w in words(text) if len(w) > 1) - small_words()


def propose(
    describing: Describer, project: Project, folder: str, hints: str, pictures: Sequence[Path], now: datetime
) -> str | None:
    """Ask for a new subject in at most a few tries.

    Each try is saved with the input of the model.

    Args:
        describing: who answers.
        project: its ledger keeps every proposal.
        folder: the set.
        hints: of the set; the model sees them, the subject does not repeat them.
        pictures: previews of the set.
        now: when (UTC, no zone).

    Returns:
        The proposal, or None if every try was refused.

    Raises:
        ModelRequestError: if no model answers.
    """
    for _try in range(_TRIES):
        known = project.ledger.rows(SubjectProposal, folder=folder).to_dicts()
        before = [r[SubjectProposal.subject] for r in known]
        context = {
            "hints": hints,
            "before": before,
            "pictures": [p.name for p in pictures],
            "model": describing.name,
        }
        values = {"hints": hints or "none", "before": "; ".join(before) or "nothing"}
        reply, _answer = ask_one(describing, "subject", SubjectReply, values, pictures)
        refused = refusal(reply.subject, hints, before)
        row = {
            SubjectProposal.folder: folder,
            SubjectProposal.number: len(known) + 1,
            SubjectProposal.subject: reply.subject,
            SubjectProposal.refused: refused,
            SubjectProposal.confidence: reply.confidence,
            SubjectProposal.model: describing.name,
            SubjectProposal.prompt_version: describing.prompt("subject").label,
            SubjectProposal.context: json.dumps(context, ensure_ascii=False),
            SubjectProposal.proposed_at: now,
        }
        project.ledger.add(SubjectProposal, [row])
        if refused is None:
            return reply.subject
    return None


def samples(folder: str, photos: pl.DataFrame, previews: pl.DataFrame, cache: Path) -> list[Path]:
    """Previews of a few photos of a set, spread over it."""
    ids = [Photo.project, Photo.photo_id]
    known = photos.filter(pl.col(Photo.folder) == folder).join(previews, on=ids).sort(Photo.path).to_dicts()
    chosen = known[:: max(1, len(known) // _SHOWN)][:_SHOWN]
    return [cache / (r[Preview.preview_path] or r[Preview.thumb_path]) for r in chosen]


def subject_rows(
    image_sets: pl.DataFrame,
    photos: pl.DataFrame,
    previews: pl.DataFrame,
    describing: Describer,
    project: Project,
    now: datetime,
) -> pl.DataFrame:
    """The rows of `subject_suggestions`.

    Sets with notes and without a subject get a first proposal.
    """
    rows = []
    for row in image_sets.to_dicts():
        if all(row[c] is None for c in (ImageSet.subject, ImageSet.hints, ImageSet.location)):
            continue
        folder, problem = row[ImageSet.folder], None
        if row[ImageSet.subject] is None and not project.ledger.rows(SubjectProposal, folder=folder).height:
            try:
                propose(
                    describing,
                    project,
                    folder,
                    row[ImageSet.hints] or "",
                    samples(folder, photos, previews, project.cache),
                    now,
                )
            except ModelRequestError as trouble:
                problem = f"{trouble.kind}: {trouble.message}"
        rows.append(
            _row(project.key, row, project.ledger, problem, available=describing.choice.server is not None)
        )
    return SubjectSuggestion.frame(rows)


def _row(project: str, row: Row, ledger: Ledger, problem: str | None, *, available: bool) -> Row:
    known = ledger.rows(SubjectProposal, folder=row[ImageSet.folder]).to_dicts()
    good = [r for r in known if r[SubjectProposal.refused] is None]
    last = good[-1] if good else None
    confirmed = row[ImageSet.subject]
    if known:
        none_yet = "refused"
    elif problem and available:
        none_yet = "failed"
    else:
        none_yet = "not_available"
    state = "proposed" if last else none_yet
    if confirmed:
        state = "confirmed"
    return {
        SubjectSuggestion.project: project,
        SubjectSuggestion.folder: row[ImageSet.folder],
        SubjectSuggestion.status: state,
        SubjectSuggestion.subject: confirmed or (last[SubjectProposal.subject] if last else None),
        SubjectSuggestion.confidence: last[SubjectProposal.confidence] if last else None,
        SubjectSuggestion.proposals: len(known),
        SubjectSuggestion.problem: problem,
        SubjectSuggestion.model: last[SubjectProposal.model] if last else None,
        SubjectSuggestion.prompt_version: last[SubjectProposal.prompt_version] if last else None,
    }
