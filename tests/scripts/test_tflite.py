"""Files of TensorFlow Lite written here by the same package, field by field."""

import flatbuffers
import numpy as np

from scripts.mobilefacenet import Operator
from scripts.tflite import Graph


def vector(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def table(builder: flatbuffers.Builder, offsets: dict[int, int], numbers: dict[int, int] | None = None) -> int:
    """Numbers are int32 at their fields; offsets are to what was written before."""
    builder.StartObject(6)
    for field, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(field, offset, 0)
    for field, number in (numbers or {}).items():
        builder.PrependInt32Slot(field, number, 0)
    return int(builder.EndObject())


def one_convolution(weights: np.ndarray, strides: tuple[int, int]) -> bytes:
    """Tensor 0 is the input, 1 the weights, 2 the output."""
    builder = flatbuffers.Builder(0)
    down, across = strides
    content = builder.CreateNumpyVector(weights.view(np.uint8).ravel())
    buffers = [table(builder, {}), table(builder, {0: content})]
    shape = builder.CreateNumpyVector(np.array(weights.shape, np.int32))
    tensors = [table(builder, {}), table(builder, {0: shape}, {2: 1}), table(builder, {})]
    options = table(builder, {}, {1: across, 2: down})
    inputs, outputs = (builder.CreateNumpyVector(np.array(some, np.int32)) for some in ([0, 1], [2]))
    convolution = table(builder, {1: inputs, 2: outputs, 4: options})
    plain = table(builder, {1: outputs, 2: outputs}, {0: 1})
    rows, operations = vector(builder, tensors), vector(builder, [convolution, plain])
    graph = table(builder, {0: rows, 1: inputs, 3: operations})
    operators = vector(builder, [table(builder, {}, {0: code}) for code in (Operator.CONV, Operator.RELU)])
    graphs, kept = vector(builder, [graph]), vector(builder, buffers)
    builder.Finish(table(builder, {1: operators, 2: graphs, 4: kept}))
    return bytes(builder.Output())


def test_a_graph_is_read_as_it_was_written() -> None:
    weights = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    graph = Graph(one_convolution(weights, strides=(2, 1)))
    convolution, relu = graph.operations
    assert graph.inputs == [0, 1]
    assert (convolution.operator, convolution.inputs, convolution.outputs) == (Operator.CONV, [0, 1], [2])
    assert (convolution.pads, convolution.strides) == (True, [2, 1])
    assert (relu.operator, relu.inputs, relu.outputs) == (Operator.RELU, [2], [2])
    np.testing.assert_array_equal(graph.weight(1), weights)
