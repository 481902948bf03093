"""Detectors, on small models that the tests make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from proofsheet.core.errors import ModelError
from proofsheet.embedding import torch_runtime
from proofsheet.labeling.detectors import choose_detector, from_queries
from schemas.settings.labels import ObjectSettings
from tests.support.kit import configuration, only_project, pixels, run

pytestmark = pytest.mark.skipif(not torch_runtime.installed(), reason="the extra `clip` is not installed")


def test_queries_become_boxes() -> None:
    logits = np.array([[9.0, 0, 0], [0, 0, 9.0]], dtype=np.float32)
    found = from_queries(logits, np.array([[0.5, 0.5, 0.2, 0.4], [0.1, 0.1, 0.1, 0.1]], dtype=np.float32))
    assert found.classes[0] == 0
    assert np.allclose(found.boxes[0], [0.4, 0.3, 0.6, 0.7])
    assert found.scores[0] > 0.9 > 0.1 > found.scores[1]


def onnx_detector(path: Path) -> Path:
    """A file that finds a "cat" left of the middle of any picture, with a higher score if it is brighter."""
    import onnx
    from onnx import TensorProto, helper

    mean = helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0)
    score = helper.make_node("Reshape", ["mean", "one"], ["scores"])
    boxes = helper.make_node(
        "Constant", [], ["boxes"], value=helper.make_tensor("b", TensorProto.FLOAT, [1, 4], [0, 0, 32, 64])
    )
    labels = helper.make_node(
        "Constant", [], ["labels"], value=helper.make_tensor("l", TensorProto.INT64, [1], [1])
    )
    graph = helper.make_graph(
        [mean, score, boxes, labels],
        "detector",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 64])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 4]),
            helper.make_tensor_value_info("labels", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor("one", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


def test_an_onnx_detector_by_path_finds_objects(tmp_path: Path) -> None:
    from PIL import Image

    folder = tmp_path / "library" / "one"
    folder.mkdir(parents=True)
    for name, grey in (("bright.png", 240), ("dark.png", 20)):
        Image.new("RGB", (100, 80), (grey, grey, grey)).save(folder / name)
    labels = tmp_path / "labels.txt"
    labels.write_text("nothing\ncat\n")
    wanted = ObjectSettings(
        weights=str(onnx_detector(tmp_path / "d.onnx")), labels=str(labels), min_score=0.3
    )
    settings = configuration(tmp_path / "library", tmp_path / "home", objects=wanted)
    project = only_project(settings)
    assert run(settings, project, until="objects").success
    rows = {
        r["file_name"]: r
        for r in project.store.query(
            "SELECT file_name, o.* FROM objects o JOIN photos USING (photo_id)"
        ).to_dicts()
    }
    (cat,) = rows["bright.png"]["objects"]
    assert (cat["label"], cat["left"], cat["right"], cat["bottom"]) == ("cat", 0.0, 0.5, 1.0)
    assert cat["score"] == pytest.approx(240 / 255, abs=0.02)
    assert rows["dark.png"]["status"] == "detected"
    assert rows["dark.png"]["objects"] == []
    assert rows["dark.png"]["detected_by"].startswith("onnx d.onnx sha256:")


def test_a_torchvision_detector_by_path_is_loaded_and_looks(tmp_path: Path) -> None:
    torch = torch_runtime.import_torch()
    from torchvision.models import detection

    torch.manual_seed(0)
    model = detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=3
    )
    torch.save(model.state_dict(), tmp_path / "d.pt")
    wanted = ObjectSettings(weights=str(tmp_path / "d.pt"), min_score=0.0, most=5)
    detector = choose_detector(wanted, "cpu")
    found = detector.load().detect(pixels(1, 320, 240))
    assert len(found.boxes) == len(found.scores) == len(found.classes) > 0
    assert found.boxes.min() >= 0
    assert found.boxes.max() <= 1.001
    assert list(detector.labels)[1] == "person"


def test_a_broken_detector_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"bad\.onnx could not be loaded"):
        choose_detector(ObjectSettings(weights=str(bad)), "cpu").load()
    assert not choose_detector(ObjectSettings(weights="gone.onnx"), "cpu").ready
