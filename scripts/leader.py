"""LEADER rebuilt: the same weights and the same minutiae from less work.

As shipped (converted from TensorFlow) the graph spends half its time in 1,300 small nodes that emulate dilated
convolutions, layer normalisation and GELU. Here each is one node, and the algebra is done beforehand:

- of the three heads only the first, for position, needs the whole picture; those for direction and type need the
  surroundings of each minutia (9 × 9 pixels of half resolution);
- two linear layers in a row are one, and what works pixel by pixel comes before a doubling of the pixels, not after;
- a 5 × 5 convolution of doubled pixels is four 3 × 3 convolutions of the pixels themselves.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

Array = NDArray[np.float32]

EPSILON = 1e-3  # of every layer normalisation
REACH = 4  # half-resolution pixels each side of a minutia that its direction and type depend on
FINAL = {"pos": "Conv__3172", "dir": "head_conv_dir_1/BiasAdd", "typ": "Conv__3000"}
PLAIN, PIXELWISE = (0, 3, 1, 2), (0, 2, 3, 1)  # channels second, channels last


class Writer:
    """Collects nodes and weights of the new graph; finds weights of the old one by layer."""

    def __init__(self, source: ModelProto) -> None:
        arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in source.graph.initializer}
        self._source = {
            name: [arrays[given] for given in node.input if given in arrays]
            for node in source.graph.node
            for name in node.output
        }
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, np.ndarray] = {}

    def of(self, layer: str) -> list[Array]:
        """The constant inputs of the node that makes `layer` as shipped."""
        return self._source[f"{layer}:0"] if f"{layer}:0" in self._source else self._source[f"functional_1/{layer}:0"]

    def __call__(self, kind: str, *inputs: str | np.ndarray, **attributes: Any) -> str:
        """Add a node of one output; arrays among the inputs become weights. Returns the output's name."""
        name = f"{kind}_{len(self.nodes)}"
        given = [self._weight(value) if isinstance(value, np.ndarray) else value for value in inputs]
        domain = "com.microsoft" if kind == "FastGelu" else ""
        self.nodes.append(helper.make_node(kind, given, [name], name=name, domain=domain, **attributes))
        return name

    def _weight(self, value: np.ndarray) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights[name] = np.ascontiguousarray(value)
        return name


def rebuild_leader(source: ModelProto) -> ModelProto:
    """The network as shipped → one from an image to a list of minutiae.

    image: float32 (batch, 1, H, W), grey levels 0 to 255, H and W multiples of 32.
    least: float32 (1,), the quality a minutia must exceed.
    place: int64 (n, 4) of picture, 0, row, column.
    seen: float32 (n, 4) of quality, the direction's cosine and sine (anticlockwise, of any length), and the logit of
    being an ending.
    """
    write = Writer(source)
    features = _details(write, _context(write))
    quality = _suppress(write, _head(write, features, "0", "pos"))
    place = write("Transpose", write("NonZero", quality), perm=[1, 0])
    certainty = write("Unsqueeze", write("GatherND", quality, place), np.array([1]))
    surroundings = _surroundings(write, features, place)
    phase = _phase(write, place)
    direction = write("GatherND", _head(write, surroundings, "1", "dir"), phase, batch_dims=1)
    kind = write("GatherND", _head(write, surroundings, "2", "typ"), phase, batch_dims=1)
    seen = write("Concat", certainty, direction, kind, axis=1)
    return _model(write, place=place, seen=seen)


def _context(write: Writer) -> str:
    """The first U-Net, and the stem beside it: (batch, 64, H/2, W/2)."""
    value = write("MaxPool", _stem(write, "stem0"), kernel_shape=[2, 2], strides=[2, 2])
    skips = []
    for level in range(4):
        skips.append(_separable(write, value, f"enc0_{level}"))
        value = _pool(write, skips[-1])
    for level in (3, 2, 1, 0):
        value = _double(write, _separable(write, value, f"dec0_{level}"))
        value = write("Concat", value, skips[level], axis=1)
    looks = [_gelu(write, _convolve(write, value, f"attention_conv_d{d}_1", dilation=d)) for d in (1, 3, 6)]
    attention = write("Sigmoid", _pixelwise(write, write("Concat", *looks, axis=1), "attention_s_1"))
    fine = write("AveragePool", _stem(write, "stem1"), kernel_shape=[2, 2], strides=[2, 2])
    return write("Concat", write("Mul", value, attention), fine, axis=1)


def _details(write: Writer, value: str) -> str:
    """The second U-Net: (batch, 52, H/2, W/2)."""
    skips = []
    for level in range(4):
        skips.append(_bottleneck(write, value, f"enc1_{level}"))
        value = _pool(write, skips[-1])
    for level in (3, 2, 1, 0):
        value = _double(write, _bottleneck(write, value, f"dec1_{level}"))
        value = write("Concat", value, skips[level], axis=1)
    return value


