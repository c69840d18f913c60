"""What the recipes do to a network must not show in its numbers."""

import numpy as np
import onnx
import onnxruntime as ort
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from onnx import ModelProto, helper, numpy_helper

from scripts.spell_out_prelu import spell_out_prelu

CHANNELS = 3
FLOATS = st.floats(-1e6, 1e6, width=32)


def prelu(slope: np.ndarray) -> ModelProto:
    shape: list[str | int | None] = ["batch", CHANNELS, 2, 2]
    graph = helper.make_graph(
        [helper.make_node("PRelu", ["x", "slope"], ["y"])],
        "prelu",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(slope, "slope")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@given(
    arrays.arrays(np.float32, (2, CHANNELS, 2, 2), elements=FLOATS),
    arrays.arrays(np.float32, (CHANNELS, 1, 1), elements=FLOATS),
)
def test_a_prelu_spelled_out_gives_the_same_numbers(x: np.ndarray, slope: np.ndarray) -> None:
    spelled = spell_out_prelu(prelu(slope))
    assert "PRelu" not in {node.op_type for node in spelled.graph.node}
    session = ort.InferenceSession(spelled.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(None, {"x": x})[0], np.where(x > 0, x, slope * x))
