"""Publishing as a Dagster job; the name of the target is the confirmation.

Holds `publish_job`.
Add here: another thing that is told of a publication.
Keep out: what may go (proofsheet/publish/uploader.py) and sending (sending.py).
"""

from collections.abc import Callable

import dagster as dg
from pydantic import Field

from assets.factory.metadata import failure_text
from assets.partitions import PROJECTS
from dagster_project.sending import copies_now, publish_now
from proofsheet.core.config import Configuration
from proofsheet.core.errors import ProofsheetError, UsageError
from proofsheet.publish.targets.resolve import publisher_of
from proofsheet.publish.uploader import candidates, outlook
from resources.store import StoreResource


class PublishConfig(dg.Config):
    """What is confirmed."""

    target: str = Field(
        "",
        description="Name of the target as the job showed it; empty shows what would go and sends nothing.",
    )
    proof: bool = Field(False, description="Without a target: make the copies too, and list what each holds.")


def publish_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `publish`, partitioned by project.

    Args:
        settings: gives the settings in force when it runs.
    """

    @dg.op(
        name="publish_approved",
        description="Without a target: shows what would go where, what is held back, what to take back. With its name: sends.",
    )
    def publish_approved(context: dg.OpExecutionContext, config: PublishConfig, store: StoreResource) -> None:
        project, publishing = store.project(context.partition_key), settings().publish
        try:
            name = publisher_of(publishing).name
            told = outlook(project, name)
            if config.target and config.target != name:
                raise UsageError(
                    f"The target is {name}, not {config.target}.",
                    "Launch without a target to see what would go.",
                )
            failed = []
            if config.target:
                done = publish_now(project, publishing, locked=True)
                failed = done.failed
                told |= {"published": len(done.published), "failed": failed}
            else:
                if config.proof:
                    told |= {
                        "copies": copies_now(project, publishing, candidates(project, name), locked=True)
                    }
                context.log.info("nothing was sent; launch again with this target in the config to do it")
        except (ProofsheetError, OSError) as error:
            raise dg.Failure(failure_text(error), allow_retries=False) from error
        context.add_output_metadata(told)
        for one in failed:
            context.log.warning(f"{one['path']} was not sent: {one['problem']}")
        if failed:
            raise dg.Failure(
                f"{len(failed)} pictures were not sent; launch again to send them.",
                metadata={"failed": dg.MetadataValue.json(failed)},
                allow_retries=False,
            )

    @dg.job(
        name="publish",
        partitions_def=PROJECTS,
        executor_def=dg.in_process_executor,
        description="Sends copies of what passed gate, policy and a person; shows what would go unless the target is named.",
    )
    def publish() -> None:
        publish_approved()

    return publish
