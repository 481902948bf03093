"""Networks as ONNX files, run by onnxruntime on the CPU beside the decoders.

Holds `cpu_session`.
Add here: another way in which every such network is run.
Keep out: what a network is for, and OpenCV.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from proofsheet.core.errors import ModelError


def cpu_session(path: Path, next_step: str) -> Any:  # noqa: ANN401 - a class of an untyped package
    """An `onnxruntime.InferenceSession` that uses half of the cores and waits without spinning.

    Args:
        path: the file.
        next_step: what to do if it cannot be loaded.

    Raises:
        ModelError: if it cannot be loaded.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, (os.cpu_count() or 1) // 2)  # the decoders run on the other cores
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path.read_bytes(), options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base but this
        wrong = " ".join(str(error).split())[:200]
        raise ModelError(f"The network {path} cannot be loaded: {wrong}.", next_step) from error
