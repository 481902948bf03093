"""Where models run.

Holds `pick_device`.
Add here: another kind of device.
Keep out: importing torch, which each area does in its own way.
"""

from __future__ import annotations

from typing import Any


def pick_device(torch: Any, wanted: str) -> str:  # noqa: ANN401 - the module
    """CUDA, else MPS, else CPU, unless the settings name one."""
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
