"""Encoders and scenes, on small models that the tests make: real loading code, real files, random weights."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proofsheet.core.errors import ModelError, ServiceUnreachable, UsageError
from proofsheet.core.progress import Quiet
from proofsheet.embedding import classic_encoder, torch_runtime
from proofsheet.embedding.encoders import choose_encoder
from proofsheet.embedding.open_clip_encoder import Input, OpenClip, prepare
from proofsheet.embedding.weights import find_weights, pull_weights
from proofsheet.imaging.measurement import Measurement
from proofsheet.imaging.measurement_pass import measure_files
from proofsheet.labeling.scenes import LABELS, probabilities
from schemas.labels import Scene, SeenObject
from schemas.library import Photo
from schemas.settings.encoder import EncoderSettings
from schemas.settings.photos import PhotoSettings
from schemas.vectors import Embedding
from tests.support.kit import configuration, only_project, opened, picture_file, pixels, run, save_picture

pytestmark = pytest.mark.skipif(not torch_runtime.installed(), reason="the extra `clip` is not installed")

TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small CLIP as configuration, .pt and .safetensors."""
    folder = tmp_path_factory.mktemp("tiny")
    torch = torch_runtime.import_torch()
    import open_clip
    from safetensors.torch import save_file

    config = folder / "tiny-clip.json"
    config.write_text(json.dumps(TINY))
    open_clip.add_model_config(config)
    torch.manual_seed(0)
    model = open_clip.create_model("tiny-clip", pretrained_text=False)
    state = {k: v.contiguous().clone() for k, v in model.state_dict().items()}
    torch.save(state, folder / "tiny.pt")
    save_file(state, folder / "tiny.safetensors")
    return {"model": config, "pt": folder / "tiny.pt", "safetensors": folder / "tiny.safetensors"}


def settings_for(tiny: dict[str, Path], kind: str = "safetensors", **more: Any) -> EncoderSettings:
    return EncoderSettings(
        encoder="open_clip",
        model=str(tiny["model"]),
        weights=str(tiny[kind]),
        **{"precision": "float32", **more},
    )


def clip(settings: EncoderSettings, models: Path) -> OpenClip:
    found = choose_encoder(settings, models).clip
    assert found is not None
    return found


def batch(side: int = 64, count: int = 6) -> np.ndarray:
    return np.stack([pixels(n, side, side) for n in range(count)])


def test_the_same_weights_as_pt_and_safetensors_give_the_same_vectors(
    tiny: dict[str, Path], tmp_path: Path
) -> None:
    one, two = (clip(settings_for(tiny, kind), tmp_path).vectors(batch()) for kind in ("pt", "safetensors"))
    assert one.shape == (6, 32)
    assert np.array_equal(one, two)
    assert np.allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)
    assert abs(one @ one.T - np.eye(6)).max() > 0.01


def test_the_vectors_are_those_of_open_clip_itself(tiny: dict[str, Path], tmp_path: Path) -> None:
    """Our transform in the worker against open_clip's own, on the same picture."""
    torch = torch_runtime.import_torch()
    import open_clip
    from PIL import Image

    open_clip.add_model_config(tiny["model"])
    model, _train, transform = open_clip.create_model_and_transforms(
        "tiny-clip", pretrained=str(tiny["pt"]), pretrained_text=False
    )
    path = save_picture(tmp_path / "p.png", 7, (300, 200))
    with torch.inference_mode(), Image.open(path) as image:
        want = model.eval().encode_image(transform(image.convert("RGB"))[None], normalize=True)[0].numpy()
    ours = clip(settings_for(tiny), tmp_path)
    (row,) = ours.finish([prepare(opened(path), ours.input)])
    assert float(np.dot(want, np.array(row[Embedding.vector]))) > 0.999


def test_bfloat16_is_close_to_float32(tiny: dict[str, Path], tmp_path: Path) -> None:
    one, two = (
        clip(settings_for(tiny, precision=p), tmp_path).vectors(batch()) for p in ("float32", "bfloat16")
    )
    assert (one * two).sum(axis=1).min() > 0.999


