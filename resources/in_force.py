"""What settings come to on this machine, known without Dagster.

Holds `settings_by_section` and the settings that name something outside: an encoder, a detector, a model, a file of words.
Add here: settings that come to another thing when the machine changes.
Keep out: the resources themselves, and what needs Dagster: what is stale is asked more often than anything is run.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, PrivateAttr

from proofsheet.core.config import Configuration
from proofsheet.core.files import hash_file
from proofsheet.prompts.prompt import load_prompt
from proofsheet.storage.workspace import Project
from proofsheet.texts.inference import Describer
from proofsheet.texts.jobs import PROMPTS_OF
from proofsheet.texts.vision_probe import Sight
from schemas.settings import KNOB, EncoderSettings, ObjectSettings, Settings
from schemas.settings_words import VisionModelSettings, VocabularySettings


class EncoderInForce(EncoderSettings):
    """Which encoder the settings come to."""

    def resolved_version(self, project: Project, _table: str) -> str:
        """The encoder that the settings come to at present; another one makes stale what depends on it."""
        from proofsheet.embedding.encoders import choose_encoder

        return choose_encoder(self, project.models).encoder_id


class DetectorInForce(ObjectSettings):
    """Which detector the settings come to."""

    device: str = Field("auto", description="Where the detector runs.", json_schema_extra=KNOB)

    def resolved_version(self, _project: Project, _table: str) -> str:
        """The detector that the settings come to at present; another one makes stale what depends on it."""
        from proofsheet.labeling.detectors import choose_detector

        found = choose_detector(
            ObjectSettings(**{n: getattr(self, n) for n in ObjectSettings.model_fields}), self.device
        )
        return f"{found.name} {found.note}"


class VisionModelInForce(VisionModelSettings):
    """Which model describes."""

    _sight: Sight = PrivateAttr(default_factory=Sight)

    def describing(self, project: Project) -> Describer:
        """The describer in force."""
        return Describer.of(self._settings(), project, self._sight)

    def _settings(self) -> VisionModelSettings:
        return VisionModelSettings(**{n: getattr(self, n) for n in VisionModelSettings.model_fields})

    def resolved_version(self, project: Project, table: str) -> str:
        """Model and prompts that the settings come to for a table; others make it stale."""
        prompts = [load_prompt(name, project.prompts).digest for name in PROMPTS_OF.get(table, ())]
        return " ".join([self.describing(project).name, *prompts])


class VocabularyInForce(VocabularySettings):
    """Which file of words."""

    def resolved_version(self, _project: Project, _table: str) -> str:
        """Content of the file; another one makes stale what depends on it."""
        path = Path(self.file).expanduser()
        return hash_file(path)[0] if self.file and path.is_file() else "none"


def settings_by_section(settings: Configuration) -> dict[str, Settings]:
    """Every section by name; those that name something outside tell what they come to."""
    found = {name: getattr(settings, name) for name in Configuration.model_fields}
    return found | {
        "encoder": EncoderInForce(**settings.encoder.model_dump()),
        "objects": DetectorInForce(**settings.objects.model_dump(), device=settings.encoder.device),
        "model": VisionModelInForce(**settings.model.model_dump()),
        "vocabulary": VocabularyInForce(**settings.vocabulary.model_dump()),
    }
