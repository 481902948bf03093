"""Detectors of objects by path: a torchvision model, an ONNX file, or a graph of TensorFlow.

Holds `choose_detector`, `Detector` and the kinds of files.
Add here: another kind of detector file.
Keep out: which pictures are looked at (objects.py).
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from proofsheet.core import extras
from proofsheet.core.errors import ModelError
from proofsheet.core.files import Refused, hash_file, short_hash
from proofsheet.embedding import torch_runtime
from proofsheet.imaging.scaling import Pixels
from proofsheet.labeling.coco_names import COCO_NAMES
from schemas.settings.labels import ObjectSettings

_MEAN, _STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
_SIDE_PX = 800
_SSD_PX, _SSD_NUMBERS = 300, 7  # side of its input; number of the picture, class, score and corners of a box
_KINDS = {".onnx": "onnx", ".pb": "tensorflow"}  # other files are weights of torchvision
Boxes = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Detections:
    """The detections of one picture.

    Boxes are (n, 4) as left, top, right, bottom in 0..1, classes (n,), scores (n,).
    """

    boxes: Boxes
    classes: npt.NDArray[np.int64]
    scores: Boxes


class Model(Protocol):
    """A loaded detector."""

    def detect(self, rgb: Pixels) -> Detections:
        """Objects in an upright picture (height, width, 3)."""


@dataclass(frozen=True)
class Detector:
    """The detector that the settings come to.

    Attributes:
        name: its name, for every row.
        ready: False if it is not available.
        where: path of its file.
        note: what is missing and what to do.
    """

    name: str
    ready: bool
    where: str = ""
    note: str = ""
    settings: ObjectSettings = field(default_factory=lambda: ObjectSettings())
    device: str = "auto"

    @functools.cached_property
    def labels(self) -> Sequence[str]:
        """Names of the classes."""
        if self.settings.labels:
            return Path(self.settings.labels).expanduser().read_text("utf-8").splitlines()
        return COCO_NAMES

    def load(self) -> Model:
        """The model.

        Raises:
            ModelError: if the file cannot be loaded.
        """
        kinds: Mapping[str, Callable[[Path, ObjectSettings, str], Model]] = {
            ".onnx": _Onnx,
            ".pb": _TensorFlow,
        }
        try:
            return kinds.get(Path(self.where).suffix, _Torchvision)(
                Path(self.where), self.settings, self.device
            )
        except Exception as error:  # each of the libraries raises its own
            told = " ".join(str(error).split())[:300]
            raise ModelError(
                f"The detector {self.where} could not be loaded: {told}.",
                "Check [objects] in proofsheet.toml.",
            ) from error


def choose_detector(settings: ObjectSettings, device: str) -> Detector:
    """The current detector, or the reason why it is not available."""
    path = Path(settings.weights).expanduser()
    if not settings.weights:
        return Detector(
            "none",
            False,
            note="not available: set `weights` under [objects] to an .onnx, .pb or torchvision detector file",
        )
    if not path.is_file():
        return Detector(
            "none", False, str(path), f"not available: {path} is not there; correct `weights` under [objects]"
        )
    if settings.labels and not Path(settings.labels).expanduser().is_file():
        return Detector(
            "none",
            False,
            str(path),
            f"not available: {settings.labels} is not there; correct `labels` under [objects]",
        )
    kind = _KINDS.get(path.suffix, f"torchvision {settings.architecture}")
    if kind == "onnx" and not importlib.util.find_spec("onnxruntime"):
        return Detector("none", False, str(path), f"not available: run {extras.ONNX}")
    if path.suffix not in _KINDS and not torch_runtime.installed():
        return Detector("none", False, str(path), f"not available: run {extras.CLIP}")
    try:
        digests = [hash_file(file.resolve())[0] for file in (path, _description(path)) if file]
    except Refused as refused:
        return Detector(
            "none", False, str(path), f"not available: {path} {refused.reason}; {refused.next_step}"
        )
    digest = digests[0][:12] if len(digests) == 1 else short_hash(*digests, length=12)
    return Detector(f"{kind} {path.name} sha256:{digest}", True, str(path), "", settings, device)


class _Torchvision:
    def __init__(self, path: Path, settings: ObjectSettings, device: str) -> None:
        torch = torch_runtime.import_torch()
        from torchvision.models import detection

        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
        build = getattr(detection, settings.architecture)
        classes = _classes(state)
        self._device = torch_runtime.choose_device(device)
        self._model = build(
            weights=None, weights_backbone=None, **({"num_classes": classes} if classes else {})
        )
        self._model.load_state_dict(state)
        self._model.eval().to(self._device)

    def detect(self, rgb: Pixels) -> Detections:
        torch = torch_runtime.import_torch()
        height, width = rgb.shape[:2]
        with torch.inference_mode():
            picture = (
                torch.from_numpy(np.ascontiguousarray(rgb))
                .permute(2, 0, 1)
                .float()
                .div(255.0)
                .to(self._device)
            )
            (found,) = self._model([picture])
        boxes = found["boxes"].cpu().numpy() / np.array([width, height, width, height], np.float32)
        return Detections(boxes, found["labels"].cpu().numpy(), found["scores"].cpu().numpy())


def _classes(state: dict[str, Any]) -> int | None:
    """Number of classes of a Faster R-CNN by the shape of its last layer.

    None for other models, which keep their default.
    """
    last = state.get("roi_heads.box_predictor.cls_score.bias")
    return int(last.shape[0]) if last is not None else None


class _Onnx:
    def __init__(self, path: Path, settings: ObjectSettings, device: str) -> None:
        import onnxruntime

        wanted = {"cuda": "CUDAExecutionProvider", "auto": "CUDAExecutionProvider"}.get(
            device, "CPUExecutionProvider"
        )
        providers = [
            p for p in (wanted, "CPUExecutionProvider") if p in onnxruntime.get_available_providers()
        ]
        self._session = onnxruntime.InferenceSession(str(path), providers=list(dict.fromkeys(providers)))
        self._input = self._session.get_inputs()[0]
        self._outputs = [o.name for o in self._session.get_outputs()]
        named = set(self._outputs)
        if not ({"logits", "pred_boxes"} <= named or {"boxes", "labels", "scores"} <= named):
            raise ValueError(
                f"its outputs are {sorted(named)}; known are logits and pred_boxes, or boxes, labels "
                "and scores"
            )

    def detect(self, rgb: Pixels) -> Detections:
        import cv2

        height, width = (n if isinstance(n, int) else None for n in self._input.shape[2:])
        scale = min(1.0, _SIDE_PX / max(rgb.shape[:2]))
        size = (width or max(1, round(rgb.shape[1] * scale)), height or max(1, round(rgb.shape[0] * scale)))
        values = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
        detr = "logits" in self._outputs
        values = (values - _MEAN) / _STD if detr else values
        found = dict(
            zip(
                self._outputs,
                self._session.run(None, {self._input.name: values.transpose(2, 0, 1)[None]}),
                strict=True,
            )
        )
        if detr:
            return from_queries(found["logits"][0], found["pred_boxes"][0])
        corners = np.asarray(found["boxes"], np.float32).reshape(-1, 4) / np.array([*size, *size], np.float32)
        return Detections(
            corners.astype(np.float32),
            np.asarray(found["labels"], np.int64).ravel(),
            np.asarray(found["scores"], np.float32).ravel(),
        )


class _TensorFlow:
    """An SSD detector as a frozen graph, run by OpenCV."""

    def __init__(self, path: Path, _settings: ObjectSettings, _device: str) -> None:
        import cv2

        self._net = cv2.dnn.readNetFromTensorflow(str(path), str(_description(path) or ""))

    def detect(self, rgb: Pixels) -> Detections:
        import cv2

        square = cv2.resize(rgb, (_SSD_PX, _SSD_PX), interpolation=cv2.INTER_AREA)
        self._net.setInput(cv2.dnn.blobFromImage(square))
        rows = np.asarray(self._net.forward(), np.float32)
        if rows.size % _SSD_NUMBERS:
            raise ValueError(
                f"its output has the shape {rows.shape}; known is (1, 1, objects, 7) as of an SSD"
            )
        _number, classes, scores, *corners = rows.reshape(-1, _SSD_NUMBERS).T
        return Detections(np.stack(corners, axis=1), classes.astype(np.int64), scores)


def _description(path: Path) -> Path | None:
    """The text file beside a graph of TensorFlow that describes it for OpenCV; None if there is none."""
    beside = path.with_suffix(".pbtxt")
    return beside if path.suffix == ".pb" and beside.is_file() else None


def from_queries(logits: Boxes, boxes: Boxes) -> Detections:
    """DETR's answer (Carion et al., 2020).

    Each query has a class, the last meaning none, and a box as centre and size in 0..1.
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = (powers / powers.sum(axis=1, keepdims=True))[:, :-1]
    classes = shares.argmax(axis=1)
    x, y, width, height = boxes.T
    corners = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)
    return Detections(
        corners.astype(np.float32), classes.astype(np.int64), shares.max(axis=1).astype(np.float32)
    )
