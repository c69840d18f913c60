"""Train models/finger_vector.onnx on synthetic impressions of synthetic fingers; no print is needed.

    python -m scripts.train_finger_vector

PyTorch is needed beside the project (`pip install torch==2.13.0`). The same seed draws the same data.
"""

import csv
import math
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.linalg import eigh
from torch import Tensor

from matcher.finger.graph import Graph, neighbour_graph
from matcher.networks import MODELS
from scripts.finger_network import CLUSTERS, FingerNetwork
from scripts.synthetic_minutiae import MASTER_SLOTS, Masters, Prints, Sensor, draw_masters, draw_prints

LOCAL_SCALE = 16.0
WHOLE_SCALE, MARGIN = 18.0, 0.1
SHARPNESS = 14.0
DRAWN_PER_KEPT = 6
"""Of so many fingers drawn, a batch holds the one in six whose ridge flow is most similar to the first one's."""
Row = dict[str, float]


@dataclass(frozen=True, slots=True)
class Batch:
    """Two impressions of each of b fingers: first all first ones, then all second ones.

    mated: int64 (2, m), rows of the graph that are one minutia in both impressions.
    """

    graph: Graph
    mated: NDArray[np.int64]
    filled: NDArray[np.bool_]


class Batches(torch.utils.data.IterableDataset[Batch]):
    """Endless batches of `size` fingers out of `count`, drawn from `seed`.

    Those of one batch have similar ridge flow and come from one sensor, or two: fingers that are easy to separate teach
    nothing.
    """

    def __init__(self, count: int, size: int, seed: int, start: int = 0) -> None:
        self.count, self.size, self.seed, self.start = count, size, seed, start

    def __iter__(self) -> Iterator[Batch]:
        masters = draw_masters(self.count, np.random.default_rng(self.seed))
        flow = coarse_flow(masters)
        step = self.start
        while True:
            rng = np.random.default_rng((self.seed, step))
            some = rng.choice(self.count, DRAWN_PER_KEPT * self.size, replace=False)
            far = ((flow[some] - flow[some[0]]) ** 2).sum(1)
            rows = some[np.argsort(far)[: self.size]]
            chosen = masters[rows].mirrored(np.full(self.size, rng.random() < 0.5))
            sensor = Sensor(rng)
            other = sensor if rng.random() < 0.5 else Sensor(rng)
            impressions = [draw_prints(chosen, rng, sensor), draw_prints(chosen, rng, other)]
            graph, filled = as_graph(impressions)
            yield Batch(graph, mated_rows(impressions), filled)
            step += 1


def coarse_flow(masters: Masters) -> NDArray[np.float64]:
    """The usual ridge direction in each ninth of the pad, as cosine and sine of twice the angle: (n, 18)."""
    across = np.clip(((masters.x / masters.half_width + 1) * 1.5).astype(int), 0, 2)
    down = np.clip(((masters.y / masters.half_height + 1) * 1.5).astype(int), 0, 2)
    ninth, finger = 3 * down + across, np.arange(len(masters))[:, None]
    there = (masters.reliability > 0).astype(float)
    sums = np.zeros((len(masters), 9, 3))
    for column, values in enumerate((np.cos(2 * masters.direction), np.sin(2 * masters.direction), 1.0)):
        np.add.at(sums[..., column], (finger, ninth), values * there)
    return (sums[..., :2] / np.maximum(sums[..., 2:], 1)).reshape(len(masters), 18)


def as_graph(impressions: list[Prints]) -> tuple[Graph, NDArray[np.bool_]]:
    """One graph of all prints, and where their minutiae lie: bool (prints, slots)."""
    x, y, direction, quality = (
        np.concatenate([getattr(p, name) for p in impressions]) for name in ("x", "y", "direction", "quality")
    )
    filled = quality > 0
    used = max(int(filled.sum(1).max()), 1)
    filled = filled[:, :used]
    return neighbour_graph(x[:, :used], y[:, :used], direction[:, :used], quality[:, :used], filled), filled


