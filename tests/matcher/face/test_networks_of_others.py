"""An operator's own networks, plugged in by the manifest alone: here small ones, made on the spot."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from matcher.decode import decode
from matcher.face import FaceExtractor
from matcher.face.embed import side_by_side
from matcher.networks import MODELS
from tests.captures import capture

SIDE = 112


def means_of_channels(side: int, outputs: int) -> bytes:
    """A network, NHWC, with weighted sums of the channels' means as outputs."""
    weights = np.random.default_rng(1).normal(size=(3, outputs)).astype(np.float32)
    axes = numpy_helper.from_array(np.array([1, 2]), "axes")
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["picture", "axes"], ["means"], keepdims=0),
            helper.make_node("MatMul", ["means", "weights"], ["answer"]),
        ],
        "small",
        [helper.make_tensor_value_info("picture", onnx.TensorProto.FLOAT, [1, side, side, 3])],
        [helper.make_tensor_value_info("answer", onnx.TensorProto.FLOAT, [1, outputs])],
        [axes, numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    content = model.SerializeToString()
    assert isinstance(content, bytes)
    return content


def plugged_in(folder: Path, kind: str, side: int, outputs: int) -> Path:
    """The project's models and one more."""
    content = means_of_channels(side, outputs)
    (folder / "own.onnx").write_bytes(content)
    (folder / "fetched").symlink_to(MODELS / "fetched")
    own = f"""
[[model]]
name = "own"
kind = "{kind}"
title = "the operator's own"
file = "own.onnx"
sha256 = "{hashlib.sha256(content).hexdigest()}"
licence = "none"
settings = {{ layout = "nhwc", colour = "bgr", mean = 127.5, scale = 0.0078125 }}
inputs = {{ picture = [1, {side}, {side}, 3] }}
outputs = {{ answer = [1, {outputs}] }}
"""
    (folder / "manifest.toml").write_text((MODELS / "manifest.toml").read_text() + own)
    return folder


def test_a_second_embedding_stands_beside_the_first(tmp_path: Path) -> None:
    alone, both = FaceExtractor(), FaceExtractor(plugged_in(tmp_path, "face_embedding", SIDE, 16))
    portrait = decode(capture("obama.jpg"))
    one, two = alone.extract(portrait)[0], both.extract(portrait)[0]
    assert both.dimension == alone.dimension + 16 == len(two)
    assert both.model != alone.model
    assert np.linalg.norm(two) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(two[: alone.dimension] * np.sqrt(2), one, atol=1e-6)


def test_cosine_of_vectors_side_by_side_is_the_mean() -> None:
    rng = np.random.default_rng(2)
    a, b, c, d = (rng.normal(size=size).astype(np.float32) for size in (8, 5, 8, 5))
    mean = (side_by_side([a]) @ side_by_side([c]) + side_by_side([b]) @ side_by_side([d])) / 2
    assert side_by_side([a, b]) @ side_by_side([c, d]) == pytest.approx(float(mean), abs=1e-6)


def test_a_liveness_network_adds_its_certainty_and_nothing_else(tmp_path: Path) -> None:
    alone, judged = FaceExtractor(), FaceExtractor(plugged_in(tmp_path, "pad", 80, 2))
    portrait = decode(capture("obama.jpg"))
    (vector, quality), (same, more) = alone.extract(portrait), judged.extract(portrait)
    np.testing.assert_array_equal(vector, same)
    assert judged.model == alone.model
    assert "liveness" not in quality.components
    assert 0 < more.components["liveness"] < 1
    assert more.score == quality.score
