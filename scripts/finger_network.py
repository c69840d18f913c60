"""The network behind `matcher.finger.vector`: a print's graph of minutiae to one unit vector.

The first layer reads a histogram of the neighbours over distance, bearing and rotation, as a minutia cylinder does, but
in circular harmonics; further layers pass messages along the edges; a soft assignment of the minutiae to clusters
(NetVLAD, Arandjelović et al., 2016) gathers them, whatever their order.
"""

import torch
from torch import Tensor, nn

RADII, REACH = 6, 1.14  # bells over distance, in hundreds of pixels
BEARINGS, ROTATIONS = 5, 2  # harmonics
WIDTH, VALUES, GATES = 96, 24, 12
CLUSTERS, DEPTH = 64, 64
SEEN = RADII * (2 * BEARINGS + 1) * (2 * ROTATIONS + 1)


class FingerNetwork(nn.Module):
    """dimension: of the vector. layers: of messages between neighbours."""

    def __init__(self, dimension: int = 256, layers: int = 2) -> None:
        super().__init__()
        self.read = nn.Sequential(
            nn.BatchNorm1d(SEEN + 1), nn.Linear(SEEN + 1, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH)
        )
        self.layers = nn.ModuleList(_Messages() for _ in range(layers))
        self.last = nn.LayerNorm(WIDTH)
        self.local = nn.Linear(WIDTH, DEPTH)
        self.assign = nn.Linear(DEPTH, CLUSTERS)
        self.weight = nn.Linear(WIDTH, 1)
        self.out = nn.Linear(CLUSTERS * DEPTH, dimension)

    def minutiae(self, quality: Tensor, neighbours: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        """A unit vector of each of n minutiae and its surroundings, (n, DEPTH), and its weight (n, 1).

        Shapes as in `Graph`.
        """
        seen, along = _surroundings(quality, neighbours, edges)
        nodes = self.read(seen)
        for layer in self.layers:
            nodes = layer(nodes, neighbours, along, edges[..., 5:])
        nodes = self.last(nodes)
        return nn.functional.normalize(self.local(nodes), dim=1), torch.sigmoid(self.weight(nodes))

    def forward(self, quality: Tensor, neighbours: Tensor, edges: Tensor) -> Tensor:
        """The vector (dimension,) of one print."""
        values, weight = self.minutiae(quality, neighbours, edges)
        share = torch.softmax(self.assign(values), 1) * weight
        return self.project(_levelled((share.transpose(0, 1) @ values)[None]))[0]

    def gathered(self, values: Tensor, weight: Tensor, filled: Tensor) -> Tensor:
        """The clusters' sums per print, (b, CLUSTERS * DEPTH), from `minutiae` of many prints, one after the other.

        filled: bool (b, slots).
        """
        share = torch.softmax(self.assign(values), 1) * weight
        shares = share.new_zeros(*filled.shape, CLUSTERS)
        spread = values.new_zeros(*filled.shape, DEPTH)
        shares[filled] = share
        spread[filled] = values
        return _levelled(torch.bmm(shares.transpose(1, 2), spread))

    def project(self, gathered: Tensor) -> Tensor:
        """Unit vectors (b, dimension)."""
        return nn.functional.normalize(self.out(gathered), dim=1)


def _levelled(gathered: Tensor) -> Tensor:
    """Crowded clusters (b, CLUSTERS, DEPTH) damped, then all (b, CLUSTERS * DEPTH) at a mean square of 1."""
    damped = gathered / (gathered.norm(dim=2, keepdim=True) + 0.05).sqrt()
    return nn.functional.normalize(damped.flatten(1), dim=1) * (CLUSTERS * DEPTH) ** 0.5


class _Messages(nn.Module):
    """Each minutia receives its neighbours' values through gates that depend on their relative position."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.gates = nn.Sequential(nn.Linear(RADII + 10, 24), nn.ReLU(), nn.Linear(24, GATES))
        self.values = nn.Linear(WIDTH, VALUES)
        self.hear = nn.Linear(GATES * VALUES, WIDTH)
        self.keep = nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, nodes: Tensor, neighbours: Tensor, along: Tensor, there: Tensor) -> Tensor:
        calm = self.norm(nodes)
        gates = self.gates(along) * there
        heard = torch.bmm(gates.transpose(1, 2), self.values(calm)[neighbours]).flatten(1)
        result: Tensor = nodes + self.out(torch.relu(self.keep(calm) + 0.25 * self.hear(heard)))
        return result


def _surroundings(quality: Tensor, neighbours: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
    """The histogram of each minutia's neighbours, weighed by their quality, (n, SEEN + 1), and of each edge
    (n, k, RADII + 10) the input of the gates."""
    radial = _bells(edges[..., 0]) * edges[..., 5:]
    bearing = _harmonics(edges[..., 1], edges[..., 2], BEARINGS)
    rotation = _harmonics(edges[..., 3], edges[..., 4], ROTATIONS)
    angular = (bearing[..., None] * rotation[..., None, :]).flatten(2)
    seen = torch.bmm((radial * quality[neighbours][..., None]).transpose(1, 2), angular).flatten(1)
    back_cosine = edges[..., 1] * edges[..., 3] + edges[..., 2] * edges[..., 4]
    back_sine = edges[..., 1] * edges[..., 4] - edges[..., 2] * edges[..., 3]
    back = torch.stack([back_cosine, back_sine], -1)
    return torch.cat([seen, quality[:, None]], 1), torch.cat([radial, bearing[..., 1:5], rotation[..., 1:], back], -1)


def _bells(distance: Tensor) -> Tensor:
    """Overlapping bells over distance: (n, k) to (n, k, RADII)."""
    step = REACH / RADII
    centres = torch.arange(RADII, dtype=distance.dtype, device=distance.device) * step + 0.08
    return torch.exp(-(((distance[..., None] - centres) / step) ** 2))


def _harmonics(cosine: Tensor, sine: Tensor, count: int) -> Tensor:
    """1, cos, sin, cos 2, sin 2, … of an angle given by cosine and sine: (…) to (…, 2 count + 1)."""
    parts, now = [torch.ones_like(cosine)], (cosine, sine)
    for _ in range(count):
        parts += now
        now = now[0] * cosine - now[1] * sine, now[1] * cosine + now[0] * sine
    return torch.stack(parts, -1)
