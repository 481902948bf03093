"""Which encoder serves, and what it needs.

Holds `choose_encoder` and `Encoder`.
Add here: another encoder to choose from.
Keep out: how encoders work.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from proofsheet.core import extras
from proofsheet.core.errors import UsageError
from proofsheet.core.files import short_hash
from proofsheet.embedding import classic_encoder, torch_runtime
from proofsheet.embedding.open_clip_encoder import OpenClip
from proofsheet.embedding.weights import Weights, find_weights
from proofsheet.imaging.measurement_pass import Measurement, measured_columns
from schemas.settings import EncoderSettings
from schemas.vision import Embedding


@dataclass(frozen=True)
class Encoder:
    """The current encoder.

    Attributes:
        encoder_id: its id, for every row.
        clip: the model, if it is one.
        why: why this one, for people.
    """

    encoder_id: str
    clip: OpenClip | None
    why: str

    def measurement(self) -> Measurement:
        """Makes the rows of `embeddings`."""
        if self.clip is None:
            return Measurement.of(Embedding, classic_encoder.embed)
        return Measurement(
            Embedding.name,
            measured_columns(Embedding),
            short_hash(self.encoder_id, length=12),
            self.clip.begin,
        )


@functools.lru_cache(maxsize=1)
def _model(settings: EncoderSettings, weights: Weights) -> OpenClip:
    """One model a process: vectors and scenes share it, and the projects of one run."""
    return OpenClip(settings, weights)


def choose_encoder(settings: EncoderSettings, models: Path) -> Encoder:
    """The encoder that the settings ask for.

    Args:
        settings: which.
        models: folder of models in the home.

    Raises:
        UsageError: if open_clip is asked for and is not installed, or its weights are not on this machine.
    """
    if settings.encoder == "embedded":
        return Encoder(classic_encoder.encoder_id(), None, "asked for by the settings")
    wanted = f"{settings.model} {settings.weights}"
    if not torch_runtime.installed():
        reason, mend = f"open_clip ({wanted}) is not available: it is not installed", f"Run {extras.CLIP}."
    elif (weights := find_weights(settings, models)) is None:
        reason = f"open_clip ({wanted}) is not available: its weights are not on this machine"
        mend = "Run `proofsheet models pull`, or set `weights` under [encoder] to a file."
    else:
        clip = _model(
            EncoderSettings(**{n: getattr(settings, n) for n in EncoderSettings.model_fields}), weights
        )
        return Encoder(clip.encoder_id, clip, f"weights at {weights.path}")
    if settings.encoder == "open_clip":
        raise UsageError(f"{reason}.", mend)
    return Encoder(classic_encoder.encoder_id(), None, f"{reason}. {mend}")
