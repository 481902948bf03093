"""Speed of the open_clip encoder: the forward pass, and from files to vectors. Random weights.

For speed only.

Holds `model_rows` and `random_weights`.
Add here: a row for another model.
Keep out: quality; random weights have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.photos import photographs
from benchmarks.rows import Row, over
from benchmarks.timing import cpu_seconds, rate
from proofsheet.core.files import Fingerprint
from proofsheet.core.progress import Quiet
from proofsheet.embedding import lite0_encoder, torch_runtime
from proofsheet.embedding.open_clip_encoder import OpenClip, prepare
from proofsheet.imaging.decode import DecodeLimits, PictureFile, open_picture
from proofsheet.imaging.measurement import Measurement, measured_columns
from proofsheet.imaging.measurement_pass import measure_files
from schemas.settings.encoder import EncoderSettings
from schemas.settings.photos import PhotoSettings
from schemas.vectors import Embedding

_MODEL = "ViT-B-32"
_TOKENS, _WIDTH, _LAYERS, _PATCHES = 50, 768, 12, 49
_FLOP = 2 * (
    _LAYERS * (12 * _WIDTH**2 * _TOKENS + 2 * _TOKENS**2 * _WIDTH) + _PATCHES * 3072 * _WIDTH
)  # of one picture
_LITE0_FLOP = 2 * 3.85e8  # multiplications and additions of one picture
_BATCH = 32


def random_weights(folder: Path) -> Path:
    """A whole ViT-B-32 with random weights as safetensors."""
    path = folder / "random-ViT-B-32.safetensors"
    if not path.exists():
        torch = torch_runtime.import_torch()
        import open_clip
        from safetensors.torch import save_file

        torch.manual_seed(0)
        model = open_clip.create_model(_MODEL, pretrained_text=False)
        save_file({k: v.contiguous().clone() for k, v in model.state_dict().items()}, path)
    return path


def model_rows(folder: Path, count: int) -> Iterator[Row]:
    """Rows of the forward pass and of files to vectors at 2 MP.

    Args:
        folder: for the photographs.
        count: photographs.
    """
    model = OpenClip(EncoderSettings(encoder="open_clip", model=_MODEL, batch=_BATCH), None)
    plain = OpenClip(EncoderSettings(encoder="open_clip", model=_MODEL, precision="float32", batch=1), None)
    side = model.input.side_px
    pixels = np.random.default_rng(0).integers(0, 256, (_BATCH, side, side, 3), dtype=np.uint8)
    forward = _BATCH * rate(lambda _k: model.vectors(pixels), 3)
    single = rate(lambda k: plain.vectors(pixels[k : k + 1]), 8)
    limit = gemm_flops() / _FLOP
    note = (
        f"random weights, {torch_runtime.choose_precision('auto')}, batch {_BATCH}; limit: a bfloat16 "
        "product of as many operations"
    )
    yield Row(
        f"{_MODEL} forward ÷ limit",
        "images/cpu-s",
        limit,
        None,
        single,
        forward,
        over(forward, limit),
        0.75,
        _BATCH,
        note,
    )
    yield from _files_to_vectors(folder, count, model, plain, forward)
    yield lite0_row(folder)


def lite0_row(folder: Path) -> Row:
    """The forward pass of lite0 against a float32 product of as many operations."""
    run = lite0_encoder.find_lite0(folder).runner()
    side = lite0_encoder.SIDE_PX
    pixels = np.random.default_rng(0).uniform(-1, 1, (_BATCH, 3, side, side)).astype(np.float32)
    forward = _BATCH * rate(lambda _k: run(pixels), 3)
    limit = _float32_flops() / _LITE0_FLOP
    note = f"batch {_BATCH}, onnxruntime; limit: a float32 product of as many operations"
    stage = "lite0 forward ÷ limit"
    return Row(stage, "images/cpu-s", limit, None, None, forward, over(forward, limit), 0.75, _BATCH, note)


def _float32_flops() -> float:
    """Operations per CPU second of a float32 product with the shape of the head of lite0."""
    torch = torch_runtime.import_torch()
    a, b = torch.randn(49 * _BATCH, 320), torch.randn(320, 1280)
    with torch.inference_mode():
        return 2.0 * a.shape[0] * a.shape[1] * b.shape[1] * rate(lambda _k: a @ b, 20)


def gemm_flops() -> float:
    """Operations per CPU second of a bfloat16 product with the shapes of the largest layers."""
    torch = torch_runtime.import_torch()
    a, b = torch.randn(_TOKENS * _BATCH, _WIDTH).bfloat16(), torch.randn(_WIDTH, 4 * _WIDTH).bfloat16()
    with torch.inference_mode():
        return 2.0 * a.shape[0] * a.shape[1] * b.shape[1] * rate(lambda _k: a @ b, 20)


def _files_to_vectors(
    folder: Path, count: int, model: OpenClip, plain: OpenClip, forward: float
) -> Iterator[Row]:
    files, told = photographs(2, count, folder)
    side = PhotoSettings().analysis_side_px
    limits = DecodeLimits(10**9, 10**9, side)

    def draft(k: int) -> object:
        with Image.open(files[k]) as image:
            image.draft("RGB", (side, side))
            return image.load()

    def naive(k: int) -> object:
        with Image.open(files[k]) as image:
            full = np.asarray(
                image.convert("RGB").resize((298, 224), Image.Resampling.BICUBIC).crop((37, 0, 261, 224))
            )
        return plain.vectors(full[None])

    few = range(min(count, 40))
    slow = len(few) / cpu_seconds(lambda: [naive(k) for k in few])
    limit = 1.0 / (1.0 / rate(draft, len(few)) + 1.0 / forward)
    found = [PictureFile(p, p.name, Fingerprint.of(p.stat())) for p in files]
    cache = folder / "cache-vectors"
    measurement = Measurement(Embedding.name, measured_columns(Embedding), "bench", model.begin)
    settings = PhotoSettings(preview_px=0)
    prepare(open_picture(found[0], limits), model.input)
    spent = cpu_seconds(lambda: measure_files(found, [measurement], settings, cache, Quiet()))
    project = len(found) / spent
    for path in cache.rglob("*.parquet"):
        path.unlink()
    note = (
        f"{told}; random weights; limit is a drafted decode and our forward pass; starting the workers counts"
    )
    row = ("files to vectors 2 MP", "images/cpu-s", limit, None, slow, project)
    yield Row(f"{row[0]} ÷ naive", *row[1:], over(project, slow), 3.5, len(found), note)
    yield Row(f"{row[0]} ÷ limit", *row[1:], over(project, limit), 0.8, len(found), note)
