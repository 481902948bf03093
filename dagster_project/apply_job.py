"""Applying approved decisions as a Dagster job; the hash of the plan is the confirmation.

Holds `apply_job`.
Add here: another thing that is told of a plan.
Keep out: plans and moves (applying.py).
"""

from collections.abc import Callable

import dagster as dg
from pydantic import Field

from assets.factory.metadata import failure_text
from assets.partitions import PROJECTS
from dagster_project.applying import carry_out, planned
from proofsheet.apply.plan import Plan
from proofsheet.core.config import Configuration
from proofsheet.core.errors import ProofsheetError
from resources.store import StoreResource

_SHOWN = 40


class ApplyConfig(dg.Config):
    """What is confirmed."""

    plan: str = Field(
        "", description="Hash of the plan as the job showed it; empty shows the plan and changes nothing."
    )


def apply_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `apply`, partitioned by project.

    Args:
        settings: gives the settings in force when it runs.
    """

    @dg.op(
        name="apply_decisions",
        description="Without a plan: shows what would be done, and its hash. With that hash as `plan`: does it, if it still is so.",
    )
    def apply_decisions(context: dg.OpExecutionContext, config: ApplyConfig, store: StoreResource) -> None:
        project = store.project(context.partition_key)
        try:
            plan = planned(project, settings())
            context.add_output_metadata(_told(plan))
            context.log.info(f"plan {plan.plan_id}: {len(plan.operations)} operations; {plan.counts}")
            if not config.plan:
                context.log.info("nothing was changed; launch again with this plan in the config to do it")
                return
            done = carry_out(project, settings(), config.plan)
        except (ProofsheetError, OSError) as error:
            raise dg.Failure(failure_text(error), allow_retries=False) from error
        for group, reason in (*done.report.refused.items(), *done.report.failed.items()):
            context.log.warning(f"set {group} is left: {reason}")
        for group, reason in done.report.uncut.items():
            context.log.warning(f"set {group} was moved, but not cut: {reason}")
        context.log.info(f"{done.report.sets} sets, {done.report.files} operations done")
        if not done.clean:
            raise dg.Failure(
                "Some sets could not be moved now; launch again when the disk is well.", allow_retries=False
            )

    @dg.job(
        name="apply",
        partitions_def=PROJECTS,
        executor_def=dg.in_process_executor,
        description="Moves the files of approved sets; shows the plan unless its hash is given. Waits for a run of the project.",
    )
    def apply() -> None:
        apply_decisions()

    return apply


def _told(plan: Plan) -> dict[str, dg.MetadataValue]:
    lines = [f"* {o.kind} {o.role}: `{o.source}` → `{o.target}`" for o in plan.operations[:_SHOWN]]
    left = [f"* set {g} is left: {r}" for g, r in list(plan.refused.items())[:_SHOWN]]
    left += [f"* `{path}` stays: {why}" for path, why in list(plan.staying.items())[:_SHOWN]]
    return {
        "plan": dg.MetadataValue.text(plan.plan_id),
        "operations": dg.MetadataValue.int(len(plan.operations)),
        "counts": dg.MetadataValue.json(dict(plan.counts)),
        "first_operations": dg.MetadataValue.md("\n".join([*lines, *left]) or "nothing to do"),
    }
