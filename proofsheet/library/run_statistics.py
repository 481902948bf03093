"""How runs went: what each opened and refused, and how that changes over the days.

Holds `note_session` and `trend_rows`.
Add here: another figure of a run.
Keep out: the log of a run (core/run_log.py).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from proofsheet.core.run_log import RunLog
from proofsheet.storage.ledger import Ledger
from schemas.metrics import Inventory, SessionMetric, Trend

_VERDICTS = (SessionMetric.excellent, SessionMetric.good, SessionMetric.average, SessionMetric.poor)


def note_session(
    ledger: Ledger, session: RunLog, now: datetime, refused: int, inventory: pl.DataFrame
) -> None:
    """Note a run in the ledger, once; one that opened no picture is not worth a note.

    Args:
        ledger: of the project.
        session: log of the run.
        now: when (UTC, no zone).
        refused: files in quarantine.
        inventory: rows of `inventory`.
    """
    if not session.opened:
        return
    quality = inventory.filter(pl.col(Inventory.dimension) == "quality")
    counts = dict(quality.select(Inventory.bucket, Inventory.photos).iter_rows())
    row: dict[str, object] = {
        SessionMetric.run_id: session.run_id,
        SessionMetric.ended_at: now,
        SessionMetric.seconds: session.seconds,
        SessionMetric.opened: session.opened,
        SessionMetric.refused: refused,
        SessionMetric.photos: sum(counts.values()),
    }
    ledger.add(SessionMetric, [row | {verdict: counts.get(verdict, 0) for verdict in _VERDICTS}])


def trend_rows(project: str, ledger: Ledger) -> pl.DataFrame:
    """The rows of `trends`: every day with a run."""
    sessions = ledger.rows(SessionMetric).sort(SessionMetric.ended_at).to_dicts()
    days: dict[str, list[dict[str, object]]] = {}
    for row in sessions:
        days.setdefault(f"{row[SessionMetric.ended_at]:%Y-%m-%d}", []).append(row)
    return Trend.frame(_trend(project, day, rows) for day, rows in days.items())


def _trend(project: str, day: str, rows: list[dict[str, object]]) -> dict[str, object]:
    busy = [row for row in rows if _int(row, SessionMetric.opened)]
    opened = sum(_int(row, SessionMetric.opened) for row in busy)
    seconds = sum(float(str(row[SessionMetric.seconds])) for row in busy)
    last = rows[-1]
    photos, refused = _int(last, SessionMetric.photos), _int(last, SessionMetric.refused)
    good = _int(last, SessionMetric.excellent) + _int(last, SessionMetric.good)
    return {
        Trend.project: project,
        Trend.day: day,
        Trend.runs: len(rows),
        Trend.opened: opened,
        Trend.pictures_per_s: opened / seconds if seconds else None,
        Trend.success_share: photos / (photos + refused) if photos + refused else 1.0,
        Trend.good_share: good / photos if photos else None,
    }


def _int(row: dict[str, object], name: str) -> int:
    return int(str(row[name]))
