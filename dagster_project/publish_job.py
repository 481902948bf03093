"""Publishing as a confirmed Dagster job; the name of the target is the confirmation.

Holds `publish_job`.
Add here: another line about a publication.
Keep out: which pictures may go (proofsheet/publish/uploader.py) and sending (proofsheet/publish/service.py).
"""

from collections.abc import Callable

import dagster as dg
from pydantic import Field

from dagster_project.confirmed_job import Carried, Shown, confirmed_job
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.publish.service import copies_now, publish_now
from proofsheet.publish.targets.resolve import publisher_of
from proofsheet.publish.uploader import candidates, outlook
from proofsheet.storage.workspace import Project

_DESCRIPTION = (
    "Sends copies of pictures that passed the gate, the policy check and your review. Without a target it "
    "shows what it would send where, what is held back, and what to take down; nothing is sent."
)


class PublishConfig(dg.Config):
    """The confirmation."""

    target: str = Field(
        "", description="Name of the target, as the job shows it. Empty: show the plan and send nothing."
    )
    proof: bool = Field(
        False, description="Without a target: make the copies as well, and list the contents of each."
    )


def publish_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `publish`.

    Args:
        settings: gives the present settings when it runs.
    """

    def plan(project: Project, config: PublishConfig) -> Shown:
        publishing = settings().publish
        name = publisher_of(publishing).name
        if config.target and config.target != name:
            raise UsageError(
                f"The target is {name}, not {config.target}.", "Launch without a target to see the plan."
            )
        metadata = dict(outlook(project, name))
        if config.proof and not config.target:
            metadata["copies"] = copies_now(project, publishing, candidates(project, name), locked=True)
        return Shown(metadata, f"target {name}")

    def execute(project: Project, _config: PublishConfig) -> Carried:
        done = publish_now(project, settings().publish, locked=True)
        sent = len(done.published)
        return Carried(
            {"published": sent, "failed": done.failed},
            f"{sent} pictures sent",
            [f"{one['path']} was not sent: {one['problem']}" for one in done.failed],
            f"{len(done.failed)} pictures were not sent; launch again to send them." if done.failed else "",
        )

    return confirmed_job("publish", "publish_approved", PublishConfig, _DESCRIPTION, plan, execute)
