"""Proof: texts put together, repaired, mapped to the vocabulary, judged, and saved as evidence.

Holds the assets of the group "gate".
Add here: an asset over texts that were generated.
Keep out: rules (proofsheet/rules/).
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from proofsheet.core.progress import Progress
from proofsheet.proof.assemble import repaired_rows
from proofsheet.proof.attempts import GateCandidate, blocked_by, judging_of, prove
from proofsheet.proof.evaluation_set import evaluation_rows
from proofsheet.proof.gate import RULES
from proofsheet.proof.media_meta import noted_events
from proofsheet.proof.proof_rows import proof_rows
from proofsheet.proof.regenerate import Asker, asker, candidates
from proofsheet.proof.vocabulary import tag_rows
from proofsheet.storage.workspace import Project
from proofsheet.texts import job_requests as ask
from proofsheet.texts.embedded_describer import TEMPLATE_WORDS
from proofsheet.texts.identification import agreed_names
from proofsheet.texts.jobs import CAPTION, JobRequest
from proofsheet.texts.set_intake import held_back, validation_rows
from proofsheet.texts.written_texts import texts_by_photo
from resources.words import VisionModelResource, VocabularyResource
from schemas.answers import JobFailure
from schemas.edits import TextRequest, Waiver, WordEdit, WordReview
from schemas.evaluation import EvaluationSet
from schemas.groups import PhotoGroup
from schemas.library import Photo
from schemas.media_meta import LifecycleEvent, MediaLifecycleEvent
from schemas.proof import MetadataQuality, MetadataRepair, ProofAttempt
from schemas.publish import Upload
from schemas.sets import ImageSet, SetValidation
from schemas.settings.gate import GateSettings
from schemas.table import Rows
from schemas.tags import MediaTag, Tag, UnmappedTerm
from schemas.vectors import Embedding
from schemas.vision import PictureHash
from schemas.words import Caption, Identification, PolicyFlag, QualityVerdict, TagSet, Title
from schemas.written import WrittenMetadata

RULE_CHECKS = [RowCheck(name, rule.meaning, blocked_by(name)) for name, rule in RULES.items()]
MAPPED = RowCheck("all_mapped", "Every keyword fits the vocabulary and its rules.", lambda rows: rows)
SOUND = RowCheck(
    "sets_hold_together", "The words of every set hold together.", lambda rows: rows.filter(_unsound())
)


def _unsound() -> pl.Expr:
    return pl.col(SetValidation.finding) != "sound"


@table_asset(MetadataRepair, group="gate", reads=(WordEdit,))
def metadata_repaired(
    captions: Rows[Caption],
    titles: Rows[Title],
    tag_sets: Rows[TagSet],
    written_metadata: Rows[WrittenMetadata],
    project: Project,
) -> pl.DataFrame:
    """Puts the texts together, keeps words of people, and repairs plain damage."""
    written = texts_by_photo(written_metadata)
    return repaired_rows(project.key, captions, titles, tag_sets, project.ledger, written)


@table_asset(
    MediaTag, UnmappedTerm, Tag, group="gate", reads=(WordEdit,), row_checks={UnmappedTerm: [MAPPED]}
)
def media_tags(
    metadata_repaired: Rows[MetadataRepair],
    tag_sets: Rows[TagSet],
    identifications: Rows[Identification],
    project: Project,
    vocabulary: VocabularyResource,
) -> TableRows:
    """Maps keywords and agreed names to the project's vocabulary, and lists those that do not fit."""
    named = agreed_names(identifications)
    return TableRows(tag_rows(project, metadata_repaired, tag_sets, named, vocabulary.load(), vocabulary))


@table_asset(SetValidation, group="gate", row_checks={SetValidation: [SOUND]})
def scratch_metadata(
    image_sets: Rows[ImageSet],
    metadata_repaired: Rows[MetadataRepair],
    photos: Rows[Photo],
    embeddings: Rows[Embedding],
    project: Project,
) -> pl.DataFrame:
    """Holds back sets that mix subjects or say nothing."""
    return validation_rows(project.key, image_sets, metadata_repaired, photos, embeddings)


def asking_again(
    questions: Sequence[JobRequest],
    texts: Sequence[GateCandidate],
    written_metadata: Rows[WrittenMetadata],
    project: Project,
    vision_model: VisionModelResource,
    vocabulary: VocabularyResource,
    now: datetime,
    progress: Progress,
) -> Asker:
    """What is needed to ask once more for a text that was refused."""
    return Asker(
        {c.input.photo_id: c for c in texts},
        {q.photo_id: q for q in questions},
        texts_by_photo(written_metadata),
        vision_model.describing(project),
        project,
        vocabulary.load(),
        vocabulary,
        now,
        progress,
    )


@table_asset(
    MetadataQuality,
    group="gate",
    reads=(WordEdit, Waiver, WordReview, TextRequest, Upload, JobFailure),
    always_run=True,
    inputs={**ask.STEPS[CAPTION.name], "texts": candidates, "asking": asking_again},
    row_checks={MetadataQuality: RULE_CHECKS},
)
def metadata_quality(
    texts: Sequence[GateCandidate],
    asking: Asker,
    scratch_metadata: Rows[SetValidation],
    photos: Rows[Photo],
    photo_groups: Rows[PhotoGroup],
    project: Project,
    gate: GateSettings,
    now: datetime,
) -> TableRows:
    """Judges every text. Refused ones are asked for again a few times; only accepted rows are exported."""
    judging = judging_of(project.ledger, gate, TEMPLATE_WORDS, held_back(scratch_metadata, photos))
    again = prove(project.ledger, texts, judging, asker(asking), gate.max_repair_attempts, now)
    described = {c.input.photo_id for c in texts}
    rows = proof_rows(project.key, project.ledger, described, photos, photo_groups)
    return TableRows([rows], {"asked_again": again})


@table_asset(EvaluationSet, group="gate", reads=(WordReview, WordEdit, Waiver, ProofAttempt))
def metadata_eval_set(
    picture_hashes: Rows[PictureHash],
    metadata_quality: Rows[MetadataQuality],
    project: Project,
    now: datetime,
) -> pl.DataFrame:
    """Keeps reviewed texts as evaluation data, frozen and split by picture."""
    return evaluation_rows(picture_hashes, project.ledger, now)


@table_asset(MediaLifecycleEvent, group="gate", reads=(LifecycleEvent,), writes=(LifecycleEvent,))
def media_lifecycle_events(
    quality_verdicts: Rows[QualityVerdict],
    policy_flags: Rows[PolicyFlag],
    metadata_quality: Rows[MetadataQuality],
    project: Project,
    now: datetime,
) -> pl.DataFrame:
    """Notes verdicts on quality and policy beside the steps of the proof."""
    return noted_events(quality_verdicts, policy_flags, project.ledger, now)
