"""Who describes the pictures of a project, and what makes two questions the same.

Holds `Describer`, `answer_keys`, `questions` and `pending`.
Add here: what a question depends on.
Keep out: asking (inference.py), and what is asked (job_requests.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from proofsheet.core.files import short_hash
from proofsheet.prompts.prompt import Prompt, load_prompt
from proofsheet.storage.workspace import Project
from proofsheet.texts import embedded_describer
from proofsheet.texts.answer_cache import AnswerCache, AnswerKeys, Key
from proofsheet.texts.batch import PendingRequest
from proofsheet.texts.client.discovery import ServerChoice, choose_server
from proofsheet.texts.client.protocol import Options
from proofsheet.texts.jobs import KNOWN, Job, JobRequest
from proofsheet.texts.vision_probe import Sight
from schemas.settings.vision_model import VisionModelSettings


@dataclass(frozen=True)
class Describer:
    """Who describes the pictures of a project, and how."""

    settings: VisionModelSettings
    choice: ServerChoice
    prompts: Path
    sight: Sight = field(default_factory=Sight)

    @classmethod
    def of(cls, settings: VisionModelSettings, project: Project, sight: Sight | None = None) -> Describer:
        """The describer of the settings; `sight` is what a run already knows about its models."""
        return cls(settings, choose_server(settings), project.prompts, sight or Sight())

    def prompt(self, job: str) -> Prompt:
        """The prompt of a job."""
        return load_prompt(job, self.prompts)

    def options(self, job: str) -> Options:
        """Options of a job; ratings have a temperature of their own."""
        s = self.settings
        temperature = s.rating_temperature if job == "rating" else s.temperature
        return Options(temperature, s.seed, s.num_ctx, s.num_predict)

    @property
    def name(self) -> str:
        """Backend, name and digest of the model."""
        if self.choice.server is None:
            return f"{embedded_describer.NAME} {embedded_describer.digest()}"
        known = self.choice.server.identity
        return f"{known.backend} {known.name} {known.digest}"


def answer_keys(job: Job, prompt: Prompt, options: Options, asked: JobRequest) -> AnswerKeys:
    """The keys of the answer to a question.

    Known facts help the model to look, but are not part of the key: an edited capture time or a new caption
    asks nothing again.
    """
    values = {name: value for name, value in asked.values.items() if name != KNOWN}
    hashed = _prompt_hash(job, prompt, replace(asked, values=values))
    files = (asked.file_hash,) if asked.file_hash else ()
    return AnswerKeys(asked.image_hash, files, hashed, options.digest)


def _prompt_hash(job: Job, prompt: Prompt, asked: JobRequest) -> str:
    """Hash of a question without the picture."""
    form = job.form_of(asked) if job.keyed_by_form else job.reply
    text = prompt.filled(asked.values)
    return short_hash(job.name, prompt.system, text, repr(form.model_json_schema()), length=32)


def questions(job: Job, asked: Iterable[JobRequest], describing: Describer) -> dict[Key, PendingRequest]:
    """All questions that there are to ask, each once: files with the same picture have one."""
    prompt, options = describing.prompt(job.name), describing.options(job.name)
    found: dict[Key, PendingRequest] = {}
    for one in asked:
        if one.skip is None:
            keys = answer_keys(job, prompt, options, one)
            if same := found.get(keys.key):
                keys = replace(keys, files=(*same.keys.files, *keys.files))
            found[keys.key] = PendingRequest(
                keys, one, prompt.system, prompt.filled(one.values), prompt.label
            )
    return found


def pending(every: Mapping[Key, PendingRequest], books: AnswerCache, *, forced: bool) -> list[PendingRequest]:
    """Those that have no answer yet, and of which the picture is not in quarantine."""
    wanted = [p for p in every.values() if forced or books.find(p.keys) is None]
    return [p for p in wanted if not books.strikes.quarantined(p.keys.images)]


def only_named(
    wanted: Sequence[PendingRequest], asked: Iterable[JobRequest], only: Sequence[str]
) -> list[PendingRequest]:
    """Those of the photos that the settings name; all if they name none."""
    named = {one.image_hash for one in asked if one.photo_id in only}
    return [p for p in wanted if not only or p.request.image_hash in named]
