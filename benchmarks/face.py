"""Accuracy and speed of face recognition, on Labeled Faces in the Wild (LFW) or pictures in its form.

Accuracy follows LFW's protocol on the pairs of --pairs (view 1, or view 2 with its ten folds). EER and TAR are over all
pairs of the pictures named there, hence over many more non-mated ones. Of several faces in a picture the one nearest to
its middle is taken, as LFW means it; the service would refuse such a picture, so they are counted. A picture without a
face is a failure to enrol and scores lowest with everything. Times are processor time of one thread.
"""

import json
import os
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.command_line import parser
from benchmarks.groups import Labels, by_group, common_threshold, group_line, label, read_labels
from benchmarks.lfw import Pair, accuracy, read_pairs
from benchmarks.rates import Curve, Figures, Trial, figures
from matcher.decode import decode
from matcher.errors import NoFace, SeveralFaces
from matcher.face import FaceExtractor
from matcher.face.subject import subject_face
from matcher.face.yunet import Face
from matcher.networks import MODELS
from matcher.types import Image, Vector


def tar_at(fmr: float, rates: Curve) -> float:
    return 1 - rates.fnmr_at(fmr)


FIGURES: Figures = {
    "eer": lambda rates: rates.eer,
    "tar_at_fmr_1e2": partial(tar_at, 1e-2),
    "tar_at_fmr_1e3": partial(tar_at, 1e-3),
    "tar_at_fmr_1e4": partial(tar_at, 1e-4),
}
REJECTED = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
LOWEST = -1.0
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Portrait:
    """One picture. vector: None where no face was found. several: the service would refuse it. seconds: by stage."""

    name: str
    vector: Vector | None
    score: int
    several: bool
    seconds: dict[str, float]


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.face --pairs LFW/pairs.txt --images LFW/images --plot rejection.png")
    cli.add_argument("--pairs", type=Path, required=True, help="pair file of LFW's form, with or without folds")
    cli.add_argument("--images", type=Path, required=True, help="NAME/NAME_0001.jpg or NAME_0001.jpg under it")
    cli.add_argument("--labels", type=Path, help="CSV: name or picture, then any attributes, named in the first row")
    cli.add_argument("--models", type=Path, default=MODELS, help="folder of manifest.toml")
    cli.add_argument("--plot", type=Path, help="where to draw the quality-rejection curve (PNG)")
    cli.add_argument("--replicates", type=int, default=100, help="bootstrap replicates behind the intervals")
    cli.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="pictures extracted at once")
    cli.add_argument("--seed", type=int, default=1, help="of everything drawn at random")
    args = cli.parse_args()
    print(json.dumps(measure(args)))


def measure(args: Namespace) -> dict[str, Any]:
    pairs = read_pairs(args.pairs)
    names = sorted({name for pair in pairs for name in (pair.first, pair.second)})
    paths = {name: path for name in names if (path := picture(args.images, name)) is not None}
    portraits = extract(paths, args.models, args.threads)
    kept = [pair for pair in pairs if pair.first in paths and pair.second in paths]
    result = {
        **protocol(kept, portraits),
        **statistics(portraits, args.replicates, args.seed, args.labels),
        "failures_to_enrol": sum(one.vector is None for one in portraits),
        "several_faces": sum(one.several for one in portraits),
        "pictures": len(portraits),
        "pictures_absent": len(names) - len(portraits),
        "ms": milliseconds(portraits),
    }
    report(result)
    if args.plot is not None:
        plot(args.plot, result["fnmr_after_rejection"])
    return result


def extract(paths: Mapping[str, Path], models: Path, threads: int) -> list[Portrait]:
    """Every picture, in the order of `paths`."""
    describe = partial(portrait, FaceExtractor(models))
    describe(next(iter(paths.items())))  # the first call pays for memory and caches
    with ThreadPoolExecutor(threads) as pool:
        return list(track(pool.map(describe, paths.items()), "extract", total=len(paths)))


def statistics(portraits: Sequence[Portrait], replicates: int, seed: int, labels: Path | None) -> dict[str, Any]:
    """The rates over all pairs of pictures. labels: file of groups, for rates per group; None: no groups."""
    trial, quality = all_pairs(portraits)
    result = {
        **figures(trial, replicates, seed, FIGURES, progress="bootstrap"),
        "fnmr_after_rejection": rejection(trial, quality),
    }
    if labels is not None:
        result["groups"] = groups(portraits, trial, read_labels(labels), replicates, seed)
    return result


def picture(folder: Path, name: str) -> Path | None:
    """Its path in either layout; None where it is absent."""
    paths = (folder / name.rpartition("_")[0] / f"{name}.jpg", folder / f"{name}.jpg")
    return next((path for path in paths if path.is_file()), None)


def portrait(extractor: FaceExtractor, item: tuple[str, Path]) -> Portrait:
    name, path = item
    content, ticks = path.read_bytes(), [time.thread_time()]
    image = decode(content)
    ticks.append(time.thread_time())
    faces = extractor.faces(image)
    ticks.append(time.thread_time())
    try:
        vector, quality = extractor.describe(image, central(faces, image))
    except NoFace:
        return Portrait(name, None, 0, False, {})
    ticks.append(time.thread_time())
    spent = dict(zip(("decode", "detect", "align_embed_judge"), np.diff(ticks).tolist(), strict=True))
    return Portrait(name, vector, quality.score, several(faces, image), {**spent, "total": ticks[-1] - ticks[0]})


