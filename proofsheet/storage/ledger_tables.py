"""Which tables a ledger holds.

Holds `FACTS` and `KEPT`.
Add here: a table of facts; another format number in ledger.py brings it into ledgers that are there.
Keep out: the tables themselves (schemas/).
"""

from __future__ import annotations

from schemas.answers import CopiedText, JobFailure, ModelAnswer
from schemas.apply import ApplyPlan, FileOperation, SignOff
from schemas.edits import TextRequest, Waiver, WordEdit, WordReview
from schemas.evaluation import EvaluationRow
from schemas.history import HistoryFile, HistoryRefusal, HistoryRow, ImportedVector
from schemas.identity import PhotoIdentity, PhotoPlace
from schemas.labels import ImportedFlag
from schemas.library import ProjectFolder, Refusal
from schemas.marks import PhotoMark
from schemas.media_meta import LifecycleEvent, PromptRecord
from schemas.metadata_changes import MetadataChange
from schemas.metrics import RunRecord, SessionMetric
from schemas.models import Fit, Promotion
from schemas.proof import ProofAttempt
from schemas.publish import Upload, Withdrawal
from schemas.review import Feedback, ReviewBatch, ReviewDecision, ReviewStep
from schemas.sets import SetContext, SubjectProposal
from schemas.table import Table

FACTS: tuple[type[Table], ...] = (
    Refusal,
    PhotoIdentity,
    PhotoPlace,
    RunRecord,
    ProjectFolder,
    ModelAnswer,
    JobFailure,
    CopiedText,
    ProofAttempt,
    WordEdit,
    Waiver,
    WordReview,
    TextRequest,
    LifecycleEvent,
    PromptRecord,
    SetContext,
    SubjectProposal,
    ImportedFlag,
    EvaluationRow,
    SessionMetric,
    HistoryRow,
    HistoryRefusal,
    HistoryFile,
    ImportedVector,
    Fit,
    Promotion,
    ReviewDecision,
    ReviewStep,
    ReviewBatch,
    PhotoMark,
    Feedback,
    ApplyPlan,
    FileOperation,
    MetadataChange,
    SignOff,
    Upload,
    Withdrawal,
)
KEPT: tuple[type[Table], ...] = (  # rows of these are never changed or deleted
    PhotoIdentity,
    PhotoPlace,
    WordEdit,
    ProofAttempt,
    WordReview,
    EvaluationRow,
    HistoryRow,
    Fit,
    Promotion,
    ReviewDecision,
    ReviewStep,
    ReviewBatch,
    PhotoMark,
    Feedback,
    SignOff,
    Upload,
)
