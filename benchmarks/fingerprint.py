"""How well and how fast fingerprints are recognised: by minutiae, and by the fixed-length vector alone.

Every folder of --data is a set of `<finger>_<impression>.png`; all pairs of one finger are mated comparisons, all pairs
of different fingers are not. A print that is refused scores lowest with everything, as in FVC.
"""

import json
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from rich.progress import track
from scipy.special import ndtri

from benchmarks.groups import Labels, by_group, group_line, label, read_labels
from benchmarks.rates import FIGURES, Curve, Trial, curve, figures
from benchmarks.strangers import FIGURES as SEARCH_FIGURES
from benchmarks.strangers import found, searches, stranger_vectors
from matcher.errors import CaptureError
from matcher.finger import FingerExtractor, Prepared, compare, prepare, prepare_many
from matcher.finger.resample import grey_at_500_dpi
from matcher.finger.vector import FingerVector
from matcher.networks import Network, open_network
from matcher.parameters import MINUTIA_QUALITY
from matcher.types import Image, Minutiae, Quality, Vector

_NONE = np.zeros(0, np.float32)
NOTHING = Minutiae(_NONE, _NONE, _NONE, _NONE, np.zeros(0, np.bool_))


@dataclass(frozen=True, slots=True)
class Print:
    """One impression of a set. refused: why no minutiae were taken, or empty."""

    finger: int
    name: str
    image: Image
    minutiae: Minutiae
    quality: Quality
    refused: str
    seconds: float


def main() -> None:
    cli = ArgumentParser(description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter)
    cli.add_argument("--data", type=Path, nargs="+", required=True, help="folders, one a set")
    cli.add_argument("--dpi", nargs="*", default=[], metavar="NAME=VALUE", help="resolution of a set; 500 otherwise")
    cli.add_argument("--plot", type=Path, help="where to draw the DET curves (PNG)")
    cli.add_argument("--replicates", type=int, default=400, help="bootstrap replicates behind the intervals")
    cli.add_argument("--reject", type=float, default=0.1, help="share of worst prints left out to judge quality")
    cli.add_argument("--labels", type=Path, help="CSV: SET/FINGER or FINGER, then any attributes")
    cli.add_argument("--as-shipped", action="store_true", help="also run LEADER unmodified on the uncropped images")
    cli.add_argument("--strangers", type=int, default=0, help="synthetic fingers among which vectors are searched")
    args = cli.parse_args()
    print(json.dumps(measure(args)))


def measure(args: Namespace) -> dict[str, Any]:
    resolution = {name: float(value) for name, _, value in (item.partition("=") for item in args.dpi)}
    extract = our_extraction(FingerExtractor())
    sets = {folder.name: read_set(folder, resolution.get(folder.name), extract) for folder in args.data}
    first = prepare(next(iter(sets.values()))[0].minutiae)
    compare(first, [first])  # the first call loads or compiles what the later ones run
    by_minutiae, seconds = {}, 0.0
    for name, prints in sets.items():
        by_minutiae[name], spent = minutiae_trial(prints)
        seconds += spent
    embedded = {name: vectors_of(prints) for name, prints in sets.items()}
    by_vector = {name: vector_scores(*one) for name, one in embedded.items()}
    kept = {name: better_prints(prints, args.reject) for name, prints in sets.items()}
    result = summary(by_minutiae, args.replicates, "sets", "mean")
    for name, prints in sets.items():
        result["sets"][name]["refused"] = sum(bool(one.refused) for one in prints)
    vectors = {name: trial_of(prints, by_vector[name]) for name, prints in sets.items()}
    result |= summary(vectors, args.replicates, "vector", "mean_vector")
    for name, prints in sets.items():
        result["vector"][name]["rank1"] = rank1(prints, by_vector[name])
    result["mean_vector"]["rank1"] = fmean(rank1(p, by_vector[n]) for n, p in sets.items())
    if args.strangers:
        result["mean_search"] = search_among(args.strangers, sets, embedded, args.replicates, result["vector"])
    result["without_worst"] = summary({n: minutiae_trial(p)[0] for n, p in kept.items()}, 0, "sets", "mean")["mean"]
    result["extract_ms"] = 1e3 * fmean(one.seconds for prints in sets.values() for one in prints)
    result["compare_per_second"] = sum(len(trial.score) for trial in by_minutiae.values()) / seconds
    result["prepare_ms"] = prepare_ms([one for prints in sets.values() for one in prints])
    if args.labels:
        result["groups"] = groups(sets, by_minutiae, read_labels(args.labels), args.replicates)
    if args.as_shipped:
        result["as_shipped"] = as_shipped(sets)
    report(result)
    if args.plot:
        plot(args.plot, {n: curve(t) for n, t in by_minutiae.items()}, {n: curve(t) for n, t in vectors.items()})
    return result