def test_running_out_of_memory_halves_the_batch_and_goes_on(tiny: dict[str, Path], tmp_path: Path) -> None:
    whole = clip(settings_for(tiny), tmp_path)
    want = whole.vectors(batch(count=21))

    class Small(OpenClip):
        """A device that holds five pictures."""

        asked: list[int]

        def _forward(self, pixels: np.ndarray) -> np.ndarray:
            self.asked.append(len(pixels))
            if len(pixels) > 5:
                raise torch_runtime.import_torch().OutOfMemoryError(
                    "CUDA out of memory. Tried to allocate 2.00 GiB"
                )
            return super()._forward(pixels)

    small = Small(whole.settings, whole.weights)
    small.asked = []
    found = small.vectors(batch(count=21))
    assert np.allclose(found, want, atol=1e-6)
    assert small.asked == [21, 16, 8, 4, 4, 4, 4, 4, 1]
    assert small.batch == 4


def test_an_error_that_is_not_about_memory_is_told(tiny: dict[str, Path], tmp_path: Path) -> None:
    class Broken(OpenClip):
        def _forward(self, pixels: np.ndarray) -> np.ndarray:
            raise RuntimeError("expected scalar type Half")

    whole = clip(settings_for(tiny), tmp_path)
    with pytest.raises(ModelError, match="expected scalar type Half"):
        Broken(whole.settings, whole.weights).vectors(batch())


