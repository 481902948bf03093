"""Tables of file operations: plans, their operations, and sign-offs.

Holds the facts `ApplyPlan`, `FileOperation` and `SignOff`, and the derived `PlanOperation`.
Add here: another fact about files that were moved or cropped.
Keep out: what is decided (review.py), and copies for others (publish.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

MODES = ("sandbox", "pilot", "production")
SELECTED, REVIEW = "selected", "review"
APPLY, RENAME, ORGANIZE, EMBED = VERBS = ("apply", "rename", "organize", "embed")


class ApplyPlan(Table, name="apply_plans", origin="fact"):
    """A plan that was carried out. Its operations are in the journal before the first file is touched."""

    plan_id = column(pl.String, "Hash of the plan as the dry run shows it, and its number.", key=True)
    number = column(pl.Int64, "Order of the plans of the project.", ge=1)
    mode = column(pl.String, "How far the rollout was.", isin=MODES)
    sets = column(pl.Int64, "Sets in it; for a rename, shots with their files.", ge=0)
    operations = column(pl.Int64, "Operations in it.", ge=0)
    folders = column(pl.List(pl.String), "Folders inside the project that the plan created.")
    started_at = column(pl.Datetime("us"), "When it was started (UTC).")
    verb = column(
        pl.String,
        "What the plan does; null in rows of earlier versions, which are all of apply.",
        isin=VERBS,
        nullable=True,
    )


class FileOperation(Table, name="file_operations", origin="fact"):
    """The journal: every file operation of every plan, written before it is done."""

    plan_id = column(pl.String, "The plan.", key=True)
    number = column(pl.Int64, "Order inside the plan, from 1.", key=True, ge=1)
    group_id = column(
        pl.String, "The set that it belongs to; for other verbs than apply, the path of its first picture."
    )
    photo_id = column(pl.String, "The photo, or the one that the companion belongs to.")
    kind = column(pl.String, "What is done.", isin=("move", "crop", EMBED))
    role = column(pl.String, "What the file is.", isin=("winner", "other", "picture", "companion", "crop"))
    source = column(pl.String, "Path inside the project folder before.")
    target = column(pl.String, "Path inside the project folder after.")
    size_bytes = column(pl.Int64, "Size of the file; for a crop, once it is written.", unit="bytes", ge=0)
    modified_ns = column(pl.Int64, "Modification time in nanoseconds since 1970 (UTC).")
    content_hash = column(pl.String, "SHA-256 of the file; for a crop, once it is written.")
    box = column(
        pl.List(pl.Float64), "The crop as left, top, right, bottom in 0..1; null for moves.", nullable=True
    )
    state = column(pl.String, "How far it is.", isin=("planned", "done", "refused", "undone"))
    note = column(pl.String, "Why it was refused, or what a crop does not carry over; empty otherwise.")
    changed_at = column(pl.Datetime("us"), "When its state was set (UTC).")
    unit = column(
        pl.String,
        "The unit that is moved whole or not at all: the set, or the first of several sets that "
        "share a file or exchange names; null in rows of earlier versions.",
        nullable=True,
    )


class PlanOperation(Table, name="plan_operations", origin="shown"):
    """What `apply` would do now, file by file, and what it would leave. It is made on demand."""

    number = column(pl.Int64, "Order, from 1.", key=True, ge=1)
    plan_id = column(pl.String, "Hash of the plan, as the dry run shows it.")
    group_id = column(
        pl.String, "The set that it belongs to; null for files of a whole folder.", nullable=True
    )
    unit = column(
        pl.String,
        "The unit that is moved whole or not at all: the set, or the first of several sets that "
        "share a file.",
        nullable=True,
    )
    photo_id = column(pl.String, "The photo, or the one that the companion belongs to.", nullable=True)
    kind = column(
        pl.String,
        "What would be done; leave for sets and files that do not move.",
        isin=("move", "crop", "leave"),
    )
    role = column(
        pl.String,
        "What the file is; null for sets.",
        isin=("winner", "other", "companion", "crop", "folder"),
        nullable=True,
    )
    source = column(pl.String, "Present path inside the project folder; null for sets.", nullable=True)
    target = column(
        pl.String,
        "Path inside the project folder afterwards; null for files that do not move.",
        nullable=True,
    )
    size_bytes = column(
        pl.Int64,
        "Size of the file; 0 for a crop, null for files that do not move.",
        unit="bytes",
        ge=0,
        nullable=True,
    )
    content_hash = column(pl.String, "SHA-256 of the file; empty for a crop.", nullable=True)
    box = column(pl.List(pl.Float64), "The crop as left, top, right, bottom in 0..1.", nullable=True)
    reason = column(pl.String, "Why it does not move; empty otherwise.")


class SignOff(Table, name="sign_offs", origin="fact"):
    """Who allowed files to be moved outside the sandbox."""

    number = column(pl.Int64, "Order.", key=True, ge=1)
    mode = column(pl.String, "What is allowed from now on.", isin=MODES)
    signed_by = column(pl.String, "Who says so.")
    note = column(pl.String, "On what grounds.")
    signed_at = column(pl.Datetime("us"), "When (UTC).")
