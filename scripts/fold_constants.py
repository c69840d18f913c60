"""A network without the nodes whose results never change."""

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator


def fold_constants(model: ModelProto) -> ModelProto:
    """Evaluate every node whose inputs are all constant, and drop graph inputs that only restate weights.

    SFace as shipped carries block-wise quantised weights that onnxruntime does not load; what remains after folding
    is the plain float32 network.
    """
    constant, live = _by_kind(model.graph)
    read = {name for node in live for name in node.input}
    made = {name for node in constant for name in node.output}
    folded = _evaluate(model, constant, sorted(read & made))
    weights = [tensor for tensor in model.graph.initializer if tensor.name in read]
    weights += [numpy_helper.from_array(array, name) for name, array in folded.items()]
    inputs = [value for value in model.graph.input if value.name in read - made - _weights(model.graph)]
    plain = helper.make_graph(live, model.graph.name, inputs, list(model.graph.output), initializer=weights)
    result = helper.make_model(plain, opset_imports=list(model.opset_import), ir_version=max(model.ir_version, 7))
    onnx.checker.check_model(result, full_check=True)
    return result


def _by_kind(graph: GraphProto) -> tuple[list[NodeProto], list[NodeProto]]:
    """Nodes whose inputs are all constant, and the others."""
    known = _weights(graph)
    constant, live = [], []
    for node in graph.node:  # the format promises topological order
        if all(name in known for name in node.input if name):
            constant.append(node)
            known.update(node.output)
        else:
            live.append(node)
    return constant, live


def _weights(graph: GraphProto) -> set[str]:
    return {tensor.name for tensor in graph.initializer}


def _evaluate(model: ModelProto, nodes: list[NodeProto], outputs: list[str]) -> dict[str, np.ndarray]:
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in outputs]
    part = helper.make_graph(nodes, "constant", [], values, initializer=list(model.graph.initializer))
    runner = ReferenceEvaluator(helper.make_model(part, opset_imports=list(model.opset_import)))
    return dict(zip(outputs, runner.run(None, {}), strict=True))