def groups(
    sets: dict[str, list[Print]], trials: dict[str, Trial], labels: Labels, replicates: int
) -> dict[str, dict[str, dict[str, Any]]]:
    """Rates by group over all sets at one threshold; captures are compared within their set only."""
    own = [label(labels, f"{name}/{one.name}", one.name) for name, prints in sets.items() for one in prints]
    starts = np.cumsum([0, *(len(prints) for prints in sets.values())])
    corners = [np.triu_indices(len(prints), 1) for prints in sets.values()]
    first, second = (
        np.concatenate([pair[side] + start for pair, start in zip(corners, starts, strict=False)]) for side in (0, 1)
    )
    ordered = [trials[name] for name in sets]
    fingers = np.cumsum([0, *(1 + max(one.finger for one in prints) for prints in sets.values())])
    pooled = Trial(
        np.concatenate([one.score for one in ordered]),
        np.concatenate([one.mated for one in ordered]),
        np.concatenate([one.first + start for one, start in zip(ordered, fingers, strict=False)]),
        np.concatenate([one.second + start for one, start in zip(ordered, fingers, strict=False)]),
    )
    return by_group(pooled, (first, second), own, replicates, seed=1)


def our_extraction(extractor: FingerExtractor) -> Callable[[Image], tuple[Minutiae, Quality, str]]:
    def extract(image: Image) -> tuple[Minutiae, Quality, str]:
        try:
            return *extractor.extract(image), ""
        except CaptureError as refusal:
            return NOTHING, Quality(0), type(refusal).__name__

    return extract


def read_set(folder: Path, dpi: float | None, extract: Callable[[Image], tuple[Minutiae, Quality, str]]) -> list[Print]:
    prints: list[Print] = []
    fingers: dict[str, int] = {}
    files = sorted(folder.glob("*_*.png"))
    if not files:
        raise SystemExit(f"{folder} has no files <finger>_<impression>.png")
    for file in track(files, f"extract {folder.name}"):
        image = Image(np.asarray(Pillow.open(file).convert("L")), dpi)
        began = time.thread_time()
        found = extract(image)
        seconds = time.thread_time() - began
        finger = file.stem.partition("_")[0]
        prints.append(Print(fingers.setdefault(finger, len(fingers)), finger, image, *found, seconds))
    return prints


def minutiae_trial(prints: Sequence[Print]) -> tuple[Trial, float]:
    """All comparisons of a set, each probe with the candidate list of those after it, and the seconds they took."""
    prepared: list[Prepared] = [prepare(one.minutiae) for one in prints]
    scores = np.zeros((len(prints), len(prints)), np.float32)
    seconds = 0.0
    for row, probe in enumerate(prepared[:-1]):
        began = time.thread_time()
        scores[row, row + 1 :] = compare(probe, prepared[row + 1 :])
        seconds += time.thread_time() - began
    return trial_of(prints, scores), seconds


def vectors_of(prints: Sequence[Print]) -> tuple[Vector, NDArray[np.bool_]]:
    """Vectors float32 (n, d), zeros where a print has none, and bool (n,), which have one."""
    embed = FingerVector()
    has = np.array([len(one.minutiae) > 0 for one in prints])
    vectors = np.zeros((len(prints), embed.dimension), np.float32)
    for row, one in enumerate(prints):
        if has[row]:
            vectors[row] = embed(one.minutiae)
    return vectors, has


