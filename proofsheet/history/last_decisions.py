"""The last decision on each set and picture, while rows of history are matched.

Holds `LastDecisions` and `match_row`.
Add here: another result that a later row replaces.
Keep out: the matching (matching.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from proofsheet.core.row_errors import RowRefused
from proofsheet.history.photo_lookup import PictureUnknown
from schemas.history import HistoryRow
from schemas.selections import HistoryMatch

Row = Mapping[str, Any]


@dataclass
class LastDecisions:
    """The last decision so far, and its source."""

    selections: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    crops: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    fates: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    members: dict[str, list[str]] = field(default_factory=dict)

    def keep_back(self, own: str, refusal: RowRefused) -> None:
        """A row that is saved and not used; `unknown` holds those with an unknown picture."""
        self.fates[own] = ("quarantined", f"{refusal.reason}: {refusal.detail}", refusal.next_step)
        if isinstance(refusal, PictureUnknown):
            self.unknown.add(own)


def match_row(project: str, row: Row, chosen: Mapping[str, str], said: LastDecisions) -> dict[str, Any]:
    """A row of `history_matches`."""
    own = str(row[HistoryRow.row_hash])
    status, reason, step = said.fates[own]
    columns: Iterable[str] = (
        HistoryMatch.row_hash,
        HistoryMatch.kind,
        HistoryMatch.file,
        HistoryMatch.line,
        HistoryMatch.chosen_path,
        HistoryMatch.happened_at,
    )
    return {n: row[n] for n in columns} | {
        HistoryMatch.project: project,
        HistoryMatch.chosen_photo_id: chosen.get(own),
        HistoryMatch.photo_ids: said.members.get(own, []),
        HistoryMatch.status: status,
        HistoryMatch.reason: reason,
        HistoryMatch.next_step: step,
    }
