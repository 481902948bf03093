"""Which tables a ledger holds.

Holds `FACTS` and `KEPT`.
Add here: a table of facts; another format number in ledger.py brings it into ledgers that are there.
Keep out: the tables themselves (schemas/).
"""

from __future__ import annotations

from schemas import apply, facts, review
from schemas.history import HistoryFile, HistoryRefusal, HistoryRow, ImportedVector
from schemas.learning import Fit, Promotion
from schemas.metrics import SessionMetric
from schemas.table import Table

FACTS: tuple[type[Table], ...] = (
    facts.Refusal,
    facts.RunRecord,
    facts.ProjectFolder,
    facts.ModelAnswer,
    facts.JobFailure,
    facts.CopiedText,
    facts.ProofAttempt,
    facts.WordEdit,
    facts.Waiver,
    facts.WordReview,
    facts.TextRequest,
    facts.LifecycleEvent,
    facts.PromptRecord,
    facts.SetContext,
    facts.SubjectProposal,
    facts.ImportedFlag,
    facts.EvaluationRow,
    SessionMetric,
    HistoryRow,
    HistoryRefusal,
    HistoryFile,
    ImportedVector,
    Fit,
    Promotion,
    review.ReviewDecision,
    review.ReviewStep,
    review.ReviewBatch,
    review.Feedback,
    apply.ApplyPlan,
    apply.FileOperation,
    apply.SignOff,
    apply.Upload,
    apply.Withdrawal,
)
KEPT: tuple[type[Table], ...] = (  # rows of these are never changed or deleted
    *(facts.WordEdit, facts.ProofAttempt, facts.WordReview, facts.EvaluationRow, HistoryRow, Fit, Promotion),
    *(
        review.ReviewDecision,
        review.ReviewStep,
        review.ReviewBatch,
        review.Feedback,
        apply.SignOff,
        apply.Upload,
    ),
)
