"""Models for other programs: ONNX and TorchScript, compared with the active model before use.

Holds `export_model` and `export_rows`.
Add here: another format.
Keep out: training.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from proofsheet.core import extras
from proofsheet.core.errors import ProofsheetError
from proofsheet.core.files import write_atomic
from proofsheet.models import registry
from proofsheet.models.anchor_boxes import Pooling, anchor_features
from proofsheet.models.artifacts import load_arrays, load_crops, load_ranker
from proofsheet.models.crop_proposer import CropProposer
from proofsheet.models.mlp import Floats, Net
from proofsheet.models.probabilities import softmax
from proofsheet.storage.workspace import Project
from proofsheet.training.torch_mlp import import_torch, to_module
from schemas.models import MODELS, Fit, ModelExport
from schemas.table import Table
from schemas.vision import GRID, GRID_CHANNELS

BATCHES = (1, 7, 64)
TOLERANCE = 1e-5
_PACKAGES = ("torch", "onnx", "onnxruntime", "safetensors")
Row = dict[str, Any]


@dataclass(frozen=True)
class NetworkPart:
    """One network of a model.

    Attributes:
        name: of the network.
        module: in torch.
        served: the same as it serves, from arrays to scores.
        inputs: name to shape without the batch.
        spread: mean and scale of its one input in training; inputs for the comparison are drawn from them.
    """

    name: str
    module: Any
    served: Callable[..., Floats]
    inputs: dict[str, tuple[int, ...]]
    spread: tuple[Floats, Floats] | None = None

    def drawn(self, count: int, seed: int) -> list[Floats]:
        """Inputs at random, as large as those that it was trained on; aspects are above 0."""
        draw = np.random.default_rng(seed)
        if self.spread is not None:
            mean, scale = self.spread
            return [(mean + scale * draw.normal(size=(count, *mean.shape))).astype(np.float32)]
        return [
            (draw.uniform(0.05, 1.0, (count, *shape)) + (n == "aspects") * 0.5).astype(np.float32)
            for n, shape in self.inputs.items()
        ]


def parts_of(models: Path, fit_id: str, kind: str) -> list[NetworkPart]:
    """The networks of a model. The trees of a ranker stay in LightGBM's own text."""
    if kind == "ranker":
        net = load_ranker(models, fit_id).members.net
        return [
            NetworkPart(
                "ranker", to_module(net), net.scores, {"features": net.mean.shape}, (net.mean, net.scale)
            )
        ]
    if kind == "crop":
        crops = load_crops(models, fit_id)
        shapes: dict[str, tuple[int, ...]] = {"grid": (GRID * GRID * len(GRID_CHANNELS),), "aspects": ()}
        asked = crops.need
        need = NetworkPart(
            "crop need",
            to_module(asked),
            asked.scores,
            {"features": asked.mean.shape},
            (asked.mean, asked.scale),
        )
        return [
            NetworkPart("crop boxes", _boxes_module(crops), lambda g, a: _box_scores(crops, g, a), shapes),
            need,
        ]
    arrays, _facts = load_arrays(models, fit_id, "scene")
    weight, bias = arrays["weight"], arrays["bias"]
    torch = import_torch()
    module = torch.nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(np.array(weight)))
        module.bias.copy_(torch.from_numpy(np.array(bias)))
    return [
        NetworkPart(
            "scene",
            module.eval(),
            lambda x: np.asarray(x @ weight.T + bias, np.float32),
            {"vector": weight.shape[1:]},
        )
    ]


def _box_scores(crops: CropProposer, grids: Floats, aspects: Floats) -> Floats:
    scores = crops.boxes.scores(anchor_features(grids, aspects, Pooling.of()))
    return softmax(scores, np.ones(scores.shape, bool)).astype(np.float32)


def _boxes_module(crops: CropProposer) -> Any:  # noqa: ANN401 - a torch module
    """From a grid and an aspect to the probability of every candidate.

    The result is that of `anchor_features`, network and softmax.
    """
    torch = import_torch()
    pooling, net = Pooling.of(), crops.boxes

    class Boxes(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, inner: Net) -> None:
            super().__init__()
            self.inner = to_module(inner)
            for k, means in enumerate(pooling.means):
                self.register_buffer(f"means_{k}", torch.from_numpy(means.copy()))
            self.register_buffer("share", torch.from_numpy(pooling.share.copy()))
            self.register_buffer("geometry", torch.from_numpy(pooling.geometry.copy()))

        def forward(self, grid: Any, aspects: Any) -> Any:  # noqa: ANN401
            own = grid.reshape(-1, len(GRID_CHANNELS), GRID * GRID)
            contrast, edges, residual, colour = (own[:, k : k + 1] for k in range(1, 5))
            channels = torch.cat(
                [own, edges * colour, torch.sqrt(contrast) * colour**2, residual * colour], dim=1
            )
            found = [
                torch.matmul(channels, getattr(self, f"means_{k}")).transpose(1, 2)
                for k in range(len(pooling.means))
            ]
            total = channels.sum(dim=2).clamp(min=1e-6).unsqueeze(2)
            found.append((torch.matmul(channels, self.share) / total).transpose(1, 2))
            shape = torch.log(aspects).reshape(-1, 1, 1)
            geometry = self.geometry.unsqueeze(0) + torch.zeros_like(shape)
            whole = torch.cat([*found, geometry, torch.zeros_like(geometry[..., :1]) + shape], dim=2)
            return torch.softmax(self.inner(whole), dim=1)

    return Boxes(net).eval()