def mated_rows(impressions: list[Prints]) -> NDArray[np.int64]:
    """Rows of `as_graph`'s graph that are the same minutia of the same finger, (2, m), for two impressions."""
    keys = [(np.arange(len(p.x))[:, None] * 1000 + p.minutia)[p.filled] for p in impressions]
    true = [key % 1000 < MASTER_SLOTS for key in keys]
    _, first, second = np.intersect1d(keys[0][true[0]], keys[1][true[1]], return_indices=True)
    return np.stack([np.flatnonzero(true[0])[first], np.flatnonzero(true[1])[second] + len(keys[0])])


def whole_loss(vectors: Tensor) -> Tensor:
    """Separates each print from those of all other fingers in the batch, by a margin.

    vectors: first impressions, then second ones.

    Vectors of earlier batches as further non-mated prints were tried: all vectors moved away from them together.
    """
    b = len(vectors) // 2
    mated = (vectors * vectors.roll(b, 0)).sum(1)
    finger = torch.arange(b).repeat(2)
    others = (vectors @ vectors.T).masked_fill(finger[:, None] == finger, -math.inf)
    logits = torch.cat([(mated - MARGIN)[:, None], others], 1) * WHOLE_SCALE
    return torch.nn.functional.cross_entropy(logits, torch.zeros(2 * b, dtype=torch.long))


def local_loss(values: Tensor, mated: Tensor) -> Tensor:
    """Separates each minutia from all others by its surroundings alone, those of its own finger included."""
    first, second = values[mated[0]], values[mated[1]]
    logits = LOCAL_SCALE * first @ second.T
    target = torch.arange(len(first))
    return (torch.nn.functional.cross_entropy(logits, target) + torch.nn.functional.cross_entropy(logits.T, target)) / 2


def minutiae_of(network: FingerNetwork, graph: Graph) -> tuple[Tensor, Tensor]:
    return network.minutiae(*map(torch.from_numpy, (graph.quality, graph.neighbours, graph.edges)))


def gathered_of(network: FingerNetwork, graph: Graph, filled: NDArray[np.bool_]) -> Tensor:
    return network.gathered(*minutiae_of(network, graph), torch.from_numpy(filled))


def vectors_of(network: FingerNetwork, graph: Graph, filled: NDArray[np.bool_]) -> Tensor:
    return network.project(gathered_of(network, graph, filled))


def fit_clusters(network: FingerNetwork, seed: int) -> None:
    """Put the soft assignment's clusters where minutiae gather (k-means)."""
    rng = np.random.default_rng(seed)
    with torch.inference_mode():
        graph, _ = as_graph([draw_prints(draw_masters(400, rng), rng)])
        values = minutiae_of(network.eval(), graph)[0].numpy()
    centres, _ = kmeans2(values, CLUSTERS, minit="++", iter=10, rng=rng)
    with torch.no_grad():
        network.assign.weight.copy_(torch.from_numpy(SHARPNESS * centres))
        network.assign.bias.zero_()
        network.weight.weight.zero_()
        network.weight.bias.zero_()
    network.train()


def fit_projection(network: FingerNetwork, fingers: int, seed: int) -> None:
    """Set the last layer to the linear discriminants of `fingers` fresh fingers.

    Gradients find them too, a thousand times slower: what all prints share outweighs by far what separates them.
    """
    rng = np.random.default_rng(seed)
    pairs = []
    network.eval()
    for _ in range(0, fingers, 200):
        masters = draw_masters(200, rng)
        with torch.inference_mode():
            pairs.append(gathered_of(network, *as_graph([draw_prints(masters, rng) for _ in range(2)])).numpy())
    network.train()
    first, second = (np.concatenate([pair[half] for pair in pairs]) for half in (slice(200), slice(200, None)))
    both = np.concatenate([first, second])
    within = np.cov((first - second).T) / 2
    between = np.cov(both.T) - within
    size, dimension = len(within), network.out.out_features
    within += 0.1 * np.trace(within) / size * np.eye(size)
    _, axes = eigh(between, within, subset_by_index=[size - dimension, size - 1])
    weight = torch.from_numpy(axes.T.astype(np.float32)) * np.float32(1 / np.std((both - both.mean(0)) @ axes))
    with torch.no_grad():
        network.out.weight.copy_(weight)
        network.out.bias.copy_(-weight @ torch.from_numpy(both.mean(0)))


