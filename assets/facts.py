"""Facts in the graph: words and decisions of people and answers of models, as assets that no run makes.

Holds `KINDS`, `FACT_ASSETS` and `kinds_of`.
Add here: another kind of fact, which assets name in `reads`.
Keep out: the ledger (proofsheet/storage/ledger.py), and tables that a run makes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dagster as dg

from assets.partitions import PROJECTS, STORE_TAG, owners
from schemas import (
    answers,
    apply,
    edits,
    history,
    identity,
    labels,
    library,
    marks,
    media_meta,
    proof,
    publish,
    review,
    sets,
)
from schemas.table import Table


@dataclass(frozen=True)
class Kind:
    """A kind of fact: its tables in the ledger, and where they come from."""

    tables: tuple[type[Table], ...]
    comes_from: str


_DECIDED = (review.ReviewDecision, review.ReviewStep, review.ReviewBatch)
REVIEW = (*_DECIDED, marks.PhotoMark)  # undo steps back over decisions and marks in one order
KINDS: Mapping[str, Kind] = {
    "review_decisions": Kind((*_DECIDED, review.Feedback), "The review app, one row a key, undo among them."),
    "photo_marks": Kind((marks.PhotoMark,), "Stars, labels and flags that are set in the review app."),
    "text_edits": Kind(
        (edits.WordEdit, edits.Waiver, edits.WordReview, edits.TextRequest),
        "What people write, waive, accept and ask for: `proofsheet words`, and the page of texts.",
    ),
    "set_contexts": Kind(
        (sets.SetContext, sets.SubjectProposal),
        "`proofsheet sets`, the intake page, and subjects by a model.",
    ),
    "imported_flags": Kind((labels.ImportedFlag,), "`proofsheet sets` and files of flags."),
    "imported_history": Kind(
        (history.HistoryRow, history.HistoryRefusal, history.ImportedVector), "`proofsheet history import`."
    ),
    "model_answers": Kind(
        (answers.ModelAnswer, answers.JobFailure), "Model servers; an answer is asked for once."
    ),
    "proof_events": Kind(
        (proof.ProofAttempt, media_meta.LifecycleEvent), "The publish gate, which keeps every attempt."
    ),
    "applied_plans": Kind(
        (apply.ApplyPlan, apply.FileOperation), "`proofsheet apply`, `rename`, `organize` and their undo."
    ),
    "uploads": Kind((publish.Upload, publish.Withdrawal), "`proofsheet publish`."),
    "photo_identities": Kind(
        (identity.PhotoIdentity, identity.PhotoPlace),
        "Runs, which know photos again after renames, moves and edits, and `proofsheet photos`.",
    ),
    "refusals": Kind((library.Refusal,), "Files that could not be opened, and `proofsheet quarantine`."),
}
KIND_OF: Mapping[type[Table], str] = {table: name for name, kind in KINDS.items() for table in kind.tables}
FACT_ASSETS = [
    dg.AssetSpec(
        name,
        description=f"{kind.comes_from}\n\n"
        f"Tables of the ledger: {', '.join(t.name for t in kind.tables)}. No run makes them.",
        group_name="facts",
        owners=owners("facts"),
        kinds={"sqlite"},
        tags={STORE_TAG: "fact"},
        partitions_def=PROJECTS,
    )
    for name, kind in KINDS.items()
]


def kinds_of(tables: Iterable[type[Table]]) -> list[str]:
    """The assets of these tables of facts.

    Raises:
        KeyError: if a table is of no kind.
    """
    return sorted({KIND_OF[t] for t in tables})