def export_model(models: Path, fit_id: str, kind: str, folder: Path) -> list[Row]:
    """Write every network of a model in both formats, and compare.

    Args:
        models: folder of models.
        fit_id: the model.
        kind: ranker, crop or scene.
        folder: is made.

    Raises:
        UsageError: if a package is missing.
        ModelError: if the model cannot be read.
    """
    import_torch()
    rows = []
    for part in parts_of(models, fit_id, kind):
        for name, write, read in (("ONNX", _onnx, _run_onnx), ("TorchScript", _script, _run_script)):
            suffix = "onnx" if name == "ONNX" else "pt"
            path = folder / f"{part.name.replace(' ', '-')}-{fit_id[:12]}.{suffix}"
            write_atomic(path, write(part))
            rows.append(_compared(part, name, path, read(path.read_bytes())))
    return rows


def _compared(part: NetworkPart, name: str, path: Path, run: Callable[[Sequence[Floats]], Floats]) -> Row:
    largest, same = 0.0, True
    for count in BATCHES:
        inputs = part.drawn(count, count)
        served, said = part.served(*inputs), run(inputs)
        largest = max(largest, float(np.abs(served - said).max()))
        same = same and bool(served.reshape(-1).argmax() == said.reshape(-1).argmax())
    return {
        ModelExport.part: part.name,
        ModelExport.format: name,
        ModelExport.path: str(path),
        ModelExport.inputs: ", ".join(
            f"{n} (n{''.join(f', {s}' for s in shape)})" for n, shape in part.inputs.items()
        ),
        ModelExport.largest_difference: largest,
        ModelExport.same_best: same,
        ModelExport.status: "equal" if same and largest <= TOLERANCE else "differs",
        ModelExport.note: "",
    }


def _tensors(part: NetworkPart) -> tuple[Any, ...]:
    torch = import_torch()
    return tuple(torch.from_numpy(v) for v in part.drawn(3, 0))


def _onnx(part: NetworkPart) -> bytes:
    torch, names, buffer = import_torch(), list(part.inputs), io.BytesIO()
    axes = {n: {0: "n"} for n in (*names, "scores")}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # torch is pinned; its newer exporter needs onnxscript and takes ten times longer
        torch.onnx.export(
            part.module,
            _tensors(part),
            buffer,
            dynamo=False,
            input_names=names,
            output_names=["scores"],
            dynamic_axes=axes,
        )
    return buffer.getvalue()


def _run_onnx(content: bytes) -> Callable[[Sequence[Floats]], Floats]:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    return lambda inputs: np.asarray(
        session.run(None, dict(zip(names, inputs, strict=True)))[0], dtype=np.float32
    )


def _script(part: NetworkPart) -> bytes:
    torch, buffer = import_torch(), io.BytesIO()
    torch.jit.save(torch.jit.trace(part.module, _tensors(part), check_trace=False), buffer)
    return buffer.getvalue()


def _run_script(content: bytes) -> Callable[[Sequence[Floats]], Floats]:
    torch = import_torch()
    module = torch.jit.load(io.BytesIO(content))

    def run(inputs: Sequence[Floats]) -> Floats:
        with torch.no_grad():
            return np.asarray(module(*(torch.from_numpy(v) for v in inputs)).numpy(), dtype=np.float32)

    return run


def export_rows(shared: Project) -> pl.DataFrame:
    """Exports of every champion; a missing export has its reason."""
    rows = []
    for kind in MODELS:
        fit = registry.champion(shared.ledger, kind)
        if fit is None:
            continue
        base = {Table.project: shared.key, ModelExport.fit_id: fit[Fit.fit_id]}
        missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
        try:
            if missing:
                rows.append(
                    {**base, **_unavailable(kind, f"{', '.join(missing)} is not installed: {extras.LEARN}")}
                )
                continue
            folder = shared.models / "exports" / str(fit[Fit.fit_id])
            found = export_model(shared.models, str(fit[Fit.fit_id]), kind, folder)
            rows += [
                {**base, **r, ModelExport.path: Path(r[ModelExport.path]).relative_to(shared.home).as_posix()}
                for r in found
            ]
        except ProofsheetError as error:
            rows.append({**base, **_unavailable(kind, f"{error.what} {error.next_step}")})
    return ModelExport.frame(rows)


def _unavailable(kind: str, note: str) -> Row:
    return {
        ModelExport.part: kind,
        ModelExport.format: "ONNX",
        ModelExport.path: "",
        ModelExport.inputs: "",
        ModelExport.largest_difference: None,
        ModelExport.same_best: None,
        ModelExport.status: "not available",
        ModelExport.note: note,
    }
