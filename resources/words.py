"""The model that describes, and the rules over words.

Holds `VisionModelResource` and `VocabularyResource`.
Add here: something else that assets over words talk to.
Keep out: asking and judging (proofsheet/texts/, proofsheet/rules/).
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg

from proofsheet.core.progress import Progress
from proofsheet.proof.vocabulary import Vocabulary, read_vocabulary
from proofsheet.storage.workspace import Project
from proofsheet.texts.client.discovery import choose_server
from proofsheet.texts.client.protocol import Server
from proofsheet.texts.inference import ask_all
from proofsheet.texts.job_results import JobRows
from proofsheet.texts.jobs import Job, JobRequest
from resources.resolved_settings import ResolvedVisionModel, ResolvedVocabulary

CLOSE = "OLLAMA_CLOSE_ON_RUN_END"
_YES = {"1", "true", "yes", "on"}


class VisionModelResource(ResolvedVisionModel, dg.ConfigurableResource["VisionModelResource"]):
    """A model on a server of this machine, or the embedded describer; a blind model is not asked."""

    def answer(
        self, job: Job, asked: Sequence[JobRequest], project: Project, now: datetime, progress: Progress
    ) -> JobRows:
        """Rows and numbers of a job."""
        return ask_all(job, asked, self.describing(project), project, now, progress)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Unload the model, if the settings or OLLAMA_CLOSE_ON_RUN_END ask for it; no process is stopped."""
        if not (self.close_on_run_end or os.environ.get(CLOSE, "").casefold() in _YES):
            return
        server = choose_server(self._settings()).server
        if server is not None:
            asyncio.run(_unload(server))
            if context.log is not None:
                context.log.info(f"{server.identity.name} was unloaded at the end of the run")


async def _unload(server: Server) -> None:
    async with server.connect() as session:
        await session.unload()


class VocabularyResource(ResolvedVocabulary, dg.ConfigurableResource["VocabularyResource"]):
    """The words that keywords may be."""

    def load(self) -> Vocabulary | None:
        """The vocabulary of the settings, or None."""
        return read_vocabulary(Path(self.file).expanduser()) if self.file else None