def mated_score_errors(network: FingerNetwork, fingers: int, seed: int) -> tuple[float, float]:
    """Equal error rate and mean rank-1 rate of fresh fingers, one impression against all others' second ones."""
    rng = np.random.default_rng(seed)
    masters = draw_masters(fingers, rng)
    with torch.inference_mode():
        graph, filled = as_graph([draw_prints(masters, rng) for _ in range(2)])
        first, second = vectors_of(network, graph, filled).split(fingers)
        scores = (first @ second.T).numpy()
    mated = scores.diagonal()
    others = scores[~np.eye(fingers, dtype=bool)]
    return equal_error_rate(mated, others), float((mated >= scores.max(1)).mean())


def equal_error_rate(mated: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """Where FNMR and FMR cross, the mean of the two at the nearest threshold."""
    thresholds = np.sort(mated)
    fnmr = np.arange(len(mated)) / len(mated)
    fmr = 1 - np.searchsorted(np.sort(others), thresholds) / len(others)
    at = int(np.argmin(np.abs(fnmr - fmr)))
    return float(fnmr[at] + fmr[at]) / 2


@dataclass(frozen=True, slots=True)
class Schedule:
    """apart: steps for minutiae alone, at `rate`. rounds: steps for minutiae and whole prints; each round begins with
    a newly fitted last layer, at `fine_rate` and ever slower."""

    apart: int
    rounds: tuple[int, ...]
    rate: float
    fine_rate: float

    @property
    def starts(self) -> list[int]:
        """The first step of each round, and the end of all."""
        return [self.apart + sum(self.rounds[:count]) for count in range(len(self.rounds) + 1)]

    def at(self, step: int) -> float:
        """The learning rate of a step."""
        if step < self.apart:
            return self.rate * min((step + 1) / 60, 1.0)
        start = max(first for first in self.starts if first <= step)
        length = self.rounds[self.starts.index(start)]
        return (
            self.fine_rate * min((step - start + 1) / 20, 1.0) * 0.5 * (1 + math.cos(math.pi * (step - start) / length))
        )


def train(network: FingerNetwork, batches: Iterator[Batch], schedule: Schedule, work: Path, seed: int) -> None:
    """Train in place: first each minutia, then what the clusters gather of whole prints.

    Resumes from `work`'s checkpoint and adds to its learning curve.
    """
    optimiser = _optimiser(network)
    start, spent = _resume(network, optimiser, work)
    began = time.perf_counter() - spent
    running: list[tuple[float, float]] = []
    *rounds, end = schedule.starts
    for step, batch in zip(range(start, end), batches, strict=False):
        if step == schedule.apart:
            fit_clusters(network, seed + 2)
        if step in rounds:
            fit_projection(network, 6000, seed + 3 + rounds.index(step))
            optimiser = _optimiser(network)
        network.train()
        network.read[0].train(step < schedule.apart)  # the projection was fitted to the standing statistics
        running.append(_step(network, optimiser, batch, schedule.at(step), step >= schedule.apart))
        if (step + 1) % 100 == 0 or step + 1 == end:
            row = _judge(network, step + 1, time.perf_counter() - began, running, seed)
            _keep(network, optimiser, work, row)
            running.clear()


def _step(
    network: FingerNetwork, optimiser: torch.optim.Optimizer, batch: Batch, rate: float, together: bool
) -> tuple[float, float]:
    """The losses of the prints (0 while minutiae learn alone) and of the minutiae."""
    for group in optimiser.param_groups:
        group["lr"] = group["share"] * rate
    values, weight = minutiae_of(network, batch.graph)
    local = loss = local_loss(values, torch.from_numpy(batch.mated))
    whole = torch.zeros(())
    if together:
        whole = whole_loss(network.project(network.gathered(values, weight, torch.from_numpy(batch.filled))))
        loss = 0.5 * local + whole
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return float(whole), float(local)


def _optimiser(network: FingerNetwork) -> torch.optim.Optimizer:
    """The last layer learns slower: it sums 4,096 inputs that go together, so small steps of each make a large one."""
    last = {id(weight) for weight in network.out.parameters()}
    rest = [weight for weight in network.parameters() if id(weight) not in last]
    groups = [{"params": rest, "share": 1.0}, {"params": list(network.out.parameters()), "share": 0.05}]
    return torch.optim.AdamW(groups, weight_decay=0.01)


def _judge(network: FingerNetwork, step: int, seconds: float, running: list[tuple[float, float]], seed: int) -> Row:
    eer, first = mated_score_errors(network.eval(), 500, seed + 1)
    network.train()
    loss, local = np.mean(running, axis=0)
    row = {"step": step, "minutes": seconds / 60, "loss": loss, "local_loss": local, "eer": eer, "rank1_of_500": first}
    print("  ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
    return row


def _keep(network: FingerNetwork, optimiser: torch.optim.Optimizer, work: Path, row: Row) -> None:
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "row": row}
    torch.save(state, work / "checkpoint.new")
    (work / "checkpoint.new").replace(work / "checkpoint.pt")
    curve = work / "curve.csv"
    fresh = not curve.exists()
    with curve.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if fresh:
            writer.writeheader()
        writer.writerow({name: f"{value:.5g}" for name, value in row.items()})


def _steps_done(work: Path) -> int:
    path = work / "checkpoint.pt"
    return int(torch.load(path, weights_only=False)["row"]["step"]) if path.exists() else 0


def _resume(network: FingerNetwork, optimiser: torch.optim.Optimizer, work: Path) -> tuple[int, float]:
    """Steps done and seconds spent."""
    path = work / "checkpoint.pt"
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, weights_only=False)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["row"]["step"]), float(state["row"]["minutes"]) * 60


