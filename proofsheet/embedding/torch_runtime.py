"""Torch, prepared: the import that works with a CPU build, the device, the precision.

Holds `import_torch`, `choose_device`, `choose_precision`.
Add here: what every model needs of torch.
Keep out: models.

The torchvision wheel is linked against CUDA builds of torch. With a CPU build its import fails because two
operators have no schema; defining the schemas is enough, as nothing here calls them on the way to an
embedding.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

from proofsheet.core.devices import pick_device

_MISSING = "operator torchvision::nms does not exist"
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_kept: list[Any] = []  # a torch.library.Library unregisters what it defined when it is collected


def installed() -> bool:
    """Whether torch and open_clip are installed; nothing is imported."""
    return all(
        importlib.util.find_spec(name) for name in ("torch", "torchvision", "open_clip", "safetensors")
    )


def import_torch() -> Any:  # noqa: ANN401 - an untyped module
    """Torch with a torchvision that can be imported.

    A run never downloads, so the hub stays offline.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if str(error) != _MISSING:
            raise
        _mend_torchvision()
    return torch


def _mend_torchvision() -> None:
    """Give a torchvision without its compiled operators their schemas, and `nms` a body of plain torch."""
    import torch

    for name in [n for n in sys.modules if n == "torchvision" or n.startswith("torchvision.")]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    library.impl("nms", _nms, "CPU")  # type: ignore[no-untyped-call]
    _kept.append(library)
    importlib.import_module("torchvision")
    boxes = importlib.import_module("torchvision.ops.boxes")
    boxes._assert_has_ops = lambda: None  # type: ignore[attr-defined]


def _nms(dets: Any, scores: Any, iou_threshold: float) -> Any:  # noqa: ANN401 - tensors
    """Indices of the boxes that stay, highest score first.

    A box goes if it overlaps a better one by more than the threshold.
    """
    import torch
    from torchvision.ops.boxes import box_iou

    left = torch.argsort(scores, descending=True)
    kept = []
    while left.numel():
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[box_iou(dets[best][None], dets[left])[0] <= iou_threshold] if left.numel() else left
    return torch.stack(kept) if kept else torch.empty(0, dtype=torch.int64)


def choose_device(wanted: str) -> str:
    """CUDA, else MPS, else CPU, unless the settings name one."""
    return pick_device(import_torch(), wanted)


def choose_precision(wanted: str) -> str:
    """The precision asked for; auto is bfloat16 where the device has instructions for it."""
    torch = import_torch()
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    return (
        "bfloat16"
        if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        else "float32"
    )


def out_of_memory(error: Exception) -> bool:
    """Whether the error means that the device or the machine has no memory left."""
    torch = import_torch()
    words = str(error).lower()
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "out of memory" in words
        or "can't allocate memory" in words
    )