def central(faces: Sequence[Face], image: Image) -> Face:
    if not faces:
        raise NoFace
    middle = np.array(image.pixels.shape[1::-1]) / 2
    return min(faces, key=lambda face: float(np.linalg.norm(face.centre - middle)))


def several(faces: list[Face], image: Image) -> bool:
    try:
        subject_face(faces, image)
    except SeveralFaces:
        return True
    return False


def protocol(pairs: Sequence[Pair], portraits: Sequence[Portrait]) -> dict[str, float]:
    """LFW's accuracy and its standard error over the folds."""
    vectors = {one.name: one.vector for one in portraits}
    scores = np.array([similarity(vectors[pair.first], vectors[pair.second]) for pair in pairs], np.float32)
    mated, fold = np.array([pair.mated for pair in pairs]), np.array([pair.fold for pair in pairs])
    mean, error = accuracy(scores, mated, fold)
    return {"accuracy": mean, "accuracy_standard_error": error}


def similarity(one: Vector | None, other: Vector | None) -> float:
    return LOWEST if one is None or other is None else float(one @ other)


def all_pairs(portraits: Sequence[Portrait]) -> tuple[Trial, NDArray[np.uint8]]:
    """The comparisons of all pairs of pictures, and of each pair the lower quality score."""
    zero = np.zeros(next(len(one.vector) for one in portraits if one.vector is not None), np.float32)
    vectors = np.stack([zero if one.vector is None else one.vector for one in portraits])
    scores = vectors @ vectors.T
    failed = np.array([one.vector is None for one in portraits])
    scores[failed], scores[:, failed] = LOWEST, LOWEST
    subject = np.unique([one.name.rpartition("_")[0] for one in portraits], return_inverse=True)[1]
    first, second = sides(subject.astype(np.int32))
    trial = Trial(scores[upper(len(portraits))], first == second, first, second)
    return trial, np.minimum(*sides(np.array([one.score for one in portraits], np.uint8)))


def sides(values: NDArray[Value]) -> tuple[NDArray[Value], NDArray[Value]]:
    """(n,), one per picture → two of (n (n − 1) / 2,), those of both pictures of each pair."""
    square, chosen = (len(values), len(values)), upper(len(values))
    return np.broadcast_to(values[:, None], square)[chosen], np.broadcast_to(values, square)[chosen]


def upper(count: int) -> NDArray[np.bool_]:
    """Where the pairs of all pictures are in a square of them. Less memory than `np.triu_indices` takes."""
    return np.triu(np.ones((count, count), np.bool_), 1)


def rejection(trial: Trial, quality: NDArray[np.uint8]) -> dict[str, float]:
    """FNMR at the common threshold when the worst share of mated pairs, by their lower score, is left out."""
    missed = trial.score[trial.mated] < common_threshold(trial)
    worst_first = np.argsort(quality[trial.mated], kind="stable")
    return {f"{share:g}": float(missed[worst_first][int(share * len(missed)) :].mean()) for share in REJECTED}


def milliseconds(portraits: Sequence[Portrait]) -> dict[str, float]:
    """Medians by stage, of the pictures with a face."""
    timed = [one.seconds for one in portraits if one.seconds]
    return {name: 1000 * float(np.median([seconds[name] for seconds in timed])) for name in timed[0]}


def groups(portraits: Sequence[Portrait], trial: Trial, labels: Labels, replicates: int, seed: int) -> dict[str, Any]:
    """Rates by group; a label is a picture's (NAME_0001) or its person's (NAME)."""
    own = [label(labels, one.name, one.name.rpartition("_")[0]) for one in portraits]
    return by_group(trial, sides(np.arange(len(portraits), dtype=np.int32)), own, replicates, seed)


def report(result: dict[str, Any]) -> None:
    print(f"accuracy            {100 * result['accuracy']:.2f} ± {100 * result['accuracy_standard_error']:.2f} %")
    for name in FIGURES:
        print(f"{name:20s}{100 * result[name]:.2f} % {[round(100 * end, 2) for end in result[f'{name}_ci95']]}")
    for name in ("failures_to_enrol", "several_faces", "pictures", "pictures_absent"):
        print(f"{name:20s}{result[name]}")
    print(f"{'ms':20s}" + ", ".join(f"{stage} {ms:.1f}" for stage, ms in result["ms"].items()))
    for attribute, values in result.get("groups", {}).items():
        for value, one in values.items():
            print(group_line(attribute, value, one))


def plot(path: Path, after: dict[str, float]) -> None:
    """How FNMR falls as the worst pairs are left out; ideal: by a quality score that foretells every miss."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    shares = np.array([float(share) for share in after])
    missed = 100 * np.array(list(after.values()))
    fine = np.linspace(0, shares.max(), 400)
    ideal = 100 * np.clip((after["0"] - fine) / (1 - fine), 0, None)
    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    axes.plot(100 * shares, missed, "o-", label="by our quality score")
    axes.plot(100 * fine, ideal, ":", color="grey", label="ideal")
    axes.set(xlabel="mated pairs left out, worst first, %", ylabel="FNMR % at FMR 0.1 %", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
