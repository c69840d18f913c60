"""MobileFaceNet (TensorFlow Lite) rebuilt in ONNX: the same weights, channels second, a batch of one.

As shipped a batch of two is baked in, and each parametric ReLU is five operators: relu(x) + slope / 2 · (x - |x|).
"""

from enum import IntEnum
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from scripts.tflite import Graph, Operation

CONV_ORDER, DEPTHWISE_ORDER = (0, 3, 1, 2), (3, 0, 1, 2)  # of the weights' axes, to ONNX's


class Operator(IntEnum):
    """Every operator of the network, numbered as in TensorFlow Lite's schema."""

    ADD = 0
    CONV = 3
    DEPTHWISE_CONV = 4
    MUL = 18
    RELU = 19
    RESHAPE = 22
    SUB = 41
    ABS = 101


def rebuild_mobilefacenet(content: bytes) -> ModelProto:
    """The .tflite file → a network from face, float32 (1, 3, 112, 112), to vector, float32 (1, 192)."""
    source = Graph(content)
    write = _Writer(source)
    write.names[source.inputs[0]] = "face"
    for operation in source.operations:
        _rebuild(write, operation)
    write.nodes[-1].output[0] = "vector"
    face = helper.make_tensor_value_info("face", TensorProto.FLOAT, [1, 3, 112, 112])
    vector = helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, 192])
    rebuilt = helper.make_graph(write.nodes, "mobilefacenet", [face], [vector], write.weights)
    model = helper.make_model(rebuilt, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


class _Writer:
    """Collects nodes and weights of the new graph; tensors are known by their numbers in the old one."""

    def __init__(self, source: Graph) -> None:
        self.old = source.weight
        self.names: dict[int, str] = {}
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self.rectified: dict[int, int] = {}
        self.slopes: dict[int, NDArray[np.float32]] = {}

    def weight(self, value: NDArray[np.float32], output: int, part: str) -> str:
        name = f"{part}_{output}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    def node(self, kind: str, inputs: list[str], output: int, **attributes: Any) -> None:
        self.names[output] = f"{kind}_{output}"
        self.nodes.append(helper.make_node(kind, inputs, [self.names[output]], **attributes))


def _rebuild(write: _Writer, operation: Operation) -> None:
    inputs, (output,) = operation.inputs, operation.outputs
    match Operator(operation.operator):
        case Operator.CONV | Operator.DEPTHWISE_CONV:
            _convolution(write, operation)
        case Operator.RELU:
            write.rectified[output] = inputs[0]
        case Operator.MUL:
            write.slopes[output] = 2 * write.old(inputs[0])
        case Operator.ADD if inputs[0] in write.rectified:
            slope = write.weight(write.slopes[inputs[1]].reshape(-1, 1, 1), output, "slope")
            write.node("PRelu", [write.names[write.rectified[inputs[0]]], slope], output)
        case Operator.ADD:
            write.node("Add", [write.names[tensor] for tensor in inputs], output)
        case Operator.RESHAPE:
            write.node("Flatten", [write.names[inputs[0]]], output)
        case Operator.ABS | Operator.SUB:
            pass  # parts of a parametric ReLU


def _convolution(write: _Writer, operation: Operation) -> None:
    (source, kernel, bias), (output,) = operation.inputs, operation.outputs
    is_depthwise = operation.operator == Operator.DEPTHWISE_CONV
    weights = write.old(kernel).transpose(DEPTHWISE_ORDER if is_depthwise else CONV_ORDER)
    write.node(
        "Conv",
        [write.names[source], write.weight(weights, output, "kernel"), write.weight(write.old(bias), output, "bias")],
        output,
        auto_pad="SAME_UPPER" if operation.pads else "VALID",
        group=len(weights) if is_depthwise else 1,
        strides=operation.strides,
    )
