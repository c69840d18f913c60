"""A print as one unit vector, for the first two stages of a search; minutiae decide afterwards."""

from pathlib import Path

import numpy as np

from matcher.finger.graph import neighbour_graph
from matcher.networks import MODELS, open_network
from matcher.types import Minutiae, Vector


class FingerVector:
    """The network of models/finger_vector.md. Calls may come from several threads at once.

    dimension: of the vectors. model: short hash of the network; vectors of different models are never compared.
    """

    def __init__(self, models: Path = MODELS, threads: int = 1) -> None:
        self._network = open_network("finger_vector", threads=threads, models=models)
        self.dimension = int(self._network.entry.outputs["vector"][0])
        self.model = self._network.entry.sha256[:12]

    def __call__(self, minutiae: Minutiae) -> Vector:
        """float32 (dimension,) of unit length; the inner product of two is their similarity.

        Any order of the minutiae, any rotation and any shift of the print give the same vector, up to rounding.
        Raises ValueError if there is no minutia.
        """
        if len(minutiae) == 0:
            raise ValueError("a print without minutiae has no vector")
        parts = (minutiae.x, minutiae.y, minutiae.direction, minutiae.quality)
        x, y, direction, quality = (part.astype(np.float32)[None] for part in parts)
        graph = neighbour_graph(x, y, direction, quality)
        return self._network(quality=graph.quality, neighbours=graph.neighbours, edges=graph.edges)["vector"]
