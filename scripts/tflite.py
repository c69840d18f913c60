"""TensorFlow Lite files, read by the package `flatbuffers`: the parts of the schema that a graph of convolutions uses.

Fields are numbered as the schema lists them (tensorflow/compiler/mlir/lite/schema/schema.fbs).
"""

from collections.abc import Sequence

import numpy as np
from flatbuffers import number_types
from flatbuffers.encode import Get
from flatbuffers.table import Table
from numpy.typing import NDArray

MODEL_OPERATORS, MODEL_GRAPHS, MODEL_BUFFERS = 1, 2, 4
GRAPH_TENSORS, GRAPH_INPUTS, GRAPH_OPERATIONS = 0, 1, 3
TENSOR_SHAPE, TENSOR_BUFFER = 0, 2
OPERATION_OPERATOR, OPERATION_INPUTS, OPERATION_OUTPUTS, OPERATION_OPTIONS = 0, 1, 2, 4
OPTIONS_PADDING, OPTIONS_STRIDE_ACROSS, OPTIONS_STRIDE_DOWN = 0, 1, 2  # of a convolution, depthwise or not
OPERATOR_CODE, BUFFER_BYTES = 0, 0


class Operation:
    """operator: its number in the schema. inputs, outputs: numbers of tensors."""

    def __init__(self, row: Table, operators: Sequence[int]) -> None:
        self.operator = operators[_number(row, OPERATION_OPERATOR, number_types.Uint32Flags)]
        self.inputs, self.outputs = _numbers(row, OPERATION_INPUTS), _numbers(row, OPERATION_OUTPUTS)
        self._row = row

    @property
    def pads(self) -> bool:
        """Whether a convolution pads, so that the result is as large as its input divided by the stride."""
        return not _number(_table(self._row, OPERATION_OPTIONS), OPTIONS_PADDING, number_types.Int8Flags)

    @property
    def strides(self) -> list[int]:
        """Of a convolution: rows, columns."""
        options = _table(self._row, OPERATION_OPTIONS)
        return [_number(options, field) for field in (OPTIONS_STRIDE_DOWN, OPTIONS_STRIDE_ACROSS)]


class Graph:
    """The one graph of a file. inputs: numbers of tensors."""

    def __init__(self, content: bytes) -> None:
        model = Table(content, Get(number_types.UOffsetTFlags.packer_type, content, 0))
        (graph,) = _tables(model, MODEL_GRAPHS)
        self._tensors, self._buffers = _tables(graph, GRAPH_TENSORS), _tables(model, MODEL_BUFFERS)
        self.inputs = _numbers(graph, GRAPH_INPUTS)
        operators = [_number(one, OPERATOR_CODE, number_types.Int8Flags) for one in _tables(model, MODEL_OPERATORS)]
        self.operations = [Operation(row, operators) for row in _tables(graph, GRAPH_OPERATIONS)]

    def weight(self, tensor: int) -> NDArray[np.float32]:
        """A constant tensor of float32, in its shape."""
        row = self._tensors[tensor]
        buffer = self._buffers[_number(row, TENSOR_BUFFER, number_types.Uint32Flags)]
        values = _array(buffer, BUFFER_BYTES, number_types.Uint8Flags)
        return values.view("<f4").reshape(_numbers(row, TENSOR_SHAPE))


def _number(table: Table, field: int, kind: type = number_types.Int32Flags) -> int:
    """0 where absent, as the schema has it for all fields read here."""
    return int(table.GetSlot(_slot(field), 0, kind))


def _numbers(table: Table, field: int) -> list[int]:
    return [int(number) for number in _array(table, field, number_types.Int32Flags)]


def _array(table: Table, field: int, kind: type) -> NDArray[np.generic]:
    """Empty where absent."""
    at = table.Offset(_slot(field))
    return np.asarray(table.GetVectorAsNumpy(kind, at) if at else [])


def _table(table: Table, field: int) -> Table:
    return Table(table.Bytes, table.Indirect(table.Pos + table.Offset(_slot(field))))


def _tables(table: Table, field: int) -> list[Table]:
    at = table.Offset(_slot(field))
    first = table.Vector(at)
    return [Table(table.Bytes, table.Indirect(first + 4 * row)) for row in range(table.VectorLen(at))]


def _slot(field: int) -> int:
    """The entry of a field in its table's layout: two bytes each, after two sizes of two bytes."""
    return 4 + 2 * field
