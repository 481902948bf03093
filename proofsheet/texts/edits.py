"""Texts by people, imports and identifiers.

They are separate from generated texts, and no run overwrites them.

Holds `write_field`, `undo_field`, `latest_edits` and `merged`.
Add here: another thing that people do to a field.
Keep out: the lock itself, which the ledger enforces for whoever writes (storage/ledger.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from proofsheet.core.errors import UsageError
from proofsheet.core.files import short_hash
from proofsheet.storage.ledger import Ledger
from schemas.edits import WordEdit
from schemas.proof import FIELDS, Texts

Fields = dict[tuple[str, str], str]


def as_text(value: str | Sequence[str]) -> str:
    """A field's value as it is stored: text, or keywords as JSON."""
    return value if isinstance(value, str) else json.dumps(list(value), ensure_ascii=False)


def text_hash(value: str | Sequence[str]) -> str:
    """Hash of a text."""
    return short_hash(as_text(value), length=32)


def latest_edits(ledger: Ledger) -> Fields:
    """(photo, field) to what was written there last; fields that were given back are left out."""
    return {
        (r[WordEdit.photo_id], r[WordEdit.field]): r[WordEdit.value]
        for r in _last(ledger).values()
        if r[WordEdit.value] is not None
    }


def _last(ledger: Ledger) -> dict[tuple[str, str], dict[str, Any]]:
    rows = ledger.rows(WordEdit).sort(WordEdit.revision).to_dicts()
    return {(r[WordEdit.photo_id], r[WordEdit.field]): r for r in rows}


def write_field(
    ledger: Ledger,
    photo_id: str,
    field: str,
    value: str | Sequence[str] | None,
    base: str | Sequence[str] | None,
    source: str,
    now: datetime,
    *,
    lock: bool | None = None,
) -> None:
    """Write a field; the former value stays in the history.

    Args:
        ledger: of the project.
        photo_id: the photo.
        field: one of `FIELDS`.
        value: new text or keywords; None gives the field back to the describer.
        base: present value.
        source: human, import or identifier.
        now: when (UTC, no zone).
        lock: whether only people may change it from now on; by default people's words are locked and others'
            are not.

    Raises:
        UsageError: if there is no such field, or if it is locked and the writer is no person.
    """
    if field not in FIELDS:
        raise UsageError(f"There is no field {field!r}.", f"Fields: {', '.join(FIELDS)}.")
    before = _last(ledger).get((photo_id, field))
    ledger.append_edit(
        {
            WordEdit.photo_id: photo_id,
            WordEdit.field: field,
            WordEdit.revision: before[WordEdit.revision] + 1 if before else 1,
            WordEdit.value: None if value is None else as_text(value),
            WordEdit.base: None if base is None else as_text(base),
            WordEdit.source: source,
            WordEdit.locked: (source == "human" and value is not None) if lock is None else lock,
            WordEdit.edited_at: now,
        }
    )


def undo_field(ledger: Ledger, photo_id: str, field: str, now: datetime) -> str | None:
    """Undo the last change of a field, as one more manual change; gives the present value.

    Raises:
        UsageError: if nothing was ever written there.
    """
    rows = ledger.rows(WordEdit, photo_id=photo_id, field=field).sort(WordEdit.revision).to_dicts()
    if not rows:
        raise UsageError(
            f"Nobody wrote {field} of {photo_id}.", "`proofsheet words history` shows what was written."
        )
    before = rows[-2][WordEdit.value] if len(rows) > 1 else None
    locked = bool(rows[-2][WordEdit.locked]) if len(rows) > 1 else False
    value = json.loads(before) if before is not None and field == Texts.keywords else before
    write_field(ledger, photo_id, field, value, None, "human", now, lock=locked)
    return before


def merged(generated: Sequence[str], base: Sequence[str], own: Sequence[str], *, locked: bool) -> list[str]:
    """Keywords merged three ways.

    Manual additions and removals stay; further keywords of the model come after.

    Args:
        generated: by the describer now.
        base: value at the time of writing.
        own: as written.
        locked: True keeps exactly what was written.
    """
    if locked:
        return list(own)
    removed = {w.casefold() for w in base} - {w.casefold() for w in own}
    known = {w.casefold() for w in own}
    return [*own, *(w for w in generated if w.casefold() not in removed and w.casefold() not in known)]


def edits_of(ledger: Ledger) -> dict[str, dict[str, dict[str, Any]]]:
    """Photo to field to the last change that somebody other than the describer made."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in ledger.rows(WordEdit).sort(WordEdit.revision).to_dicts():
        found.setdefault(row[WordEdit.photo_id], {})[row[WordEdit.field]] = row
    return found
