"""Jobs that show a plan first and carry it out when its name comes back.

Holds `confirmed_job`, `Shown` and `Carried`.
Add here: what holds for every confirmed job.
Keep out: one job (apply_job.py, publish_job.py), and the work itself (proofsheet/).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import dagster as dg

from assets.factory.metadata import failure_text
from assets.partitions import PROJECTS
from proofsheet.core.errors import ProofsheetError
from proofsheet.storage.workspace import Project
from resources.store import StoreResource

Confirmation = TypeVar("Confirmation", bound=dg.Config)


@dataclass(frozen=True)
class Shown:
    """A plan, as you see it before you confirm it.

    Attributes:
        metadata: of the run; the name that confirms the plan is in it.
        summary: one line for the log.
        refusal: why a confirmation would be refused now; empty if it would not.
    """

    metadata: Mapping[str, Any]
    summary: str
    refusal: str = ""


@dataclass(frozen=True)
class Carried:
    """What became of a confirmed plan.

    Attributes:
        metadata: of the run.
        summary: one line for the log.
        left: one line for each thing that was not done, with its reason.
        failed: why the run fails; empty if all that the plan allows is done.
    """

    metadata: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    left: Sequence[str] = ()
    failed: str = ""


def confirmed_job(
    name: str,
    step: str,
    config: type[Confirmation],
    description: str,
    plan: Callable[[Project, Confirmation], Shown],
    execute: Callable[[Project, Confirmation], Carried],
) -> dg.JobDefinition:
    """A job, partitioned by project, that changes nothing until its plan is confirmed.

    Args:
        name: of the job.
        step: name of its one op, under which the run config has the confirmation.
        config: with one text field first, the confirmation; empty shows the plan.
        description: of the job.
        plan: what would be done.
        execute: carries it out; raises if the confirmation is not that of the present plan.
    """
    confirmation = next(iter(config.model_fields))

    def perform(context: dg.OpExecutionContext, config: Any, store: StoreResource) -> None:  # noqa: ANN401
        project, metadata = store.project(context.partition_key), dict[str, Any]()
        try:
            shown = plan(project, config)
            metadata |= {**shown.metadata, **({"refusal": shown.refusal} if shown.refusal else {})}
            context.log.info(shown.summary)
            confirmed = bool(getattr(config, confirmation))
            carried = execute(project, config) if confirmed else Carried({}, _next(shown, confirmation))
        except (ProofsheetError, OSError) as error:
            raise dg.Failure(failure_text(error), metadata, allow_retries=False) from error
        metadata |= {**carried.metadata, **({"left": "\n".join(carried.left)} if carried.left else {})}
        for line in carried.left:
            context.log.warning(line)
        context.log.info(carried.summary)
        if carried.failed:  # Dagster drops the output metadata of a failed step
            raise dg.Failure(carried.failed, metadata, allow_retries=False)
        context.add_output_metadata(metadata)

    perform.__annotations__["config"] = config

    @dg.job(name=name, partitions_def=PROJECTS, executor_def=dg.in_process_executor, description=description)
    def job() -> None:
        dg.op(name=step, description=description)(perform)()

    return job


def _next(shown: Shown, confirmation: str) -> str:
    """What to do after a plan was shown."""
    step = shown.refusal or f"Launch again with this {confirmation} in the config."
    return f"Nothing is changed. {step}"
