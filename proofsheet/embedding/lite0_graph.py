"""EfficientNet-Lite0 as an ONNX graph, made of the tensors of its weights.

Holds `build_graph` and `STRIDES`.
Add here: nothing for another network of this family; shapes are read from the tensors, strides are given.
Keep out: reading the weights (torch_file.py) and running the graph (lite0_encoder.py).

The network (Tan and Le, 2019, without squeeze and excitation) is a stem, inverted residual blocks and a head,
each a convolution with batch normalisation and ReLU6. The normalisation is folded into the weights. Padding
is TensorFlow's SAME: an odd pixel is added at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
INPUT, FEATURE, LOGITS = "pixels", "feature", "logits"
_STEM_STRIDE = 2
_EPSILON = 1e-3
_OPSET, _IR_VERSION = 13, 8


def build_graph(
    tensors: Mapping[str, npt.NDArray[Any]], side_px: int, strides: Sequence[int] = STRIDES
) -> bytes:
    """The graph with one input and two outputs.

    Args:
        tensors: `_conv_stem`, `_blocks.N._…`, `_conv_head`, `_fc` and the normalisations, in torch's layout.
        side_px: of the square input; `pixels` is (n, 3, side, side) float32 in -1..1.
        strides: of each block.

    Returns:
        The serialised model: `feature` (n, channels) float32 after pooling, `logits` (n, classes) float32.

    Raises:
        KeyError: if a tensor is missing.
    """
    from onnx import TensorProto, helper

    made = _Graph(tensors, side_px)
    made.convolve("_conv_stem", "_bn0", stride=_STEM_STRIDE)
    for number, stride in enumerate(strides):
        made.block(f"_blocks.{number}.", stride)
    made.convolve("_conv_head", "_bn1")
    made.pool_and_classify()
    shape: list[str | int | None] = ["n", 3, side_px, side_px]
    inputs = [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info(o, TensorProto.FLOAT, ["n", None]) for o in (FEATURE, LOGITS)]
    graph = helper.make_graph(made.nodes, "lite", inputs, outputs, made.constants)
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and constants so far; `last` is the newest result, `side` its height and width."""

    def __init__(self, tensors: Mapping[str, npt.NDArray[Any]], side_px: int) -> None:
        self.tensors, self.side, self.last = tensors, side_px, INPUT
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._constant("zero", np.float32(0.0))
        self._constant("six", np.float32(6.0))

    def block(self, prefix: str, stride: int) -> None:
        """Widen, filter each channel, narrow; the input is added where the shape stays."""
        begins = self.last
        if f"{prefix}_expand_conv.weight" in self.tensors:
            self.convolve(f"{prefix}_expand_conv", f"{prefix}_bn0")
        self.convolve(f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=stride, depthwise=True)
        self.convolve(f"{prefix}_project_conv", f"{prefix}_bn2", clipped=False)
        first = f"{prefix}_expand_conv.weight"
        channels_in = (
            self.tensors[first].shape[1] if first in self.tensors else self._width(f"{prefix}_depthwise_conv")
        )
        if stride == 1 and channels_in == self._width(f"{prefix}_project_conv"):
            self._node("Add", [self.last, begins])

    def convolve(
        self, conv: str, norm: str, *, stride: int = 1, depthwise: bool = False, clipped: bool = True
    ) -> None:
        """A convolution with its normalisation folded in, then ReLU6 unless it ends a block."""
        weight = np.asarray(self.tensors[f"{conv}.weight"], dtype=np.float64)
        scale = self._norm(norm, "weight") / np.sqrt(self._norm(norm, "running_var") + _EPSILON)
        bias = self._norm(norm, "bias") - self._norm(norm, "running_mean") * scale
        names = [
            self._constant(f"{conv}.weight", (weight * scale[:, None, None, None]).astype(np.float32)),
            self._constant(f"{conv}.bias", bias.astype(np.float32)),
        ]
        kernel, out = weight.shape[2], -(-self.side // stride)
        missing = max((out - 1) * stride + kernel - self.side, 0)
        before, after = missing // 2, missing - missing // 2
        facts: dict[str, Any] = {
            "kernel_shape": [kernel, kernel],
            "strides": [stride, stride],
            "pads": [before, before, after, after],
            "group": weight.shape[0] if depthwise else 1,
        }
        self.side = out
        self._node("Conv", [self.last, *names], **facts)
        if clipped:
            self._node("Clip", [self.last, "zero", "six"])

    def pool_and_classify(self) -> None:
        """The mean of each channel, and a linear layer over them."""
        weight = self._constant("_fc.weight", self.tensors["_fc.weight"])
        bias = self._constant("_fc.bias", self.tensors["_fc.bias"])
        self._node("GlobalAveragePool", [self.last])
        self._node("Flatten", [self.last], output=FEATURE, axis=1)
        self._node("Gemm", [FEATURE, weight, bias], output=LOGITS, transB=1)

    def _width(self, conv: str) -> int:
        return int(self.tensors[f"{conv}.weight"].shape[0])

    def _norm(self, name: str, part: str) -> npt.NDArray[np.float64]:
        return np.asarray(self.tensors[f"{name}.{part}"], dtype=np.float64)

    def _constant(self, name: str, values: npt.ArrayLike) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=np.float32), name))
        return name

    def _node(self, kind: str, inputs: Sequence[str], output: str = "", **facts: Any) -> None:  # noqa: ANN401 - attributes of ONNX
        from onnx import helper

        self.last = output or f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [self.last], **facts))
