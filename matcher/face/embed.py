"""An aligned face as a vector: by any ONNX network that the manifest describes, SFace by default.

The `settings` of a `face_embedding` in the manifest (defaults are for SFace, which has the normalisation in its graph):
colour = "rgb" or "bgr"; layout = "nchw" or "nhwc"; mean and scale: the network's input is (pixel - mean) * scale.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.networks import Network
from matcher.types import Pixels, Vector

DEFAULTS: Mapping[str, Any] = {"colour": "rgb", "layout": "nchw", "mean": 0.0, "scale": 1.0}


class Embedder:
    """One embedding network. dimension: length of its vector."""

    def __init__(self, network: Network) -> None:
        self._network = network
        ((self._input, _),) = network.entry.inputs.items()
        ((self._output, shape),) = network.entry.outputs.items()
        self.dimension = int(shape[-1])
        self._settings = {**DEFAULTS, **(network.entry.settings or {})}

    def embed(self, crop: Pixels) -> Vector:
        """The raw vector, float32 (dimension,), of an aligned RGB face (112, 112, 3). Its length measures quality.

        The mean of the face's vector and its mirror image's, which is the usual way to reduce noise.
        """
        return (self._run(crop) + self._run(crop[:, ::-1])) * np.float32(0.5)

    def _run(self, crop: Pixels) -> Vector:
        outputs = self._network(**{self._input: as_input(crop, self._settings)})
        return np.asarray(outputs[self._output][0], np.float32)


def side_by_side(raw: Sequence[Vector]) -> Vector:
    """One unit vector of several: the cosine of two such vectors is the mean of the networks' cosines."""
    units = [vector / np.linalg.norm(vector) for vector in raw]
    return np.asarray(np.concatenate(units) / np.sqrt(len(units)), np.float32)


def as_input(crop: Pixels, settings: Mapping[str, Any]) -> NDArray[np.float32]:
    """A batch of one RGB picture, as a network with these settings needs it."""
    channels = crop if settings["colour"] == "rgb" else crop[:, :, ::-1]
    blob = (channels.astype(np.float32) - settings["mean"]) * settings["scale"]
    if settings["layout"] == "nchw":
        blob = blob.transpose(2, 0, 1)
    return np.ascontiguousarray(blob[None], np.float32)
