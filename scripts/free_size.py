"""A face detector for pictures of any size."""

import onnx
from onnx import ModelProto


def free_size(model: ModelProto) -> ModelProto:
    """Let a fully convolutional detector take any height and width its strides divide.

    YuNet as shipped declares 640 × 640, which costs a picture of 250 × 250 seven times the work; its nodes need no
    fixed size.
    """
    height, width = model.graph.input[0].type.tensor_type.shape.dim[2:]
    height.dim_param, width.dim_param = "height", "width"
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"priors_{output.name.rpartition('_')[2]}"
    del model.graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
    return model
