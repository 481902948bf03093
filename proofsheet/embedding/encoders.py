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
from proofsheet.core.errors import NotAvailable
from proofsheet.core.files import short_hash
from proofsheet.embedding import classic_encoder, torch_runtime
from proofsheet.embedding.lite0_encoder import find_lite0
from proofsheet.embedding.open_clip_encoder import OpenClip
from proofsheet.embedding.weights import Weights, find_weights
from proofsheet.imaging.measurement import Measurement, measured_columns
from schemas.settings.encoder import EncoderSettings
from schemas.vectors import Embedding, LayoutVector


@dataclass(frozen=True)
class Encoder:
    """The current encoder.

    Attributes:
        encoder_id: its id, for every row.
        measured: makes its vectors.
        why: why this one, for people.
        clip: the model, if it is one; it reads texts.
    """

    encoder_id: str
    measured: Measurement
    why: str
    clip: OpenClip | None = None

    def measurement(self) -> Measurement:
        """Makes the columns of `embeddings`."""
        return self.measured


@functools.lru_cache(maxsize=1)
def _model(settings: EncoderSettings, weights: Weights) -> OpenClip:
    """One model a process: vectors and scenes share it, and the projects of one run."""
    return OpenClip(settings, weights)


def choose_encoder(settings: EncoderSettings, models: Path) -> Encoder:
    """The encoder of the settings; auto takes open_clip, else lite0, else the embedded one, and says why.

    Args:
        settings: which.
        models: folder of models in the home.

    Raises:
        NotAvailable: if one is asked for by name, and it or its weights are not on this machine.
        UsageError: if the settings name a file of weights that is not there.
    """
    if settings.encoder == "embedded":
        return _embedded("asked for by the settings")
    missing = list[str]()
    for name, find in (("open_clip", _open_clip), ("lite0", _lite0)):
        if settings.encoder in (name, "auto"):
            try:
                return find(settings, models, " ".join(missing))
            except NotAvailable as error:
                if settings.encoder == name:
                    raise
                missing.append(str(error))
    return _embedded(" ".join(missing))


def _embedded(why: str) -> Encoder:
    return Encoder(classic_encoder.encoder_id(), Measurement.of(LayoutVector, classic_encoder.embed), why)


def _lite0(settings: EncoderSettings, models: Path, missing: str) -> Encoder:
    found = find_lite0(models)
    why = f"weights at {found.weights}" if settings.encoder == "lite0" else missing
    return Encoder(found.encoder_id, found.measurement(), why)


def _open_clip(settings: EncoderSettings, models: Path, _missing: str) -> Encoder:
    wanted = f"{settings.model} {settings.weights}"
    if not torch_runtime.installed():
        reason, step = f"open_clip ({wanted}) is not available: it is not installed.", f"Run {extras.CLIP}."
        raise NotAvailable(reason, step)
    if (weights := find_weights(settings, models)) is None:
        reason = f"open_clip ({wanted}) is not available: its weights are not on this machine."
        raise NotAvailable(
            reason, "Run `proofsheet models pull`, or set `weights` under [encoder] to a file."
        )
    plain = EncoderSettings(**{n: getattr(settings, n) for n in EncoderSettings.model_fields})
    clip = _model(plain, weights)
    made = Measurement(
        Embedding.name, measured_columns(Embedding), short_hash(clip.encoder_id, length=12), clip.begin
    )
    return Encoder(clip.encoder_id, made, f"weights at {weights.path}", clip)