@pytest.mark.parametrize("kind", ["pickle", "cut", "other model", "text"])
def test_a_bad_file_of_weights_is_told_and_runs_nothing(
    tiny: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    torch = torch_runtime.import_torch()
    marker, bad = tmp_path / "ran", tmp_path / "bad.pt"
    if kind == "pickle":

        class Evil:
            def __reduce__(self) -> Any:
                return (Path.touch, (marker,))

        bad.write_bytes(pickle.dumps(Evil()))
    elif kind == "cut":
        bad.write_bytes(tiny["pt"].read_bytes()[:5000])
    elif kind == "other model":
        torch.save({"weight": torch.zeros(3)}, bad)
    else:
        bad.write_text("no weights")
    settings = EncoderSettings(encoder="open_clip", model=str(tiny["model"]), weights=str(bad))
    with pytest.raises(ModelError, match=r"bad\.pt could not be loaded"):
        clip(settings, tmp_path).vectors(batch())
    assert not marker.exists()


def test_without_weights_lite0_serves_and_says_so(tmp_path: Path) -> None:
    found = choose_encoder(EncoderSettings(), tmp_path)
    assert found.clip is None
    assert found.encoder_id.startswith("lite0 ")
    assert "ViT-B-32 laion2b_s34b_b79k" in found.why
    assert "not available" in found.why
    with pytest.raises(UsageError, match="models pull"):
        choose_encoder(EncoderSettings(encoder="open_clip"), tmp_path)
    with pytest.raises(UsageError, match=r"gone\.pt are not there"):
        choose_encoder(EncoderSettings(weights="gone.pt"), tmp_path)


def test_weights_in_the_home_or_the_hubs_cache_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = EncoderSettings(model="ViT-B-32", weights="laion2b_s34b_b79k")
    hub = tmp_path / "hub" / "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K" / "snapshots" / "abc"
    hub.mkdir(parents=True)
    (hub / "open_clip_model.safetensors").write_bytes(b"weights")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    found = find_weights(settings, tmp_path / "models")
    assert found is not None
    assert found.path == hub / "open_clip_model.safetensors"
    own = tmp_path / "models" / "ViT-B-32" / "laion2b_s34b_b79k"
    own.mkdir(parents=True)
    (own / "mine.safetensors").write_bytes(b"other weights")
    mine = find_weights(settings, tmp_path / "models")
    assert mine is not None
    assert mine.path == own / "mine.safetensors"
    assert mine.digest != found.digest


def test_pull_names_the_tags_and_says_when_the_hub_is_out_of_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="laion2b_s34b_b79k"):
        pull_weights(EncoderSettings(weights="nonsense"), tmp_path)
    with pytest.raises(UsageError, match="nothing to pull"):
        pull_weights(EncoderSettings(weights="x.pt"), tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    import huggingface_hub.constants as hub

    monkeypatch.setattr(hub, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(
        hub, "HUGGINGFACE_CO_URL_TEMPLATE", "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}"
    )
    began = time.monotonic()
    with pytest.raises(ServiceUnreachable, match="could not be downloaded"):
        pull_weights(EncoderSettings(), tmp_path)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("mode", ["shortest", "squash", "longest"])
def test_what_a_model_sees_has_its_side(tmp_path: Path, mode: str) -> None:
    picture = opened(save_picture(tmp_path / "p.png", 1, (310, 120)))
    wanted = Input(48, mode, "bicubic", (0.5,) * 3, (0.5,) * 3)
    found = np.frombuffer(prepare(picture, wanted)["pixels"], dtype=np.uint8)  # type: ignore[call-overload]
    assert found.size == 48 * 48 * 3


def test_the_pass_overlaps_decoding_and_the_forward_pass(tiny: dict[str, Path], tmp_path: Path) -> None:
    files = [picture_file(save_picture(tmp_path / f"{n}.jpg", n)) for n in range(20)]
    measurement = choose_encoder(settings_for(tiny), tmp_path).measurement()
    found = measure_files(files, [measurement], PhotoSettings(batch=4), tmp_path / "cache", Quiet())
    rows = found.rows[Embedding.name]
    assert rows.height == 20
    assert set(rows[Photo.content_hash]) == {f.content_hash for f in files}
    again = measure_files(files, [measurement], PhotoSettings(batch=4), tmp_path / "cache", Quiet())
    assert again.decoded == 0
    assert again.rows[Embedding.name].sort(Photo.content_hash).equals(rows.sort(Photo.content_hash))
    embedded = measure_files(
        files,
        [Measurement.of(Embedding, classic_encoder.embed)],
        PhotoSettings(),
        tmp_path / "cache",
        Quiet(),
    )
    assert embedded.decoded == 20


@pytest.mark.long
def test_a_change_of_encoder_recomputes_what_depends_on_it_and_nothing_else(
    tiny: dict[str, Path], tmp_path: Path
) -> None:
    from assets.factory.freshness import stale_tables
    from dagster_project.planning import current_freshness

    for n in range(4):
        save_picture(tmp_path / "library" / "one" / f"{n}.jpg", n)
    before = configuration(tmp_path / "library", tmp_path / "home")
    project = only_project(before)
    assert run(before, project).success
    books = project.store.tables()
    after = configuration(tmp_path / "library", tmp_path / "home", encoder=settings_for(tiny))
    stale = stale_tables(current_freshness(after).versions, project)
    assert set(stale) >= {"embeddings", "scenes", "proposals"}
    assert not set(stale) & {
        "photos",
        "quarantine",
        "other_files",
        "exif_facts",
        "image_quality",
        "picture_hashes",
        "layout_vectors",
        "photo_groups",
        "duplicates",
        "previews",
    }
    assert "model" in stale["embeddings"]
    assert run(after, project).success
    now = project.store.tables()
    unchanged = ("photos", "exif_facts", "image_quality", "picture_hashes", "previews")
    assert all(now[t] == books[t] for t in unchanged)
    vectors = project.store.read(Embedding)
    assert all(e.startswith("open_clip tiny-clip") for e in vectors[Embedding.encoder_id])
    assert {len(v) for v in vectors[Embedding.vector]} == {32}
    scenes = project.store.read(Scene)
    assert set(scenes[Scene.status]) == {"labelled"}
    assert all(len(labels) == 3 for labels in scenes[Scene.labels])
    assert not stale_tables(current_freshness(after).versions, project)


@pytest.mark.long
def test_scenes_are_not_available_without_weights(tmp_path: Path) -> None:
    save_picture(tmp_path / "library" / "one" / "p.jpg", 1)
    settings = configuration(tmp_path / "library", tmp_path / "home")
    project = only_project(settings)
    assert run(settings, project).success
    (scene,) = project.store.read(Scene).to_dicts()
    assert (scene[Scene.status], scene[Scene.labels]) == ("not available", [])
    assert "[labels]" in scene[Scene.note]
    (seen,) = project.store.read(SeenObject).to_dicts()
    assert (seen[SeenObject.status], seen[SeenObject.objects]) == ("not available", [])
    assert "[objects]" in seen[SeenObject.note]


def test_probabilities_follow_the_cosines() -> None:
    texts = np.eye(3, dtype=np.float32)
    found = probabilities(np.array([[0.9, 0.1, 0.0]], dtype=np.float32), texts)
    assert found.sum() == pytest.approx(1)
    assert found.argmax() == 0
    assert len(set(LABELS)) == len(LABELS)
