"""Text in photos by OCR: the networks of PP-OCRv6, in the package rapidocr.

Holds `ocr_model`, `photos_to_read` and `sure_lines`.
Add here: another OCR program.
Keep out: previews and the cache (preview_models.py), and what the text is used for.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import polars as pl

from proofsheet.core import extras
from proofsheet.core.errors import ModelError, NotAvailable
from proofsheet.core.files import short_hash
from proofsheet.core.package_files import PackageFile
from proofsheet.imaging.scaling import Pixels
from proofsheet.labeling.preview_models import PreviewModel, Read
from schemas.choices import Choice
from schemas.labels import OcrText
from schemas.library import Photo
from schemas.settings.labels import OcrSettings

NAME, PACKAGE, LICENCE = "PP-OCRv6 small", "rapidocr", "Apache-2.0"
WEIGHTS: Mapping[str, PackageFile] = {  # parameter of the package to the file of weights
    parameter: PackageFile(PACKAGE, PACKAGE, f"models/{file}", sha256)
    for parameter, file, sha256 in (
        (
            "Det.model_path",
            "PP-OCRv6_det_small.onnx",
            "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
        ),
        (
            "Cls.model_path",
            "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
            "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
        ),
        (
            "Rec.model_path",
            "PP-OCRv6_rec_small.onnx",
            "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
        ),
    )
}
OFF = 'the settings ask for no OCR: set read = "picks" under [ocr]'
_INSTALL = f"Run {extras.OCR}."
_THINNEST = 3  # times its shorter side
_LEAST = 0.3  # lines with a lower score are not even cached


def ocr_model(settings: OcrSettings) -> PreviewModel:
    """What fills `ocr_texts`, or why it is not available.

    Args:
        settings: which photos are read.
    """
    name, note = "", ""
    try:
        paths = {parameter: file.locate("OCR", _INSTALL) for parameter, file in WEIGHTS.items()}
        digest = short_hash(*(file.sha256 for file in WEIGHTS.values()), length=12)
        name = f"{NAME} by {PACKAGE} {version(PACKAGE)} sha256:{digest}"
    except NotAvailable as error:
        paths, note = {}, f"not available: {error}"
    if settings.read == "none":
        note = OFF
    load = functools.partial(_load, {parameter: str(path) for parameter, path in paths.items()})
    empty: Mapping[str, object] = {OcrText.lines: []}
    return PreviewModel(OcrText, OcrText.read_by, name, "", "read", empty, load, note, thumbnails=False)


def photos_to_read(photos: pl.DataFrame, choices: pl.DataFrame, settings: OcrSettings) -> pl.DataFrame:
    """The rows of `photos` that the settings want to be read.

    Args:
        photos: rows of `photos`.
        choices: rows of `choices`.
        settings: which.
    """
    if settings.read == "none":
        return photos.clear()
    chosen = choices[Choice.chosen_photo_id].drop_nulls().implode()
    return photos if settings.read == "all" else photos.filter(pl.col(Photo.photo_id).is_in(chosen))


def sure_lines(rows: pl.DataFrame, settings: OcrSettings) -> pl.DataFrame:
    """The same rows of `ocr_texts` with the lines that have enough score."""
    sure = pl.element().struct.field("score") >= settings.least
    return rows.with_columns(pl.col(OcrText.lines).list.filter(sure))


def _load(paths: Mapping[str, str]) -> Read:
    """Load the networks; the package never downloads any, as the paths are given.

    Raises:
        ModelError: if a network or a package that it needs cannot be loaded.
    """
    try:
        from rapidocr import RapidOCR

        half = max(1, (os.cpu_count() or 1) // 2)
        parameters = {
            "Global.log_level": "critical",
            "Global.text_score": _LEAST,
            "EngineConfig.onnxruntime.intra_op_num_threads": half,
        }
        return functools.partial(text_of, RapidOCR(params={**parameters, **paths}))
    except Exception as error:  # each of its packages raises its own
        wrong = " ".join(f"{type(error).__name__} {error}".split())[:200]
        raise ModelError(f"OCR cannot be loaded: {wrong}.", _INSTALL) from error


def text_of(engine: Any, rgb: Pixels) -> dict[str, object]:  # noqa: ANN401 - an untyped class
    """The lines of text in an upright picture.

    Args:
        engine: the loaded OCR program: from (height, width, 3) in the order blue, green, red to `boxes`
            (lines, 4, 2) in pixels, `txts` and `scores`; all None without text.
        rgb: (height, width, 3).

    Raises:
        ValueError: if it gives no finite numbers, or does not accept the picture.
    """
    height, width = rgb.shape[:2]
    try:
        answer = engine(_padded(rgb)[:, :, ::-1].copy())
    except Exception as error:  # its errors have no common base but this
        reason = f"{type(error).__name__} {error}".strip()
        raise ValueError(f"OCR does not accept a preview of {width} x {height} pixels: {reason}") from error
    if answer.txts is None:
        return {OcrText.lines: []}
    corners, scores = np.asarray(answer.boxes, np.float64), np.asarray(answer.scores, np.float64)
    if not (np.isfinite(corners).all() and np.isfinite(scores).all()):
        raise ValueError("OCR gives no finite boxes and scores for it")
    shares = np.clip(corners / (width, height), 0.0, 1.0)
    return {OcrText.lines: [_line(*one) for one in zip(answer.txts, scores, shares, strict=True)]}


def _padded(rgb: Pixels) -> Pixels:
    """A strip with black below or beside it: the program enlarges pictures by their shorter side."""
    height, width = rgb.shape[:2]
    least = math.ceil(max(height, width) / _THINNEST)
    missing = [(0, max(0, least - side)) for side in (height, width)]
    return np.pad(rgb, [*missing, (0, 0)])


def _line(text: str, score: float, corners: np.ndarray[Any, Any]) -> dict[str, object]:
    """A line with the upright box around its four corners."""
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return {
        "text": plain,
        "score": min(max(float(score), 0.0), 1.0),
        "left": left,
        "top": top,
        "right": right,
        "bottom": bottom,
    }
