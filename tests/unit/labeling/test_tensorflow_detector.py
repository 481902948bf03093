"""Detectors as graphs of TensorFlow, on a graph that the test writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from proofsheet.core.errors import ModelError
from proofsheet.embedding import torch_runtime
from proofsheet.labeling.coco_names import COCO_NAMES
from proofsheet.labeling.detectors import choose_detector
from proofsheet.labeling.objects import object_model
from schemas.labels import SeenObject
from schemas.settings.labels import ObjectSettings

FLOAT, INT32 = 1, 3
SIDE, CAT = 300, 17


def varint(number: int) -> bytes:
    more, low = number >> 7, number & 127
    return bytes([low | 128]) + varint(more) if more else bytes([low])


def field(number: int, value: int | str | bytes) -> bytes:
    """A field of a protocol buffer."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def node(name: str, kind: str, *inputs: str, **attributes: bytes) -> bytes:
    given = b"".join(field(5, field(1, key) + field(2, value)) for key, value in attributes.items())
    return field(1, field(1, name) + field(2, kind) + b"".join(field(3, i) for i in inputs) + given)


def constant(name: str, array: np.ndarray) -> bytes:
    kind = FLOAT if array.dtype == np.float32 else INT32
    shape = b"".join(field(2, field(1, side)) for side in array.shape)
    tensor = field(1, kind) + field(2, shape) + field(4, array.tobytes())
    return node(name, "Const", dtype=field(6, kind), value=field(8, tensor))


def sides(*numbers: int) -> bytes:
    return field(1, b"".join(field(3, n) for n in numbers))


def graph(numbers: int = 7) -> bytes:
    """Finds a cat in the right half of any picture; the score is the mean of red, green and blue."""
    weights = np.zeros((1, 1, 3, numbers), np.float32)
    weights[..., 2] = 1 / 255 / 3
    found = np.array([0, CAT, 0, 0.5, 0, 1, 1, 9][:numbers], np.float32)
    valid, order = field(2, "VALID"), field(2, "NHWC")
    return b"".join(
        [
            node("image", "Placeholder", dtype=field(6, FLOAT)),
            constant("weights", weights),
            constant("found", found),
            node(
                "mean",
                "AvgPool",
                "image",
                ksize=sides(1, SIDE, SIDE, 1),
                strides=sides(1, SIDE, SIDE, 1),
                padding=valid,
                data_format=order,
            ),
            node(
                "scaled",
                "Conv2D",
                "mean",
                "weights",
                strides=sides(1, 1, 1, 1),
                padding=valid,
                data_format=order,
            ),
            node("detection_out", "BiasAdd", "scaled", "found", data_format=order),
        ]
    )


@pytest.mark.parametrize("size", [(600, 400), (1, 1), (4, 1600)])
def test_a_graph_of_tensorflow_finds_objects_without_torch(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "d.pb").write_bytes(graph())
    detector = choose_detector(ObjectSettings(weights=str(tmp_path / "d.pb"), min_score=0.3), "cpu")
    assert detector.name.startswith("tensorflow d.pb sha256:")
    read = object_model(detector).load()
    (cat,) = read(np.full((*size, 3), 204, np.uint8))[SeenObject.objects]  # type: ignore[attr-defined]
    assert cat["score"] == pytest.approx(0.8, abs=1e-3)
    assert (cat["label"], cat["left"], cat["top"], cat["right"], cat["bottom"]) == ("cat", 0.5, 0, 1, 1)
    assert read(np.zeros((*size, 3), np.uint8))[SeenObject.objects] == []


def test_the_description_beside_a_graph_is_part_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "d.pb").write_bytes(graph())
    wanted = ObjectSettings(weights=str(tmp_path / "d.pb"))
    alone = choose_detector(wanted, "cpu").name
    (tmp_path / "d.pbtxt").write_text("node { }")
    assert choose_detector(wanted, "cpu").name != alone


def test_a_graph_that_is_broken_or_no_ssd_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.pb"
    path.write_bytes(b"no graph")
    with pytest.raises(ModelError, match=r"d\.pb could not be loaded"):
        choose_detector(ObjectSettings(weights=str(path)), "cpu").load()
    path.write_bytes(graph(numbers=8))
    with pytest.raises(ValueError, match="as of an SSD"):
        choose_detector(ObjectSettings(weights=str(path)), "cpu").load().detect(np.zeros((9, 9, 3), np.uint8))


def test_the_names_of_coco_are_those_of_torchvision() -> None:
    assert len(COCO_NAMES) == 91
    assert [COCO_NAMES[k] for k in (1, CAT, 90)] == ["person", "cat", "toothbrush"]
    if not torch_runtime.installed():
        pytest.skip("the extra `clip` is not installed")
    torch_runtime.import_torch()
    from torchvision.models.detection import FasterRCNN_MobileNet_V3_Large_320_FPN_Weights as Weights

    assert list(COCO_NAMES) == list(Weights.COCO_V1.meta["categories"])
