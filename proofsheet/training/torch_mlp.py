"""The same network in torch, for training and for export.

Holds `build`, `to_net` and `import_torch`.
Add here: what training of several models shares.
Keep out: losses.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np

from proofsheet.core import extras
from proofsheet.core.devices import pick_device
from proofsheet.core.errors import UsageError
from proofsheet.models.mlp import Floats, Net

_PACKAGES = ("torch", "lightgbm", "safetensors")


def installed() -> bool:
    """Whether everything that training needs is installed; nothing is imported."""
    return all(importlib.util.find_spec(name) for name in _PACKAGES)


def import_torch() -> Any:  # noqa: ANN401 - an untyped module
    """Torch.

    Raises:
        UsageError: if something that training needs is not installed.
    """
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"Training is not available: {', '.join(missing)} is not installed.", f"Run {extras.LEARN}."
        )
    import torch

    return torch


def choose_device(wanted: str) -> str:
    """CUDA, else MPS, else CPU, unless one is named."""
    return pick_device(import_torch(), wanted)


def build(mean: Floats, scale: Floats, hidden: int, dropout: float, seed: int) -> Any:  # noqa: ANN401
    """A module with the parameters of `Net`; `forward` takes (..., d) and gives (...)."""
    torch = import_torch()

    class Module(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            d = len(mean)
            draw = torch.Generator().manual_seed(seed)
            self.register_buffer("mean", torch.from_numpy(mean.astype(np.float32)))
            self.register_buffer("scale", torch.from_numpy(scale.astype(np.float32)))
            self.direct = torch.nn.Parameter(torch.zeros(d))
            self.hidden = torch.nn.Parameter(torch.randn(hidden, d, generator=draw) * (2.0 / d) ** 0.5)
            self.hidden_bias = torch.nn.Parameter(torch.zeros(hidden))
            self.out = torch.nn.Parameter(torch.randn(hidden, generator=draw) * 0.1 / hidden**0.5)
            self.bias = torch.nn.Parameter(torch.zeros(1))
            self.dropout = torch.nn.Dropout(dropout)

        def forward(self, x: Any) -> Any:  # noqa: ANN401
            z = (x - self.mean) / self.scale
            units = self.dropout(torch.relu(torch.matmul(z, self.hidden.t()) + self.hidden_bias))
            return torch.matmul(z, self.direct) + torch.matmul(units, self.out) + self.bias

    return Module()


def to_net(module: Any) -> Net:  # noqa: ANN401
    """The arrays of a trained module."""
    names = ("mean", "scale", "direct", "hidden", "hidden_bias", "out", "bias")
    return Net(**{n: getattr(module, n).detach().cpu().numpy().astype(np.float32) for n in names})


def to_module(net: Net) -> Any:  # noqa: ANN401
    """The module of a stored network, ready to be exported."""
    torch = import_torch()
    module = build(net.mean, net.scale, len(net.hidden_bias), 0.0, 0)
    with torch.no_grad():
        for name in ("direct", "hidden", "hidden_bias", "out", "bias"):
            getattr(module, name).copy_(torch.from_numpy(np.array(getattr(net, name))))
    return module.eval()


def batches(count: int, size: int, draw: np.random.Generator) -> Iterator[Any]:
    """Indices of one pass in random order, as tensors: one matrix stays, only indices move."""
    torch = import_torch()
    order = torch.from_numpy(draw.permutation(count))
    yield from order.split(size)
