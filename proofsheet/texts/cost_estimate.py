"""What is still to be asked, and what it will cost: rows times measured seconds.

Holds `pending_questions`.
Add here: another figure about work to come.
Keep out: asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import polars as pl

from proofsheet.core.config import SECTIONS
from proofsheet.storage.injection import Injected
from proofsheet.storage.workspace import Project
from proofsheet.texts.answer_cache import AnswerCache
from proofsheet.texts.inference import Describer, pending, questions
from proofsheet.texts.job_requests import STEPS
from proofsheet.texts.jobs import JOBS, Job
from schemas.facts import ModelAnswer


@dataclass(frozen=True)
class Cost:
    """Work to come of one job.

    Attributes:
        job: its name.
        questions: pictures that will be asked about.
        seconds: what that will take by the median of former answers; None if the model never answered.
    """

    job: str
    questions: int
    seconds: float | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def pending_questions(project: Project, describing: Describer, settings: Mapping[str, Any]) -> list[Cost]:
    """Every job that would ask something now, by the tables of the last run.

    Args:
        project: whose tables.
        describing: who would answer.
        settings: sections of the settings by name, such as `captions`.
    """
    found = []
    for job in JOBS.values():
        if count := pending_count(job, project, describing, settings):
            seconds = _seconds(
                project,
                job.name,
                describing.choice.server.identity.digest if describing.choice.server else "",
            )
            found.append(Cost(job.name, count, round(count * seconds, 3) if seconds is not None else None))
    return found


def pending_count(job: Job, project: Project, describing: Describer, settings: Mapping[str, Any]) -> int:
    """How many pictures a job would ask about now, by the tables of the last run; 0 where nobody can be asked."""
    server = describing.choice.server
    if server is None or describing.sight.blind(server.identity) or job.name in describing.settings.off:
        return 0
    now = datetime.now(UTC).replace(tzinfo=None)
    books = AnswerCache(project.ledger, job.name, server.identity.digest, describing.settings.strikes, now)
    return len(pending(questions(job, _asked(job, project, settings), describing), books, forced=False))


def _asked(job: Job, project: Project, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what the steps give
    steps = dict(STEPS[job.name])
    asking = Injected(steps.pop("questions"), steps, SECTIONS, (Project,))
    return asking.call(project.store.read, settings.__getitem__, {Project: project})


def _seconds(project: Project, job: str, digest: str) -> float | None:
    """Median time of an answer: of this job, else of any."""
    rows = project.ledger.rows(ModelAnswer, model_digest=digest).drop_nulls(ModelAnswer.seconds)
    own = rows.filter(pl.col(ModelAnswer.job) == job)[ModelAnswer.seconds].to_list()
    every = own or rows[ModelAnswer.seconds].to_list()
    return float(median(every)) if every else None
