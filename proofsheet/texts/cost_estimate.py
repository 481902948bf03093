"""What is still to be asked, and what it will cost: requests, pictures and measured seconds.

Holds `Cost`, `CostEstimate`, `pending_questions` and `pending_count`.
Add here: another figure about work to come.
Keep out: asking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from proofsheet.core.config import SECTIONS
from proofsheet.core.errors import UsageError
from proofsheet.storage.injection import Injected
from proofsheet.storage.workspace import Project
from proofsheet.texts.combined import COMBINED
from proofsheet.texts.describer import Describer
from proofsheet.texts.inference import OpenQuestions, open_questions
from proofsheet.texts.job_requests import STEPS
from proofsheet.texts.jobs import JOBS, Job
from proofsheet.texts.strikes import of_model
from schemas.answers import ModelAnswer


@dataclass(frozen=True)
class Cost:
    """Work to come of one job.

    Attributes:
        job: its name; `combined` for caption, title, keywords and quality in one question.
        questions: pictures that will be asked about.
        seconds: what that will take by the median of former answers; None if the model never answered.
        problem: why the job cannot ask, such as a prompt that is no text; None if it can.
    """

    job: str
    questions: int
    seconds: float | None
    problem: str | None = None


@dataclass(frozen=True)
class CostEstimate:
    """Work to come of a project.

    Attributes:
        costs: one a job that would ask something.
        pictures: different pictures that are asked about.
    """

    costs: Sequence[Cost]
    pictures: int

    @property
    def requests_per_picture(self) -> float | None:
        """Questions over pictures, without tries that fail; None if nothing is to be asked."""
        return round(sum(c.questions for c in self.costs) / self.pictures, 2) if self.pictures else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON: to_ask and requests_per_picture."""
        costs = [asdict(cost) for cost in self.costs]
        return {"to_ask": costs, "requests_per_picture": self.requests_per_picture}


def pending_questions(project: Project, describing: Describer, settings: Mapping[str, Any]) -> CostEstimate:
    """Every job that would ask something now, by the tables of the last run.

    Args:
        project: the project of the tables.
        describing: who would answer.
        settings: sections of the settings by name, such as `captions`.
    """
    alone: dict[str, int] = {}
    together, pictures, problems = set[str](), set[str](), list[Cost]()
    for job in JOBS.values():
        try:
            todo = _open(job, project, describing, settings)
        except UsageError as error:
            problems.append(Cost(job.name, 0, None, f"{error.what} {error.next_step}"))
            continue
        if todo is not None:
            together |= {p.request.image_hash for p in todo.together}
            alone[job.name] = len(todo.alone)
            pictures |= {p.request.image_hash for p in (*todo.together, *todo.alone)}
    counts = {COMBINED.name: len(together), **alone}
    costs = [_cost(project, describing, name, count) for name, count in counts.items() if count]
    return CostEstimate([*costs, *problems], len(pictures))


def pending_count(job: Job, project: Project, describing: Describer, settings: Mapping[str, Any]) -> int:
    """How many pictures a job would ask about now, by the tables of the last run; 0 without a model.

    Raises:
        UsageError: if its prompt cannot be read.
    """
    todo = _open(job, project, describing, settings)
    return len(todo.together) + len(todo.alone) if todo is not None else 0


def _open(
    job: Job, project: Project, describing: Describer, settings: Mapping[str, Any]
) -> OpenQuestions | None:
    """What a job would ask; None where it is off, or where no model that sees is there."""
    server = describing.choice.server
    if server is None or describing.sight.blind(server.identity) or job.name in describing.settings.off:
        return None
    now = datetime.now(UTC).replace(tzinfo=None)
    todo = open_questions(job, _asked(job, project, settings), describing, server, project, now)
    return None if describing.settings.canary and todo.books.strikes.blind else todo


def _cost(project: Project, describing: Describer, job: str, count: int) -> Cost:
    server = describing.choice.server
    seconds = _seconds(project, job, server.identity.digest if server else "")
    return Cost(job, count, round(count * seconds, 3) if seconds is not None else None)


def _asked(job: Job, project: Project, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what the steps give
    steps = dict(STEPS[job.name])
    asking = Injected(steps.pop("questions"), steps, SECTIONS, (Project,))
    return asking.call(project.store.read, settings.__getitem__, {Project: project})


def _seconds(project: Project, job: str, digest: str) -> float | None:
    """Median time of an answer: of this job, else of any."""
    rows = project.ledger.rows(ModelAnswer).drop_nulls(ModelAnswer.seconds).to_dicts()
    by_job = [(r[ModelAnswer.job], r[ModelAnswer.seconds]) for r in rows if of_model(r, digest)]
    own = [seconds for name, seconds in by_job if name == job]
    every = own or [seconds for _name, seconds in by_job]
    return float(median(every)) if every else None
