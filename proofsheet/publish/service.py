"""Publishing a project, for the command line, the metadata page and the Dagster job.

Holds `publish_now` and `copies_now`.
Add here: another condition under which pictures may be sent.
Keep out: what may go (proofsheet/publish/uploader.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing, nullcontext

from proofsheet.core.clock import utc_now
from proofsheet.core.errors import ProofsheetError
from proofsheet.core.files import Refused
from proofsheet.core.locks import acquire
from proofsheet.proof.lifecycle import events
from proofsheet.publish.embedded_metadata import publishable_copy
from proofsheet.publish.picture_contents import PictureContents
from proofsheet.publish.targets.resolve import publisher_of
from proofsheet.publish.uploader import PublishResult, UploadCandidate, candidates, publish
from proofsheet.storage.workspace import Project
from schemas.media_meta import LifecycleEvent
from schemas.settings.publish import PublishSettings


def publish_now(project: Project, settings: PublishSettings, *, locked: bool = False) -> PublishResult:
    """Publish pictures that passed the gate, the policy check and the review, under the project's run lock.

    Args:
        project: of the pictures.
        settings: where to, and what may stay in copies.
        locked: whether the caller holds the run lock of the project, as a Dagster run does.
    """
    publisher = publisher_of(settings)
    with nullcontext() if locked else acquire(project.run_lock, "publish", wait_s=0), closing(publisher):
        found = candidates(project, publisher.name)
        now = utc_now()

        def noted(one: UploadCandidate) -> None:
            project.ledger.add(
                LifecycleEvent, events(one.photo_id, one.attempt, ("accepted", "uploaded"), now)
            )

        return publish(project, found, publisher, settings.keep, now, noted, rights=settings.copyright)


def copies_now(
    project: Project, settings: PublishSettings, found: Sequence[UploadCandidate], *, locked: bool = False
) -> list[dict[str, str]]:
    """Make the copies that may go, under the project's run lock, and send none of them.

    Args:
        project: of the pictures.
        settings: what may stay in copies.
        found: what `candidates` gave.
        locked: whether the caller holds the run lock of the project, as a Dagster run does.

    Returns:
        The path of each, with `proof`, what its copy holds, or `problem`, why it would not be sent.
    """
    told, contents = list[dict[str, str]](), PictureContents(project)
    with nullcontext() if locked else acquire(project.run_lock, "publish", wait_s=0):
        shutil.rmtree(project.outgoing, ignore_errors=True)
        for one in found:
            if one.held_back:
                continue
            try:
                contents.check(one.photo_id, one.path)
                with publishable_copy(
                    project.folder / one.path,
                    one.texts,
                    settings.keep,
                    project.outgoing,
                    settings.copyright,
                ) as copy:
                    told.append({"path": one.path, "proof": copy.proof})
            except (ProofsheetError, Refused, OSError, ValueError) as error:
                told.append({"path": one.path, "problem": str(error)})
    return told
