"""Vectors by an open_clip model: the picture's part in the workers, the forward pass here, over batches.

Holds `OpenClip`.
Add here: what an open_clip model can do.
Keep out: the places of weights (weights.py), the choice of the encoder (encoders.py).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from proofsheet.core.errors import ModelError
from proofsheet.embedding import torch_runtime
from proofsheet.embedding.weights import Weights
from proofsheet.imaging.decode import Picture
from proofsheet.imaging.measurement import Work
from proofsheet.storage.code_version import module_version
from schemas.settings.encoder import EncoderSettings
from schemas.vectors import Embedding

Floats = npt.NDArray[np.float32]
_PIXELS = "pixels"
_RESAMPLE = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
}


@dataclass(frozen=True)
class Input:
    """What a model wants to see: side in pixels, and how a picture is brought to it."""

    side_px: int
    mode: str
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


class OpenClip:
    """One model with its weights; torch is imported and the weights are read when first needed.

    Args:
        settings: model, device, precision, batch.
        weights: path of the weights; None for random ones, which serve benchmarks only.

    Raises:
        ModelError: on first use, if the weights cannot be read or do not fit the model.
    """

    def __init__(self, settings: EncoderSettings, weights: Weights | None) -> None:
        self.settings, self.weights, self.batch = settings, weights, settings.batch

    @functools.cached_property
    def encoder_id(self) -> str:
        """Model, weights and code, for every row."""
        label = self.weights.label if self.weights else f"open_clip {self.settings.model} RANDOM WEIGHTS"
        precision = "" if self.settings.precision == "auto" else f" {self.settings.precision}"
        return f"{label}{precision} code:{module_version(__name__)}"

    def begin(self) -> Work:
        """Load the model and say how a picture becomes a vector."""
        wanted = self.input
        return Work(functools.partial(prepare, wanted=wanted), self.finish)

    @functools.cached_property
    def input(self) -> Input:
        """What the loaded model wants to see."""
        found = dict(self._model.visual.preprocess_cfg)
        side = found["size"]
        return Input(
            side if isinstance(side, int) else int(side[0]),
            str(found.get("resize_mode", "shortest")),
            str(found.get("interpolation", "bicubic")),
            tuple(found["mean"]),
            tuple(found["std"]),
        )

    def finish(self, seen: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
        """The columns of `Embedding` for a batch of prepared pictures."""
        side = self.input.side_px
        flat = [np.frombuffer(row[_PIXELS], dtype=np.uint8) for row in seen]  # type: ignore[call-overload]
        pixels = np.stack([one.reshape(side, side, 3) for one in flat])
        return [
            {Embedding.encoder_id: self.encoder_id, Embedding.vector: v.tolist()}
            for v in self.vectors(pixels)
        ]

    def vectors(self, pixels: npt.NDArray[np.uint8]) -> Floats:
        """Vectors of length 1 for prepared pictures.

        Args:
            pixels: (n, side, side, 3).

        Returns:
            (n, d) float32.
        """
        found: list[Floats] = []
        while (done := sum(map(len, found))) < len(pixels):
            try:
                found.append(self._forward(pixels[done : done + self.batch]))
            except RuntimeError as error:
                if not torch_runtime.out_of_memory(error) or self.batch == 1:
                    raise ModelError(
                        f"{self.encoder_id} failed: {error}.", 'Set a smaller model, or `device = "cpu"`.'
                    ) from error
                self.batch //= 2  # and go on where it stopped
        return np.concatenate(found)

    def texts(self, texts: Sequence[str]) -> Floats:
        """Vectors of length 1 for texts, to be compared with those of pictures: (n, d) float32."""
        torch, model = torch_runtime.import_torch(), self._model
        import open_clip

        tokens = open_clip.get_tokenizer(self._name)(list(texts)).to(self._device)
        with torch.inference_mode():
            return np.asarray(
                model.encode_text(tokens, normalize=True).float().cpu().numpy(), dtype=np.float32
            )

    def _forward(self, pixels: npt.NDArray[np.uint8]) -> Floats:
        torch, model = torch_runtime.import_torch(), self._model
        mean, std = (
            torch.tensor(v, device=self._device).view(1, 3, 1, 1) * 255.0
            for v in (self.input.mean, self.input.std)
        )
        narrow = torch.bfloat16 if self._precision == "bfloat16" else torch.float32
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(pixels)).to(self._device).permute(0, 3, 1, 2)
            found = model.encode_image(((batch.float() - mean) / std).to(narrow), normalize=False).float()
            return np.asarray(torch.nn.functional.normalize(found, dim=-1).cpu().numpy(), dtype=np.float32)

    @functools.cached_property
    def _device(self) -> str:
        return torch_runtime.choose_device(self.settings.device)

    @functools.cached_property
    def _precision(self) -> str:
        return torch_runtime.choose_precision(self.settings.precision)

    @functools.cached_property
    def _name(self) -> str:
        """Name of the model; a configuration by path is made known first."""
        import open_clip

        if not self.settings.model.endswith(".json"):
            return self.settings.model
        path = Path(self.settings.model).expanduser()
        if not path.is_file():
            raise ModelError(
                f"The model configuration {path} is not there.",
                "Set `model` under [encoder] to a name or a file.",
            )
        open_clip.add_model_config(path)
        return path.stem

    @functools.cached_property
    def _model(self) -> Any:  # noqa: ANN401 - open_clip is untyped
        torch = torch_runtime.import_torch()
        import open_clip

        config = (
            {} if self.weights is None else open_clip.get_pretrained_cfg(self._name, self.weights.tag) or {}
        )
        inputs = {k: config[k] for k in ("mean", "std", "interpolation", "resize_mode") if k in config}
        try:
            model = open_clip.create_model(
                self._name,
                pretrained=str(self.weights.path) if self.weights else None,
                precision="bf16" if self._precision == "bfloat16" else "fp32",  # norms stay in float32
                device=self._device,
                force_quick_gelu=bool(config.get("quick_gelu", False)),
                force_preprocess_cfg=inputs or None,
                pretrained_text=False,
                weights_only=True,
            )
        except Exception as error:  # open_clip, torch and safetensors each raise their own
            where = self.weights.path if self.weights else "no file"
            raise ModelError(
                f"The weights {where} could not be loaded as {self.settings.model}: "
                f"{' '.join(str(error).split())[:300]}.",
                "Check `model` and `weights` under [encoder]; `proofsheet models list` shows what is here.",
            ) from error
        model.eval()
        if self._device == "cpu":
            torch.set_num_threads(max(1, torch.get_num_threads()))
        return model


def prepare(picture: Picture, wanted: Input) -> Mapping[str, object]:
    """The pixels that a model sees, as bytes: scaled and cropped like open_clip's own transform."""
    side, image = wanted.side_px, Image.fromarray(picture.rgb)
    resample = _RESAMPLE.get(wanted.interpolation, Image.Resampling.BICUBIC)
    width, height = image.size
    if wanted.mode == "squash":
        image = image.resize((side, side), resample)
    else:
        fitted = max if wanted.mode == "longest" else min
        scale = side / fitted(width, height)
        image = image.resize((max(1, round(width * scale)), max(1, round(height * scale))), resample)
        left, top = round((image.size[0] - side) / 2), round((image.size[1] - side) / 2)
        image = image.crop((left, top, left + side, top + side))
    return {_PIXELS: image.tobytes()}