def vector_scores(vectors: Vector, has: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Cosines of all with all; −1 with a print that has no vector."""
    return np.where(has[:, None] & has, vectors @ vectors.T, -1).astype(np.float32)


def search_among(
    count: int,
    sets: dict[str, list[Print]],
    embedded: dict[str, tuple[Vector, NDArray[np.bool_]]],
    replicates: int,
    by_set: dict[str, Any],
) -> dict[str, Any]:
    """Add to each set how often its mates are found among synthetic strangers; return the means of sets alike."""
    strangers = stranger_vectors(count)
    fingers = {name: np.array([one.finger for one in prints]) for name, prints in sets.items()}
    shares, means = found(
        {name: searches(*one, fingers[name], strangers) for name, one in embedded.items()}, replicates
    )
    for name, share in shares.items():
        by_set[name] |= share | {"strangers": count}
    return means


def trial_of(prints: Sequence[Print], scores: NDArray[np.float32]) -> Trial:
    first, second = np.triu_indices(len(prints), 1)
    finger = np.array([one.finger for one in prints])
    return Trial(scores[first, second], finger[first] == finger[second], finger[first], finger[second])


def rank1(prints: Sequence[Print], scores: NDArray[np.float32]) -> float:
    """Share of prints whose most alike other print is of the same finger."""
    finger = np.array([one.finger for one in prints])
    best = np.where(np.eye(len(prints), dtype=bool), -2, scores).argmax(axis=1)
    return float(np.mean(finger[best] == finger))


def better_prints(prints: Sequence[Print], reject: float) -> list[Print]:
    """Without the share of lowest quality."""
    order = np.argsort([one.quality.score for one in prints], kind="stable")
    return [prints[at] for at in sorted(order[round(reject * len(prints)) :])]


def summary(trials: dict[str, Trial], replicates: int, sets: str, mean: str) -> dict[str, Any]:
    by_set = {name: figures(trial, replicates) for name, trial in trials.items()}
    return {
        sets: dict(by_set),
        mean: {name: fmean(one[name] for one in by_set.values()) for name in FIGURES},
    }


def prepare_ms(prints: Sequence[Print]) -> float:
    """Of a print's cylinders, made for 50 prints a call as in the last stage of a search."""
    began = time.thread_time()
    for start in range(0, len(prints), 50):
        prepare_many([one.minutiae for one in prints[start : start + 50]])
    return 1e3 * (time.thread_time() - began) / len(prints)


def as_shipped(sets: dict[str, list[Print]]) -> dict[str, Any]:
    """The same with LEADER unmodified on the same images, neither cropped nor refused."""
    network = open_network("leader_as_shipped")
    trials, seconds = {}, []
    for name, prints in sets.items():
        again = [shipped(network, one) for one in track(prints, f"as shipped {name}")]
        seconds += [one.seconds for one in again]
        trials[name] = minutiae_trial(again)[0]
    result = summary(trials, 0, "sets", "mean")
    return {"extract_ms": 1e3 * fmean(seconds), "mean": result["mean"]}


def shipped(network: Network, one: Print) -> Print:
    began = time.thread_time()
    grey = grey_at_500_dpi(one.image).astype(np.float32)
    padded = np.pad(grey, [(0, -side % 32) for side in grey.shape], mode="edge")
    found = network(input=padded[None, :, :, None])["head_conc"][0, : grey.shape[0], : grey.shape[1]]
    row, column = np.nonzero(found[:, :, 3] > MINUTIA_QUALITY)
    _, direction, ending, quality = found[row, column].T
    x, y = column.astype(np.float32), row.astype(np.float32)
    minutiae = Minutiae(x, y, np.mod(-direction, np.float32(2 * np.pi)), quality, ending >= 0.5)
    return replace(one, minutiae=minutiae, refused="", seconds=time.thread_time() - began)


def report(result: dict[str, Any]) -> None:
    for title, key, mean in (("minutiae", "sets", "mean"), ("vector alone", "vector", "mean_vector")):
        print(f"{title:20s}{'EER %':>20s}{'FNMR % at FMR 1 %':>22s}{'at FMR 0.1 %':>22s}")
        for name, one in {**result[key], "mean": result[mean]}.items():
            print(f"{name:20s}" + "".join(f"{cell(one, figure):>21s}" for figure in FIGURES))
    if "mean_search" in result:
        print(f"{'mate found, %':20s}" + "".join(f"{figure:>21s}" for figure in SEARCH_FIGURES))
        named = result["vector"] | result["mean_search"]
        for name, one in named.items():
            print(f"{name:20s}" + "".join(f"{cell(one, figure):>21s}" for figure in SEARCH_FIGURES))
    print(", ".join(f"{name} {result[name]:.3g}" for name in ("extract_ms", "prepare_ms", "compare_per_second")))
    for attribute, values in result.get("groups", {}).items():
        for value, one in values.items():
            print(group_line(attribute, value, one))


def cell(one: dict[str, Any], figure: str) -> str:
    """A figure in percent and its interval."""
    between = one.get(f"{figure}_ci95")
    spread = f" ({100 * between[0]:.1f}–{100 * between[1]:.1f})" if isinstance(between, list) and between else ""
    return f"{100 * one[figure]:.2f}{spread}"


def plot(path: Path, minutiae: dict[str, Curve], vectors: dict[str, Curve]) -> None:
    """DET curves on normal deviate axes, minutiae in full lines, vectors dashed."""
    mpl.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 8), layout="constrained")
    for at, name in enumerate(minutiae):
        for curves, style in ((minutiae, "-"), (vectors, "--")):
            rates = [ndtri(np.clip(rate, 1e-5, 1 - 1e-5)) for rate in (curves[name].fmr, curves[name].fnmr)]
            axes.plot(*rates, style, color=f"C{at}", label=name if style == "-" else None, drawstyle="steps-post")
    ticks = np.array([1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5])
    labels = [f"{100 * tick:g}" for tick in ticks]
    axes.set(xlabel="FMR %", ylabel="FNMR %", xlim=ndtri([5e-5, 0.6]), ylim=ndtri([5e-4, 0.6]))
    axes.set_xticks(ndtri(ticks), labels)
    axes.set_yticks(ndtri(ticks), labels)
    axes.grid(alpha=0.3)
    axes.legend(title="minutiae —, vector alone – –")
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