def _stem(write: Writer, name: str) -> str:
    looks = [
        _convolve(write, "image", f"{name}_conv_1"),
        _convolve(write, "image", f"{name}_dilated_conv_1", dilation=2),
    ]
    return _gelu(write, _normalise(write, write("Concat", *looks, axis=1), f"{name}_ln_1"))


def _convolve(write: Writer, value: str, name: str, dilation: int = 1) -> str:
    if dilation == 1:
        kernel, bias = write.of(f"{name}/BiasAdd")
    else:
        (kernel,), (bias,) = write.of(f"{name}/convolution"), write.of(f"{name}/BiasAdd")
    pad = dilation * (kernel.shape[-1] // 2)
    return write("Conv", value, kernel, bias.ravel(), pads=[pad] * 4, dilations=[dilation] * 2)


def _pixelwise(write: Writer, value: str, name: str) -> str:
    return write("Conv", value, *write.of(f"{name}/BiasAdd"))


def _separable(write: Writer, value: str, name: str) -> str:
    (kernel,) = write.of(f"{name}_conv_1/separable_conv2d/depthwise")
    value = write("Conv", value, kernel, group=len(kernel), pads=[2] * 4)
    value = _pixelwise(write, value, f"{name}_conv_1")
    return _gelu(write, _normalise(write, value, f"{name}_ln_1"))


def _normalise(write: Writer, value: str, name: str) -> str:
    value = _normalise_last(write, write("Transpose", value, perm=PIXELWISE), name)
    return write("Transpose", value, perm=PLAIN)


def _normalise_last(write: Writer, value: str, name: str) -> str:
    (scale,), (shift,) = write.of(f"{name}/mul"), write.of(f"{name}/add_1")
    return write("LayerNormalization", value, scale.ravel(), shift.ravel(), axis=-1, epsilon=EPSILON)


def _gelu(write: Writer, value: str) -> str:
    return write("FastGelu", value)


def _pool(write: Writer, value: str) -> str:
    """Half the pixels: the first half of the channels by their maximum, the others by their mean."""
    name = f"halves_{len(write.nodes)}"
    halves = [f"{name}_0", f"{name}_1"]
    write.nodes.append(helper.make_node("Split", [value], halves, name=name, axis=1))
    most = write("MaxPool", halves[0], kernel_shape=[2, 2], strides=[2, 2])
    mean = write("AveragePool", halves[1], kernel_shape=[2, 2], strides=[2, 2])
    return write("Concat", most, mean, axis=1)


def _double(write: Writer, value: str) -> str:
    scales = np.array([1, 1, 2, 2], np.float32)
    attributes = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return write("Resize", value, "", scales, **attributes)


def _bottleneck(write: Writer, value: str, name: str, pad: int = 3) -> str:
    """ConvNeXt's block and the layer after it that sets the number of channels."""
    adjust, adjust_bias = write.of(f"{name}_conv_adj_1/BiasAdd")
    return _block(write, value, name, adjust[:, :, 0, 0], adjust_bias, pad=pad)


def _block(write: Writer, value: str, name: str, adjust: Array, bias: Array, *, pad: int) -> str:
    """adjust(value + reduce(gelu(expand(normalise(depthwise(value)))))), with adjust · reduce as one layer."""
    (kernel,) = write.of(f"{name}_depthwise_conv_1/depthwise")
    expand, expand_bias = write.of(f"{name}_conv_exp_1/BiasAdd")
    reduce, reduce_bias = write.of(f"{name}_conv_red_1/BiasAdd")
    wide = _depthwise(write, value, kernel, pad)
    wide = _normalise_last(write, write("Transpose", wide, perm=PIXELWISE), f"{name}_ln_1")
    wide = write("FastGelu", write("MatMul", wide, expand[:, :, 0, 0].T), expand_bias)
    change = write("MatMul", wide, _product(adjust, reduce[:, :, 0, 0]).T)
    if pad == 0:
        value = write("Slice", value, np.array([3, 3]), np.array([-3, -3]), np.array([2, 3]))
    kept = write("Conv", value, adjust[:, :, None, None], bias + _product(adjust, reduce_bias[:, None])[:, 0])
    return write("Add", kept, write("Transpose", change, perm=PLAIN))


def _depthwise(write: Writer, value: str, kernel: Array, pad: int) -> str:
    """Each channel with its own kernel. onnxruntime is up to five times as fast when eight divides the channels."""
    channels, spare = len(kernel), -len(kernel) % 8
    if spare:
        value = write("Pad", value, np.array([0] * 5 + [spare, 0, 0]))
        kernel = np.concatenate([kernel, np.zeros((spare, *kernel.shape[1:]), np.float32)])
    value = write("Conv", value, kernel, group=channels + spare, pads=[pad] * 4)
    return write("Slice", value, np.array([0]), np.array([channels]), np.array([1])) if spare else value


def _head(write: Writer, features: str, number: str, kind: str) -> str:
    """The whole picture → (batch, H, W) probabilities of position; surroundings (n, 52, 9, 9) → (n, 2, 2, outputs)."""
    whole = kind == "pos"
    name = f"head_{number}"
    first, first_bias = write.of(f"{name}_conv1_1/BiasAdd")
    adjust, adjust_bias = write.of(f"{name}_ibc_conv_adj_1/BiasAdd")
    first = first[:, :, 0, 0]
    both, both_bias = _product(first, adjust[:, :, 0, 0]), _product(first, adjust_bias[:, None])[:, 0] + first_bias
    value = _block(write, features, f"{name}_ibc", both, both_bias, pad=3 if whole else 0)
    value = _pixelwise(write, _normalise(write, value, f"{name}_ln_1"), f"{name}_conv2_1")
    kernel, bias = write.of(FINAL[kind])
    value = write("Conv", _gelu(write, value), _halved(kernel), np.repeat(bias, 4), pads=[int(whole)] * 4)
    if not whole:
        return write("Transpose", write("Reshape", value, np.array([-1, len(bias), 2, 2])), perm=[0, 2, 3, 1])
    return write("DepthToSpace", write("Sigmoid", value), blocksize=2)


def _halved(kernel: Array) -> Array:
    """Kernels (c, d, 5, 5) for doubled pixels → (4 c, d, 3, 3) for the pixels, four phases each, rows first."""
    halved = np.zeros((len(kernel), 2, 2, kernel.shape[1], 3, 3), np.float32)
    for phase, row, column in np.ndindex(4, 5, 5):
        down, right = divmod(phase, 2)
        halved[:, down, right, :, (down + row) // 2, (right + column) // 2] += kernel[:, :, row, column]
    return halved.reshape(-1, kernel.shape[1], 3, 3)


def _product(a: Array, b: Array) -> Array:
    """a @ b, the same to the last bit on every processor: exact products, summed in order in double precision."""
    total = np.zeros((len(a), b.shape[1]))
    for column, row in zip(a.T.astype(np.float64), b.astype(np.float64), strict=True):
        total += column[:, None] * row
    return total.astype(np.float32)


def _suppress(write: Writer, position: str) -> str:
    """Blurred probabilities (batch, 1, H, W), zero wherever there is a higher one within 3 pixels or it is too low."""
    (blur,) = write.of("nms_Gaussian_blur_1/convolution")
    smooth = write("Conv", position, blur, pads=[2] * 4)
    highest = write("Equal", smooth, write("MaxPool", smooth, kernel_shape=[7, 7], pads=[3] * 4))
    sure = write("And", highest, write("Greater", smooth, "least"))
    return write("Where", sure, smooth, np.zeros(1, np.float32))


def _surroundings(write: Writer, features: str, place: str) -> str:
    """What each minutia's direction and type depend on: (n, 52, 9, 9)."""
    side = 2 * REACH + 1
    steps = np.zeros((side, side, 3), np.int64)
    steps[:, :, 1], steps[:, :, 2] = np.mgrid[:side, :side]
    corner = write("Div", write("Gather", place, np.array([0, 2, 3]), axis=1), np.array([1, 2, 2]))
    where = write("Add", write("Unsqueeze", corner, np.array([1, 2])), steps)
    around = write("Pad", features, np.array([0, 0, REACH, REACH] * 2))
    found = write("GatherND", write("Transpose", around, perm=PIXELWISE), where)
    return write("Transpose", found, perm=PLAIN)


def _phase(write: Writer, place: str) -> str:
    """Which of the four pixels of half resolution each minutia is on: (n, 2) of 0 and 1."""
    return write("Mod", write("Gather", place, np.array([2, 3]), axis=1), np.array([2]))


def _model(write: Writer, place: str, seen: str) -> ModelProto:
    write.nodes += [helper.make_node("Identity", [place], ["place"]), helper.make_node("Identity", [seen], ["seen"])]
    inputs = [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, "height", "width"]),
        helper.make_tensor_value_info("least", TensorProto.FLOAT, [1]),
    ]
    outputs = [
        helper.make_tensor_value_info("place", TensorProto.INT64, ["minutiae", 4]),
        helper.make_tensor_value_info("seen", TensorProto.FLOAT, ["minutiae", 4]),
    ]
    weights = [numpy_helper.from_array(array, name) for name, array in write.weights.items()]
    graph = helper.make_graph(write.nodes, "leader", inputs, outputs, initializer=weights)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    return model
