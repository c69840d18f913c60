"""An aligned face as a vector: any ONNX network the manifest describes, SFace by default.

What the manifest's `settings` say of a `face_embedding` (defaults are SFace's, whose normalisation is in its graph):
colour = "rgb" or "bgr"; layout = "nchw" or "nhwc"; mean and scale: the network is given (pixel - mean) * scale.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

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
        """The raw vector, float32 (dimension,), of an aligned RGB face (112, 112, 3). Its length tells of quality.

        The mean over the face and its mirror image, the usual way to lose some of the noise.
        """
        return (self._run(crop) + self._run(crop[:, ::-1])) * np.float32(0.5)

    def _run(self, crop: Pixels) -> Vector:
        channels = crop if self._settings["colour"] == "rgb" else crop[:, :, ::-1]
        blob = (channels.astype(np.float32) - self._settings["mean"]) * self._settings["scale"]
        if self._settings["layout"] == "nchw":
            blob = blob.transpose(2, 0, 1)
        outputs = self._network(**{self._input: np.ascontiguousarray(blob[None], np.float32)})
        return np.asarray(outputs[self._output][0], np.float32)
