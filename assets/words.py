"""Words: texts for the chosen pictures, and the proof that they may be published.

Holds the stages of the group "words".
Add here: a stage over texts.
Keep out: describers and rules.
"""

from datetime import datetime

import polars as pl

from assets.checks import Verdict
from assets.stage import stage
from proofsheet.progress import Progress
from proofsheet.words.caption import caption_rows, described_facts, wanted
from proofsheet.words.describe import EmbeddedDescriber
from proofsheet.words.gate import RULES
from proofsheet.words.proof import blocked_by, prove
from proofsheet.workspace import Project
from resources.rules import CaptioningResource, GateResource
from schemas.proof import MetadataQuality
from schemas.words import Caption

VERDICTS = [Verdict(rule, named.meaning, blocked_by(rule)) for rule, named in RULES.items()]


@stage(Caption, group="words")
def captions(
    decisions: pl.DataFrame,
    photos: pl.DataFrame,
    image_quality: pl.DataFrame,
    exif_facts: pl.DataFrame,
    project: Project,
    captioning: CaptioningResource,
    progress: Progress,
    now: datetime,
) -> pl.DataFrame:
    """Asks the describer once for every wanted picture; answers are kept in the ledger."""
    facts = wanted(described_facts(photos, image_quality, exif_facts), decisions, captioning)
    return caption_rows(project.key, facts, EmbeddedDescriber(), project.ledger, now, progress)


@stage(MetadataQuality, group="words", verdicts={MetadataQuality: VERDICTS})
def metadata_quality(
    captions: pl.DataFrame,
    photos: pl.DataFrame,
    image_quality: pl.DataFrame,
    exif_facts: pl.DataFrame,
    project: Project,
    gate: GateResource,
    now: datetime,
) -> pl.DataFrame:
    """Judges every text; blocked rows stay back, accepted rows go on."""
    facts = described_facts(photos, image_quality, exif_facts)
    return prove(project, captions, facts, gate, EmbeddedDescriber.template_words, now)