def export(network: FingerNetwork, path: Path) -> None:
    """Write the network for one print of any number of minutiae."""
    graph, _ = as_graph([draw_prints(draw_masters(1, rng := np.random.default_rng(0)), rng)])
    names = ["quality", "neighbours", "edges"]
    inputs = tuple(map(torch.from_numpy, (graph.quality, graph.neighbours, graph.edges)))
    torch.onnx.export(
        network.eval(), inputs, path, input_names=names, output_names=["vector"],
        dynamic_axes={name: {0: "minutiae"} for name in names}, dynamo=False,
    )  # fmt: skip


def main() -> None:
    cli = ArgumentParser(description=__doc__.splitlines()[0], formatter_class=ArgumentDefaultsHelpFormatter)
    cli.add_argument("--apart", type=int, default=700, help="steps for minutiae alone")
    cli.add_argument("--rounds", type=int, nargs="+", default=[600, 500, 400], help="steps for all together")
    cli.add_argument("--fingers", type=int, default=16_000, help="fingers from which batches are drawn")
    cli.add_argument("--batch", type=int, default=96, help="fingers per step, two impressions each")
    cli.add_argument("--last-fit", type=int, default=12_000, help="fingers the last layer is fitted to in the end")
    cli.add_argument("--rate", type=float, default=2e-3, help="learning rate for minutiae alone")
    cli.add_argument("--fine-rate", type=float, default=5e-4, help="learning rate at the start of the second part")
    cli.add_argument("--seed", type=int, default=1)
    cli.add_argument("--threads", type=int, default=1)
    cli.add_argument("--work", type=Path, default=Path("work/finger_vector"), help="checkpoint and learning curve")
    cli.add_argument("--out", type=Path, default=MODELS / "finger_vector.onnx")
    args = cli.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.work.mkdir(parents=True, exist_ok=True)
    network = FingerNetwork()
    source = Batches(args.fingers, args.batch, args.seed, start=_steps_done(args.work))
    loader = torch.utils.data.DataLoader(source, batch_size=None, num_workers=1, prefetch_factor=4)
    schedule = Schedule(args.apart, tuple(args.rounds), args.rate, args.fine_rate)
    train(network, iter(loader), schedule, args.work, args.seed)
    fit_projection(network, args.last_fit, args.seed + 1000)
    torch.save({"network": network.state_dict()}, args.work / "final.pt")
    export(network, args.out)


if __name__ == "__main__":
    main()
