"""Models as files named by their hash: safetensors, and LightGBM's own text.

No code in them is ever run.

Holds `save_model`, `load_ranker` and `load_crops`.
Add here: another part of a model that needs a file of its own.
Keep out: which model serves (registry.py).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from proofsheet.core import extras
from proofsheet.core.errors import ModelError, UsageError
from proofsheet.core.files import write_atomic
from proofsheet.models import crop_proposer, ranker
from proofsheet.models.crop_proposer import CropProposer
from proofsheet.models.mlp import Floats
from proofsheet.models.ranker import Ranker

FOLDER = "fits"
_TOLD, _FACTS, _KIND, _TREES = "proofsheet", "facts", "kind", "trees"
_DAMAGED = "Run `proofsheet models rollback`, or train again with `proofsheet models train`."


def model_path(models: Path, fit_id: str) -> Path:
    """The path of a model."""
    return models / FOLDER / f"{fit_id}.safetensors"


def save_model(models: Path, model: Ranker | CropProposer) -> str:
    """Write the model; its id is the hash of its file."""
    from safetensors.numpy import save

    if isinstance(model, Ranker):
        kind, (arrays, facts) = "ranker", ranker.to_arrays(model)
        text = str(facts.pop("trees")).encode("utf-8")
        facts[_TREES] = hashlib.sha256(text).hexdigest() if text else ""
        if text:
            write_atomic(models / FOLDER / f"{facts[_TREES]}.lightgbm.txt", text)
    else:
        kind, (arrays, facts) = "crop", crop_proposer.to_arrays(model)
    return save_arrays(models, kind, arrays, facts, save)


def save_arrays(
    models: Path,
    kind: str,
    arrays: Mapping[str, Floats],
    facts: Mapping[str, Any],
    save: Any,  # noqa: ANN401
) -> str:
    """Write arrays with facts; the name is the hash of the content."""
    content: bytes = save(
        {n: np.ascontiguousarray(a) for n, a in sorted(arrays.items())},
        metadata={
            _TOLD: json.dumps({_KIND: kind, _FACTS: facts}, sort_keys=True)
        },  # one entry: several have no fixed order
    )
    fit_id = hashlib.sha256(content).hexdigest()[:32]
    write_atomic(model_path(models, fit_id), content)
    return fit_id


def load_arrays(models: Path, fit_id: str, kind: str) -> tuple[dict[str, Floats], dict[str, Any]]:
    """Arrays and facts of a model file that is what its name says.

    Raises:
        UsageError: if safetensors is not installed.
        ModelError: if the file is missing, damaged, or a model of another kind.
    """
    if importlib.util.find_spec("safetensors") is None:
        raise UsageError("Models cannot be read: safetensors is not installed.", f"Run {extras.LEARN}.")
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load

    path = model_path(models, fit_id)
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest()[:32] != fit_id:
            raise ModelError(
                f"The model {path} is damaged: its content does not have the hash of its name.", _DAMAGED
            )
        arrays = load(content)
        with safe_open(path, "numpy") as stream:
            told: dict[str, Any] = json.loads((stream.metadata() or {})[_TOLD])
        facts: dict[str, Any] = told[_FACTS]
    except OSError as error:
        raise ModelError(f"The model {path} cannot be read: {error.strerror}.", _DAMAGED) from error
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"The model {path} is damaged: {error}.", _DAMAGED) from error
    if told.get(_KIND) != kind:
        raise ModelError(f"The model {path} is a {told.get(_KIND)}, not a {kind}.", _DAMAGED)
    return arrays, facts


def load_ranker(models: Path, fit_id: str) -> Ranker:
    """The ranker of a file.

    Raises:
        UsageError: if a package is missing.
        ModelError: if the file is missing, damaged, or of another version.
    """
    arrays, facts = load_arrays(models, fit_id, "ranker")
    digest = str(facts[_TREES])
    if digest:
        path = models / FOLDER / f"{digest}.lightgbm.txt"
        try:
            text = path.read_bytes()
        except OSError as error:
            raise ModelError(f"The trees {path} cannot be read: {error.strerror}.", _DAMAGED) from error
        if hashlib.sha256(text).hexdigest() != digest:
            raise ModelError(
                f"The trees {path} are damaged: their content does not have the hash of their name.", _DAMAGED
            )
        facts[_TREES] = text.decode("utf-8")
    try:
        return ranker.from_arrays(arrays, facts)
    except (KeyError, ValueError) as error:
        raise ModelError(
            f"The model {model_path(models, fit_id)} does not fit this Proofsheet: {error}.", _DAMAGED
        ) from error


def load_crops(models: Path, fit_id: str) -> CropProposer:
    """The crop proposer of a file; raises as `load_ranker`."""
    arrays, facts = load_arrays(models, fit_id, "crop")
    try:
        return crop_proposer.from_arrays(arrays, facts)
    except (KeyError, ValueError) as error:
        raise ModelError(
            f"The model {model_path(models, fit_id)} does not fit this Proofsheet: {error}.", _DAMAGED
        ) from error
