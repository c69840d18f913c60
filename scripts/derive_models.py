"""Recipes that turn a network's file as shipped into the one we load. Same input and versions, same bytes."""

from collections.abc import Callable

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from scripts.leader import rebuild_leader
from scripts.mobilefacenet import rebuild_mobilefacenet

Recipe = Callable[[bytes], ModelProto]


def fold_constants(model: ModelProto) -> ModelProto:
    """Evaluate every node whose inputs are all constant, and drop graph inputs that only restate weights.

    SFace as shipped carries block-wise quantised weights that onnxruntime does not load; what remains after folding
    is the plain float32 network.
    """
    graph = model.graph
    known = {tensor.name for tensor in graph.initializer}
    constant: list[NodeProto] = []
    for node in graph.node:  # the format promises topological order
        if all(name in known for name in node.input if name):
            constant.append(node)
            known.update(node.output)
    live = [node for node in graph.node if node not in constant]
    wanted = {name for node in live for name in node.input} & {name for n in constant for name in n.output}
    folded = _evaluate(model, constant, sorted(wanted))

    used = {name for node in live for name in node.input}
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    weights += [numpy_helper.from_array(array, name) for name, array in folded.items()]
    given = {tensor.name for tensor in graph.initializer} | known
    inputs = [value for value in graph.input if value.name in used and value.name not in given]
    plain = helper.make_graph(live, graph.name, inputs, list(graph.output), initializer=weights)
    result = helper.make_model(plain, opset_imports=list(model.opset_import), ir_version=max(model.ir_version, 7))
    onnx.checker.check_model(result, full_check=True)
    return result


def _evaluate(model: ModelProto, nodes: list[NodeProto], outputs: list[str]) -> dict[str, np.ndarray]:
    values = [helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in outputs]
    part = helper.make_graph(nodes, "constant", [], values, initializer=list(model.graph.initializer))
    runner = ReferenceEvaluator(helper.make_model(part, opset_imports=list(model.opset_import)))
    return dict(zip(outputs, runner.run(None, {}), strict=True))


def free_size(model: ModelProto) -> ModelProto:
    """Let a fully convolutional detector take any height and width its strides divide.

    YuNet as shipped declares 640 × 640, which a picture of 250 × 250 pays for sevenfold; its nodes need no fixed size.
    """
    height, width = model.graph.input[0].type.tensor_type.shape.dim[2:]
    height.dim_param, width.dim_param = "height", "width"
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"priors_{output.name.rpartition('_')[2]}"
    del model.graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
    return model


def spell_out_prelu(model: ModelProto) -> ModelProto:
    """Write each parametric ReLU as relu(x) + slope · min(x, 0): the same numbers to the last bit, sooner.

    One of the two terms is always zero, so nothing is rounded anew. onnxruntime 1.31 spends half of SFace's time in its
    PRelu, four times what these four nodes take.
    """
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        nodes += _spelled_out(node) if node.op_type == "PRelu" else [node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.append(numpy_helper.from_array(np.array(0, np.float32), "zero"))
    onnx.checker.check_model(model, full_check=True)
    return model


def _spelled_out(node: NodeProto) -> list[NodeProto]:
    (source, slope), (result,) = node.input, node.output
    above, below, scaled = (f"{result}_{part}" for part in ("above", "below", "scaled"))
    return [
        helper.make_node("Relu", [source], [above]),
        helper.make_node("Min", [source, "zero"], [below]),
        helper.make_node("Mul", [below, slope], [scaled]),
        helper.make_node("Add", [above, scaled], [result]),
    ]


def _of_onnx(change: Callable[[ModelProto], ModelProto]) -> Recipe:
    return lambda content: change(onnx.load_model_from_string(content))


RECIPES: dict[str, Recipe] = {
    "quick_sface": _of_onnx(lambda model: spell_out_prelu(fold_constants(model))),
    "free_size": _of_onnx(free_size),
    "rebuild_leader": _of_onnx(rebuild_leader),
    "rebuild_mobilefacenet": lambda content: spell_out_prelu(rebuild_mobilefacenet(content)),
}
