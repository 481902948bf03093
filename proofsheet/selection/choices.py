"""The final choice in each set: the review decision, else imported history, else the proposal.

Holds `choice_rows`, `present_choices`, `held_photos`, `decided_against`, `redecided`, `History` and
`ReviewProgress`.
Add here: another source of decisions, and its rank.
Keep out: how suggestions, verdicts and history come about (stage_rule.py, review/, history/).

The current review decision counts at once. Targets and files of the library wait for submit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from proofsheet.library.companions import one_shot
from proofsheet.selection.timeline import Timeline, decides, handed_over, timeline
from proofsheet.storage.ledger import Ledger
from proofsheet.storage.workspace import Project
from schemas.choices import Choice, Proposal
from schemas.library import Photo
from schemas.review import ReviewDecision
from schemas.selections import Selection

Row = dict[str, Any]
Members = frozenset[str]


@dataclass(frozen=True)
class ReviewProgress:
    """How far the sets of two photos or more are decided.

    Attributes:
        total: such sets.
        reviewed: decided by a person in the review.
        history: decided by imported history.
    """

    total: int
    reviewed: int
    history: int

    @property
    def decided(self) -> int:
        """Decided either way; a skipped set is open."""
        return self.reviewed + self.history

    def __str__(self) -> str:
        share = f"{100 * self.decided / self.total if self.total else 0:.0f} %"
        if not self.history:
            return f"Reviewed {self.reviewed}/{self.total} groups ({share})"
        return (
            f"Decided {self.decided}/{self.total} groups ({share}): {self.reviewed} reviewed, "
            f"{self.history} by history"
        )


class History:
    """The choices of imported history; rows that the review wrote are read as its decisions.

    Args:
        selections: rows of `selections`.
        paths: photo to its path.
    """

    def __init__(self, selections: pl.DataFrame, paths: Mapping[str, str]) -> None:
        rows = selections.filter(pl.col(Selection.source) == "history").to_dicts()
        self._sets = {frozenset(r[Selection.photo_ids]): r for r in rows}
        self._of_photo: dict[str, list[Members]] = defaultdict(list)
        for ids in self._sets:
            for photo in ids:
                self._of_photo[photo].append(ids)
        ids_of = {path: photo for photo, path in paths.items()}
        self._shots = {
            ids_of[p]: frozenset(ids_of[q] for q in parts) for p, parts in one_shot(ids_of).items()
        }

    def of(self, photo_ids: Iterable[str]) -> Row | None:
        """The choice among exactly these photos, or among all but parts of their shots.

        A part is for example a RAW file beside its JPEG.
        """
        members = frozenset(photo_ids)
        if members in self._sets or not any(photo in self._shots for photo in members):
            return self._sets.get(members)
        named = {ids for photo in members for ids in self._of_photo[photo] if ids < members}
        whole = (
            ids for ids in named if all(self._shots.get(photo, Members()) & ids for photo in members - ids)
        )
        return self._sets.get(max(whole, key=len, default=members))


def choice_rows(
    project: str, proposals: pl.DataFrame, photos: pl.DataFrame, selections: pl.DataFrame, ledger: Ledger
) -> pl.DataFrame:
    """The rows of `choices`, one a set.

    A decision, and a row of history, belongs to a set of certain members. If the members change, the set is
    open.

    Args:
        project: partition key.
        proposals: rows of `proposals`.
        photos: rows of `photos`.
        selections: rows of `selections`.
        ledger: holds the review.
    """
    paths = dict(photos.select(Photo.photo_id, Photo.path).iter_rows())
    handed, standing, history = handed_over(ledger), timeline(ledger), History(selections, paths)
    groups = proposals.to_dicts()
    strays = _strays(standing, {str(g[Proposal.group_id]) for g in groups})
    rows = []
    for group in groups:
        own, members = str(group[Proposal.group_id]), list(group[Proposal.photo_ids])
        verdict = standing.of(own)
        row = _decided(group, verdict, history.of(members))
        chosen = row[Choice.chosen_photo_id]
        rows.append(
            row
            | {
                Choice.project: project,
                Choice.group_id: own,
                Choice.photo_ids: members,
                Choice.chosen_path: paths.get(str(chosen)),
                Choice.chosen_photo_ids: _chosen_ids(chosen, members, bool(group[Proposal.keep_all])),
                Choice.action: verdict[ReviewDecision.action] if verdict else "none",
                Choice.submitted: _submitted(verdict, handed.of(own)),
                Choice.note: "" if decides(verdict) else _regrouped(members, strays),
            }
        )
    return Choice.frame(rows)


def _decided(group: Row, verdict: Row | None, history: Row | None) -> Row:
    if verdict is not None and decides(verdict):
        found = ("person", verdict[ReviewDecision.chosen_photo_id], verdict[ReviewDecision.decided_at])
    elif history is not None:
        found = ("history", history[Selection.chosen_photo_id], history[Selection.decided_at])
    else:
        found = ("suggestion", group[Proposal.chosen_photo_id], None)
    return dict(zip((Choice.decided_by, Choice.chosen_photo_id, Choice.decided_at), found, strict=True))


def _submitted(verdict: Row | None, handed: Row | None) -> bool | None:
    """Whether what was handed over comes to the same; None if neither decides anything."""
    now, before = (
        (v[ReviewDecision.action], v[ReviewDecision.chosen_photo_id])
        if v is not None and decides(v)
        else None
        for v in (verdict, handed)
    )
    return None if now is None and before is None else now == before


def _strays(standing: Timeline, groups: set[str]) -> dict[str, Row]:
    """Photo to the verdict on a set that is no longer there."""
    gone = (v for v in standing.standing() if decides(v) and v[ReviewDecision.group_id] not in groups)
    return {photo: verdict for verdict in gone for photo in verdict[ReviewDecision.photo_ids]}


def _chosen_ids(chosen: object, members: list[str], keep_all: bool) -> list[str]:
    if chosen is None:
        return []
    return members if keep_all else [str(chosen)]


def _regrouped(members: list[str], strays: Mapping[str, Row]) -> str:
    found = {strays[i][ReviewDecision.verdict_id]: strays[i] for i in members if i in strays}
    if not found or len(members) < 2:
        return ""
    days = ", ".join(sorted({f"{v[ReviewDecision.decided_at]:%Y-%m-%d}" for v in found.values()}))
    return f"Its pictures were decided on {days} in a set of other members; decide again."


def present_choices(project: Project) -> pl.DataFrame:
    """The rows of `choices` as a run would make them now: tables of the last run, verdicts of this moment."""
    store = project.store
    return choice_rows(
        project.key, store.read(Proposal), store.read(Photo), store.read(Selection), project.ledger
    )


def progress(choices: pl.DataFrame) -> ReviewProgress:
    """How far the sets are.

    Args:
        choices: rows of `choices`.
    """
    sets = choices.filter(pl.col(Choice.photo_ids).list.len() > 1)
    by = dict(sets[Choice.decided_by].value_counts().iter_rows())
    return ReviewProgress(sets.height, by.get("person", 0), by.get("history", 0))


def decided_against(choices: pl.DataFrame) -> set[str]:
    """Photos that a person or history decided against; all of a rejected set. They go nowhere.

    Args:
        choices: rows of `choices`.
    """
    decided = choices.filter(pl.col(Choice.decided_by) != "suggestion")
    left = decided.select(pl.col(Choice.photo_ids).list.set_difference(pl.col(Choice.chosen_photo_ids)))
    return set(left.explode(Choice.photo_ids).drop_nulls()[Choice.photo_ids])


def redecided(project: Project, choices: pl.DataFrame) -> set[str]:
    """Sets with another choice than in the last run.

    The next run describes and exports the present choice.

    Args:
        project: the project of the last run.
        choices: the present choices.
    """
    names = (Choice.group_id, Choice.chosen_photo_id)
    before = dict(project.store.read(Choice).select(names).iter_rows())
    return {
        str(group)
        for group, chosen in choices.select(names).iter_rows()
        if group not in before or before[group] != chosen
    }


def held_photos(project: Project, choices: pl.DataFrame) -> dict[str, str]:
    """Photo to the reason why nothing of it is published or exported now.

    Args:
        project: the project of the last run.
        choices: the present choices.
    """
    against, changed = decided_against(choices), redecided(project, choices)
    found = {}
    for row in choices.to_dicts():
        for photo in row[Choice.photo_ids]:
            if photo in against:
                found[photo] = (
                    "another picture of its set was chosen"
                    if row[Choice.chosen_photo_id]
                    else "its set was rejected"
                )
            elif row[Choice.group_id] in changed:
                found[photo] = "the choice of its set is newer than the last run; run the project"
    return found
