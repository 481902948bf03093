"""What settings come to on this machine, known without Dagster.

Holds `settings_by_section` and the settings that name something outside: an encoder, detector, model or file.
Add here: settings that lead to another thing when the machine changes.
Keep out: the resources themselves, and imports of Dagster: freshness is checked more often than assets run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, PrivateAttr

from proofsheet.core.config import Configuration
from proofsheet.core.files import hash_file
from proofsheet.prompts.prompt import prompt_digest
from proofsheet.storage.workspace import Project
from proofsheet.texts.combined import COMBINED, PARTS
from proofsheet.texts.describer import Describer
from proofsheet.texts.jobs import PROMPTS_OF
from proofsheet.texts.vision_probe import Sight
from schemas.settings.base import KNOB, Settings
from schemas.settings.encoder import EncoderSettings
from schemas.settings.faces import FaceSettings
from schemas.settings.labels import FlagSettings, LabelSettings, ObjectSettings, OcrSettings
from schemas.settings.vision_model import VisionModelSettings
from schemas.settings.vocabulary import VocabularySettings

if TYPE_CHECKING:
    from proofsheet.labeling.photo_labels import Labeller
    from proofsheet.labeling.preview_models import PreviewModel

_COMBINED = {job.table.name for job in PARTS}


class ResolvedEncoder(EncoderSettings):
    """Which encoder the settings come to."""

    def resolved_version(self, project: Project, _table: str) -> str:
        """The encoder of the settings at present; with another one, tables that depend on it are stale."""
        from proofsheet.embedding.encoders import choose_encoder

        return choose_encoder(self, project.models).encoder_id


class ResolvedLabeller(LabelSettings):
    """Which network labels photos."""

    def choose(self, project: Project) -> Labeller:
        """The network that the settings come to, or why there is none."""
        from proofsheet.labeling.photo_labels import choose_labeller

        return choose_labeller(self, project.models)

    def resolved_version(self, project: Project, _table: str) -> str:
        """The network that the settings come to at present; labels of another one are made again."""
        return self.choose(project).version


class ResolvedFaces(FaceSettings):
    """Which networks find faces."""

    def resolved_version(self, _project: Project, _table: str) -> str:
        """The networks that the settings come to at present; faces of others are found again."""
        from proofsheet.labeling.face_finder import choose_faces

        return choose_faces(self).version


class ResolvedDetector(ObjectSettings):
    """Which detector the settings come to."""

    device: str = Field("auto", description="Where the detector runs.", json_schema_extra=KNOB)

    def resolved_version(self, _project: Project, _table: str) -> str:
        """The detector of the settings at present; with another one, tables that depend on it are stale."""
        from proofsheet.labeling.detectors import choose_detector

        found = choose_detector(
            ObjectSettings(**{n: getattr(self, n) for n in ObjectSettings.model_fields}), self.device
        )
        return f"{found.name} {found.note}"


class ResolvedOcr(OcrSettings):
    """Which OCR program reads photos."""

    def preview_model(self) -> PreviewModel:
        """The program of the settings, or why there is none."""
        from proofsheet.labeling.ocr import ocr_model

        return ocr_model(self)

    def resolved_version(self, _project: Project, _table: str) -> str:
        """The program of the settings at present; texts of another one are read again."""
        return self.preview_model().version


class ResolvedFlags(FlagSettings):
    """Which network flags photos."""

    def preview_model(self) -> PreviewModel:
        """The network of the settings, or why there is none."""
        from proofsheet.labeling.content_score import content_model

        return content_model(self)

    def resolved_version(self, _project: Project, _table: str) -> str:
        """The network of the settings at present; scores of another one are made again."""
        return self.preview_model().version


class ResolvedVisionModel(VisionModelSettings):
    """Which model describes."""

    _sight: Sight = PrivateAttr(default_factory=Sight)

    def describing(self, project: Project) -> Describer:
        """The describer of the settings."""
        return Describer.of(self._settings(), project, self._sight)

    def _settings(self) -> VisionModelSettings:
        return VisionModelSettings(**{n: getattr(self, n) for n in VisionModelSettings.model_fields})

    def resolved_version(self, project: Project, table: str) -> str:
        """Model and prompts of the settings for a table; with others it is stale."""
        names = PROMPTS_OF.get(table, ()) + ((COMBINED.name,) if self.combine and table in _COMBINED else ())
        prompts = [prompt_digest(name, project.prompts) for name in names]
        return " ".join([self.describing(project).name, *prompts])


class ResolvedVocabulary(VocabularySettings):
    """Which file of words."""

    def resolved_version(self, _project: Project, _table: str) -> str:
        """Content of the file; with another one, tables that depend on it are stale."""
        path = Path(self.file).expanduser()
        return hash_file(path)[0] if self.file and path.is_file() else "none"


def settings_by_section(settings: Configuration) -> dict[str, Settings]:
    """Every section by name; those that name something outside have a `resolved_version`."""
    found = {name: getattr(settings, name) for name in Configuration.model_fields}
    return found | {
        "encoder": ResolvedEncoder(**settings.encoder.model_dump()),
        "labels": ResolvedLabeller(**settings.labels.model_dump()),
        "faces": ResolvedFaces(**settings.faces.model_dump()),
        "objects": ResolvedDetector(**settings.objects.model_dump(), device=settings.encoder.device),
        "ocr": ResolvedOcr(**settings.ocr.model_dump()),
        "flags": ResolvedFlags(**settings.flags.model_dump()),
        "model": ResolvedVisionModel(**settings.model.model_dump()),
        "vocabulary": ResolvedVocabulary(**settings.vocabulary.model_dump()),
    }
