"""Presentation attack detection (ISO/IEC 30107-3) by networks that the operator adds to the manifest; none is shipped.

The `settings` of a `pad` network in the manifest are those of embed.py, and
margin: side of the square that the network sees, in longer sides of the face (default 2.0);
live: index of the class "bona fide" among the outputs, which are logits of a softmax (default 0).
"""

import numpy as np

from matcher.face.align import resampled
from matcher.face.embed import DEFAULTS, as_input
from matcher.face.yunet import Face
from matcher.networks import Network
from matcher.types import Pixels


class Liveness:
    """One such network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._settings = {**DEFAULTS, "margin": 2.0, "live": 0, **(network.entry.settings or {})}
        ((self._input, shape),) = network.entry.inputs.items()
        ((self._output, _),) = network.entry.outputs.items()
        self._side = int(shape[2] if self._settings["layout"] == "nchw" else shape[1])

    def judge(self, pixels: Pixels, face: Face) -> float:
        """The network's certainty, 0 to 1, that the face in this RGB picture is a living person's."""
        scale = self._settings["margin"] * float(face.size.max()) / self._side
        matrix = np.eye(2) * scale
        view = resampled(pixels, matrix, face.centre - matrix @ np.full(2, self._side / 2), self._side)
        logits = self._network(**{self._input: as_input(view, self._settings)})[self._output].ravel()
        powers = np.exp(logits - logits.max())
        return float(powers[self._settings["live"]] / powers.sum())
