"""The proof of privacy copies: what is left in each copy of a folder, for programs and for people.

Holds `PROOF`, `former_rows` and `proof_files`.
Add here: another fact of the proof.
Keep out: making copies (privacy_copies.py).

A proof is about the whole folder. A later run into it keeps the rows of copies that are there unchanged,
each with the profile that it was made by.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from proofsheet.core.errors import UsageError
from proofsheet.core.files import hash_file
from proofsheet.publish.privacy_copies import PrivacyRow

PROOF = "proofsheet-proof"  # its name, as json and txt
_MADE_BY = "proofsheet scrub"
_OF_THE_RUN = ("source", "state")


def former_rows(place: Path) -> list[PrivacyRow]:
    """What an earlier proof says of copies that are there with the same content; empty without one.

    Args:
        place: folder of the copies.

    Raises:
        UsageError: if the file is not a proof, or cannot be read.
    """
    path = place / f"{PROOF}.json"
    if not path.exists():
        return []
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["made_by"] != _MADE_BY:
            raise ValueError("it has another author")
        rows = [PrivacyRow(source="", state="there", **one) for one in document["copies"]]
        return [r for r in rows if _is_there(place / r.target, r)]
    except (ValueError, TypeError, LookupError, OSError) as error:
        raise UsageError(
            f"{path} was not written by scrub, or is damaged: {error}.",
            "Move it away, or name another folder.",
        ) from error


def _is_there(path: Path, row: PrivacyRow) -> bool:
    return path.is_file() and hash_file(path)[0] == row.content_hash


def proof_files(rows: Sequence[PrivacyRow]) -> dict[str, bytes]:
    """The proof by the names of its files.

    It names copies alone, and nothing of the originals, so that it can be given away with them.

    Args:
        rows: of all copies in the folder.
    """
    rows = sorted(rows, key=lambda row: row.target)
    told = [{n: v for n, v in row.as_dict().items() if n not in _OF_THE_RUN} for row in rows]
    document = {"made_by": _MADE_BY, "copies": told}
    text = "".join(_in_words(row) for row in rows)
    return {
        f"{PROOF}.json": (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode(),
        f"{PROOF}.txt": f"Privacy copies: all that is in each of them.\n\n{text}".encode(),
    }


def _in_words(row: PrivacyRow) -> str:
    lines = [f"{row.target}  {row.size_bytes:,} bytes  SHA-256 {row.content_hash}"]
    lines += [f"  profile: {row.profile}"]
    lines += [f"  {n}: {', '.join(v) if isinstance(v, list) else v}" for n, v in row.fields.items()]
    lines += [] if row.fields else ["  no metadata"]
    lines += [] if row.blurred_faces is None else [f"  blurred faces: {row.blurred_faces}"]
    lines += [f"  parts: {', '.join(f'{n} {size:,} B' for n, size in row.parts)}"]
    lines += [f"  left out of the original: {', '.join(row.left_out)}"] if row.left_out else []
    return "\n".join(lines) + "\n\n"
