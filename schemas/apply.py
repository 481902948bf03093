"""Tables of what is done to files: plans, their operations, who signed off, and what is at targets of publishing.

Holds the facts `ApplyPlan`, `FileOperation`, `SignOff`, `Upload` and `Withdrawal`, and the derived
`PlanOperation` and `Takedown`.
Add here: another fact about files that were moved, cut or written.
Keep out: what is decided (review.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

MODES = ("sandbox", "pilot", "production")
SELECTED, REVIEW = "selected", "review"


class ApplyPlan(Table, name="apply_plans", origin="fact"):
    """A plan that was carried out; its operations are in the journal before the first file is touched."""

    plan_id = column(pl.String, "Hash of the plan as the dry run shows it, and its number.", key=True)
    number = column(pl.Int64, "Order of the plans of the project.", ge=1)
    mode = column(pl.String, "How far the rollout was.", isin=MODES)
    sets = column(pl.Int64, "Sets in it.", ge=0)
    operations = column(pl.Int64, "Operations in it.", ge=0)
    folders = column(pl.List(pl.String), "Folders inside the project that were not there before.")
    started_at = column(pl.Datetime("us"), "When it was started (UTC).")


class FileOperation(Table, name="file_operations", origin="fact"):
    """The journal: every file operation of every plan, written before it is done."""

    plan_id = column(pl.String, "The plan.", key=True)
    number = column(pl.Int64, "Order inside the plan, from 1.", key=True, ge=1)
    group_id = column(pl.String, "The set that it is done for.")
    photo_id = column(pl.String, "The photo, or the one that the companion belongs to.")
    kind = column(pl.String, "What is done.", isin=("move", "crop"))
    role = column(pl.String, "What the file is.", isin=("winner", "other", "companion", "crop"))
    source = column(pl.String, "Path inside the project folder before.")
    target = column(pl.String, "Path inside the project folder after.")
    size_bytes = column(pl.Int64, "Size of the file; of a cut, once it is made.", unit="bytes", ge=0)
    modified_ns = column(pl.Int64, "Modification time in nanoseconds since 1970 (UTC).")
    content_hash = column(pl.String, "SHA-256 of the file; of a cut, once it is made.")
    box = column(
        pl.List(pl.Float64), "The cut as left, top, right, bottom in 0..1; null for moves.", nullable=True
    )
    state = column(pl.String, "How far it is.", isin=("planned", "done", "refused", "undone"))
    note = column(pl.String, "Why it was refused, or what a crop does not carry over; empty otherwise.")
    changed_at = column(pl.Datetime("us"), "When its state was set (UTC).")
    unit = column(
        pl.String,
        "What is moved whole or not at all: the set, or the first of sets that share a file; null in "
        "rows of earlier versions.",
        nullable=True,
    )


class PlanOperation(Table, name="plan_operations", origin="shown"):
    """What apply would do now, file by file, and what it would leave; made at the moment when it is asked for."""

    number = column(pl.Int64, "Order, from 1.", key=True, ge=1)
    plan_id = column(pl.String, "Hash of the plan, as the dry run shows it.")
    group_id = column(
        pl.String, "The set that it is done for; null for files of a whole folder.", nullable=True
    )
    unit = column(
        pl.String,
        "What is moved whole or not at all: the set, or the first of sets that share a file.",
        nullable=True,
    )
    photo_id = column(pl.String, "The photo, or the one that the companion belongs to.", nullable=True)
    kind = column(
        pl.String, "What would be done; leave for sets and files that stay.", isin=("move", "crop", "leave")
    )
    role = column(
        pl.String,
        "What the file is; null for sets.",
        isin=("winner", "other", "companion", "crop", "folder"),
        nullable=True,
    )
    source = column(pl.String, "Path inside the project folder now; null for sets.", nullable=True)
    target = column(pl.String, "Path inside the project folder then; null for what stays.", nullable=True)
    size_bytes = column(
        pl.Int64, "Size of the file; 0 for a cut, null for what stays.", unit="bytes", ge=0, nullable=True
    )
    content_hash = column(pl.String, "SHA-256 of the file; empty for a cut.", nullable=True)
    box = column(pl.List(pl.Float64), "The cut as left, top, right, bottom in 0..1.", nullable=True)
    reason = column(pl.String, "Why it stays; empty otherwise.")


class SignOff(Table, name="sign_offs", origin="fact"):
    """Who allowed files to be moved outside the sandbox."""

    number = column(pl.Int64, "Order.", key=True, ge=1)
    mode = column(pl.String, "What is allowed from now on.", isin=MODES)
    signed_by = column(pl.String, "Who says so.")
    note = column(pl.String, "On what grounds.")
    signed_at = column(pl.Datetime("us"), "When (UTC).")


class Upload(Table, name="uploads", origin="fact"):
    """A picture with accepted texts that reached a target; nothing else sets the state uploaded. Only ever added."""

    photo_id = column(pl.String, "The photo.", key=True)
    attempt = column(pl.Int64, "The attempt whose texts went with it.", key=True, ge=1)
    target = column(pl.String, "Where to, without any secret.", key=True)
    number = column(
        pl.Int64,
        "How often this attempt went there, from 1: once more after it was taken back.",
        key=True,
        ge=1,
    )
    path = column(pl.String, "The file that was published, inside the project folder.")
    name_there = column(pl.String, "Its name at the target.")
    content_hash = column(pl.String, "SHA-256 of the published copy.")
    proof = column(pl.String, "What was read back from the copy: each part, tag and text that it holds.")
    uploaded_at = column(pl.Datetime("us"), "When (UTC).")
    version = column(
        pl.Int64, "Which version of the photo at this target it is; null is the first.", nullable=True, ge=1
    )


class Withdrawal(Table, name="withdrawals", origin="fact"):
    """A person's word that an uploaded picture is no longer at its target; nothing is deleted there by Proofsheet."""

    photo_id = column(pl.String, "The photo.", key=True)
    attempt = column(pl.Int64, "The attempt whose texts went with it.", key=True, ge=1)
    target = column(pl.String, "The target.", key=True)
    number = column(pl.Int64, "Which upload of this attempt it was, from 1.", key=True, ge=1)
    taken_back_at = column(
        pl.Datetime("us"), "When (UTC); null in rows of earlier versions: published again.", nullable=True
    )


class Takedown(Table, name="takedowns"):
    """A published picture that should be taken back at its target: no longer chosen, or replaced by a newer version."""

    photo_id = column(pl.String, "The photo.", key=True)
    target = column(pl.String, "Where it was sent.", key=True)
    name_there = column(pl.String, "Its name at the target.", key=True)
    path = column(pl.String, "The file that was published, inside the project folder.")
    uploaded_at = column(pl.Datetime("us"), "When it was published (UTC).")
    reason = column(pl.String, "Why it should be taken back.")
