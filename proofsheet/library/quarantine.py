"""Refused files: recorded once, shown until they are readable, never decoded again without need.

Holds `known_bad`, `record_refusals`, `quarantine_rows` and `release`.
Add here: further actions on a refused file.
Keep out: the decision to refuse (scan.py, imaging/decode.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.core.files import Refused
from proofsheet.storage.ledger import Ledger
from schemas.library import Quarantine, Refusal

_FAULT = "reader_error"
DECODING = ("unreadable", "too_large", "decoder_died", "decoder_timeout", _FAULT)


def known_bad(ledger: Ledger, readers: Collection[str]) -> dict[str, Refused]:
    """Contents that these versions of the reader have refused before: they are not opened again.

    Args:
        ledger: of the project.
        readers: versions of the reader.
    """
    rows = ledger.rows(Refusal)
    rows = rows.filter(pl.col(Refusal.kind).is_in(DECODING) & pl.col(Refusal.cleared_at).is_null())
    rows = rows.filter(pl.col(Refusal.refused_by).is_in(list(readers)))
    return {
        row[Refusal.content_hash]: Refused(row[Refusal.kind], row[Refusal.reason], row[Refusal.next_step])
        for row in rows.drop_nulls(Refusal.content_hash).to_dicts()
    }


def record_refusals(
    ledger: Ledger,
    refused: Mapping[str, Refused],
    hashes: Mapping[str, str],
    readers: tuple[str, str],
    now: datetime,
) -> pl.DataFrame:
    """Bring the ledger up to date with what is refused now, and give the rows of `quarantine`.

    Args:
        ledger: of the project.
        refused: path to refusal, everything that is refused at present.
        hashes: path to content hash, where the content was read.
        readers: version of the reader, and of the reader with all measurements, which counts for faults of
            ours.
        now: present time (UTC, no zone).
    """
    before = {row[Refusal.path]: row for row in ledger.rows(Refusal).to_dicts()}
    rows: list[dict[str, object]] = []
    for path, why in refused.items():
        row = {
            Refusal.path: path,
            Refusal.kind: why.kind,
            Refusal.reason: why.reason,
            Refusal.next_step: why.next_step,
            Refusal.content_hash: hashes.get(path),
            Refusal.refused_by: readers[why.kind == _FAULT],
            Refusal.cleared_at: None,
        }
        old = before.get(path)
        same = (
            old is not None
            and old[Refusal.cleared_at] is None
            and old[Refusal.content_hash] == hashes.get(path)
        )
        rows.append(row | {Refusal.first_seen_at: old[Refusal.first_seen_at] if old and same else now})
    gone = [
        row | {Refusal.cleared_at: now}
        for path, row in before.items()
        if path not in refused and row[Refusal.cleared_at] is None
    ]
    changed = [row for row in rows if _differs(row, before.get(str(row[Refusal.path])))]
    ledger.put(Refusal, changed + gone)
    return quarantine_rows(ledger)


def quarantine_rows(ledger: Ledger) -> pl.DataFrame:
    """The rows of `quarantine`: every refusal that still holds."""
    rows = ledger.rows(Refusal).filter(pl.col(Refusal.cleared_at).is_null())
    return rows.select(Quarantine.polars_schema().names())


def _differs(row: Mapping[str, object], old: Mapping[str, object] | None) -> bool:
    return old is None or any(old[name] != value for name, value in row.items())


def release(ledger: Ledger, paths: set[str] | None, now: datetime) -> list[str]:
    """Clear refusals, so that the next run opens the files again.

    Args:
        ledger: of the project.
        paths: which; all if None.
        now: present time (UTC, no zone).

    Returns:
        The paths released.

    Raises:
        UsageError: if one of the paths is not in quarantine.
    """
    rows = [row for row in ledger.rows(Refusal).to_dicts() if row[Refusal.cleared_at] is None]
    unknown = (paths or set()) - {row[Refusal.path] for row in rows}
    if unknown:
        raise UsageError(
            f"Not in quarantine: {', '.join(sorted(unknown))}.",
            "`proofsheet quarantine list` shows the files in it.",
        )
    chosen = [row for row in rows if paths is None or row[Refusal.path] in paths]
    ledger.put(Refusal, [row | {Refusal.cleared_at: now} for row in chosen])
    return sorted(row[Refusal.path] for row in chosen)
