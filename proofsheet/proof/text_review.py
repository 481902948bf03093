"""Your decisions on checked texts: waivers of one rule for one text, approval, refusal; and imported flags.

Holds `waive`, `review`, `want_others` and `import_flags`.
Add here: another decision on texts.
Keep out: editing (texts/edits.py) and judging (attempts.py).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from proofsheet.core.errors import UsageError
from proofsheet.proof.gate import RULES
from proofsheet.storage.ledger import Ledger
from proofsheet.texts.edits import as_text, text_hash
from schemas.edits import TextRequest, Waiver, WordReview
from schemas.labels import ImportedFlag
from schemas.proof import PASSED, ProofAttempt

Row = dict[str, Any]
_FLAGS = ("nsfw", "scan")
_YES, _NO = {"1", "true", "yes", "ja"}, {"0", "false", "no", "nein"}


def latest_attempt(ledger: Ledger, photo_id: str) -> Row:
    """The last judgement on a photo's texts.

    Raises:
        UsageError: if it does not exist.
    """
    rows = ledger.rows(ProofAttempt, photo_id=photo_id).to_dicts()
    if not rows:
        raise UsageError(f"The texts of {photo_id} were never checked.", "Run the project first.")
    return rows[-1]


def waive(ledger: Ledger, photo_id: str, rule: str, field: str, reason: str, now: datetime) -> None:
    """Waive a rule for the present text of a field.

    The next run applies the waiver. Another text is checked again.

    Raises:
        UsageError: if the rule does not object there, cannot be waived, or no reason is given.
    """
    if rule not in RULES or not RULES[rule].may_be_waived:
        names = ", ".join(n for n, r in RULES.items() if r.may_be_waived)
        raise UsageError(f"The rule {rule!r} cannot be waived.", f"These can: {names}.")
    if not reason.strip():
        raise UsageError(
            "A waiver needs a reason.", "It becomes evaluation data: say why the rule is wrong here."
        )
    attempt = latest_attempt(ledger, photo_id)
    held = {(i["rule"], i["field"]) for i in attempt[ProofAttempt.issues]}
    if (rule, field) not in held:
        told = ", ".join(f"{r} on {f}" for r, f in sorted(held)) or "nothing"
        raise UsageError(f"{rule} does not object to {field} of {photo_id}.", f"Open issues: {told}.")
    row = {
        Waiver.rule: rule,
        Waiver.field: field,
        Waiver.text_hash: text_hash(attempt[field]),
        Waiver.photo_id: photo_id,
        Waiver.text: as_text(attempt[field]),
        Waiver.reason: reason.strip(),
        Waiver.waived_at: now,
    }
    ledger.add(Waiver, [row])


def review(ledger: Ledger, photo_id: str, decision: str, reason: str, now: datetime) -> int:
    """Approve or reject the present texts of a photo; gives the attempt.

    Raises:
        UsageError: if a text that the gate blocked is to be approved, or this attempt was decided before.
    """
    attempt = latest_attempt(ledger, photo_id)
    if decision == "approved" and attempt[ProofAttempt.status] != "accepted":
        raise UsageError(
            f"The texts of {photo_id} are {attempt[ProofAttempt.status]}, not accepted.",
            "Edit them, or waive the rule that is wrong.",
        )
    row = {
        WordReview.photo_id: photo_id,
        WordReview.attempt: attempt[ProofAttempt.attempt],
        WordReview.decision: decision,
        WordReview.reason: reason,
        WordReview.decided_at: now,
    }
    if not ledger.add(WordReview, [row]):
        raise UsageError(
            f"Attempt {attempt[ProofAttempt.attempt]} of {photo_id} was decided before.",
            "Edit the texts instead.",
        )
    return int(attempt[ProofAttempt.attempt])


def want_others(ledger: Ledger, photo_id: str, now: datetime) -> None:
    """Allow one more round for a photo with refused texts.

    The gate or a review decision refused them. The next run requests new ones.

    Raises:
        UsageError: if its texts are accepted, or were never judged.
    """
    attempt = latest_attempt(ledger, photo_id)
    said = ledger.rows(WordReview, photo_id=photo_id, attempt=attempt[ProofAttempt.attempt]).to_dicts()
    if attempt[ProofAttempt.status] in PASSED and not any(r[WordReview.decision] == "rejected" for r in said):
        raise UsageError(
            f"The texts of {photo_id} are {attempt[ProofAttempt.status]}; a model is not asked the "
            "same question again.",
            "Edit them, or reject them first.",
        )
    number = ledger.rows(TextRequest, photo_id=photo_id).height + 1
    row = {TextRequest.photo_id: photo_id, TextRequest.number: number, TextRequest.requested_at: now}
    ledger.add(TextRequest, [row])


def import_flags(
    ledger: Ledger,
    text: str,
    source: str,
    hashes: Mapping[str, str],
    pictures: Mapping[str, str],
    now: datetime,
) -> tuple[int, list[str]]:
    """Take over NSFW and scan flags from CSV or JSON; rows name a picture by `path` or `content_hash`.

    Args:
        ledger: of the project.
        text: CSV with a header, or a JSON list of objects.
        source: name of the file.
        hashes: path to content hash of every photo.
        pictures: content hash to hash of the upright pixels; a flag stays when metadata changes.
        now: when (UTC, no zone).

    Returns:
        How many flags were noted, and what was refused, line by line.

    Raises:
        UsageError: if the file is neither.
    """
    noted, refused, known, count = list[Row](), list[str](), set(hashes.values()), 0
    for number, row in enumerate(_flag_rows(text, source), start=1):
        image = str(row.get("content_hash") or "") or hashes.get(str(row.get("path") or ""), "")
        if image not in known:
            refused.append(
                f"row {number}: no photo {row.get('path') or row.get('content_hash')!r} in this project"
            )
            continue
        for flag in _FLAGS:
            said = str(row.get(flag, "")).strip().casefold()
            if said in _YES | _NO:
                value, count = "yes" if said in _YES else "no", count + 1
                noted += [_flag(h, flag, value, source, now) for h in {image, pictures.get(image, image)}]
            elif said not in ("", "unknown", "none"):
                refused.append(f"row {number}: {flag} is {said!r}, not yes or no")
    ledger.put(ImportedFlag, noted)
    return count, refused


def _flag(image: str, flag: str, value: str, source: str, now: datetime) -> Row:
    return {
        ImportedFlag.content_hash: image,
        ImportedFlag.flag: flag,
        ImportedFlag.value: value,
        ImportedFlag.source: source,
        ImportedFlag.imported_at: now,
    }


def _flag_rows(text: str, source: str) -> Iterable[Mapping[str, Any]]:
    try:
        found = json.loads(text) if text.lstrip()[:1] in "[{" else list(csv.DictReader(io.StringIO(text)))
    except (ValueError, RecursionError, csv.Error) as error:
        raise UsageError(
            f"{source} cannot be read: {error}.", "Give a CSV with a header or a JSON list of objects."
        ) from error
    if not isinstance(found, list) or not all(
        isinstance(r, dict) and {"path", "content_hash"} & set(r) for r in found
    ):
        raise UsageError(
            f"{source} has rows without path and content_hash.", "Name each picture by one of them."
        )
    return found
