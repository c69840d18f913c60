"""Time and memory of the statistics of `benchmarks.face`, at a size for which there are no pictures.

Vectors are made up: a direction common to all, one per person, and noise, which is more in poor pictures. As in
Labeled Faces in the Wild most people have one picture and a few have hundreds. The default is the size of LFW's view 2.
"""

import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.command_line import parser
from benchmarks.face import Portrait, statistics

DIMENSION = 128
COMMON = 0.088  # share of the common direction: the mean cosine of non-mated people
OWN, SPREAD = 0.55, 0.18  # share of the person's direction, mean and standard deviation over pictures; EER 1 %, about


def made_up_portraits(pictures: int, people: int, seed: int) -> list[Portrait]:
    """Unit vectors of `pictures` pictures; every person has at least one."""
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1, people + 1)
    owner = np.concatenate([np.arange(people), rng.choice(people, pictures - people, p=shares / shares.sum())])
    common = unit(rng.standard_normal((1, DIMENSION)))
    own = unit(rng.standard_normal((people, DIMENSION)))
    noise = unit(rng.standard_normal((pictures, DIMENSION)))
    share = np.clip(rng.normal(OWN, SPREAD, (pictures, 1)), 0, 1 - COMMON)
    vectors = unit(np.sqrt(COMMON) * common + np.sqrt(share) * own[owner] + np.sqrt(1 - COMMON - share) * noise)
    scores = rng.integers(0, 101, pictures).tolist()
    return [
        Portrait(f"P{person}_{number:04d}", vector.astype(np.float32), score, False, {})
        for number, (person, vector, score) in enumerate(zip(owner.tolist(), vectors, scores, strict=True))
    ]


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def write_labels(path: Path, people: int) -> None:
    """Two attributes that have nothing to do with the vectors, of two and of five values."""
    rows = [f"P{person},{person % 2},{person % 5}" for person in range(people)]
    path.write_text("\n".join(["name,sex,age", *rows]))


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.face_statistics --pictures 7701 --people 4281 --labels")
    cli.add_argument("--pictures", type=int, default=7701, help="pictures in all")
    cli.add_argument("--people", type=int, default=4281, help="different people in them")
    cli.add_argument("--replicates", type=int, default=100, help="bootstrap replicates behind the intervals")
    cli.add_argument("--labels", action="store_true", help="also rates per group, of two attributes")
    cli.add_argument("--seed", type=int, default=1, help="of everything drawn at random")
    args = cli.parse_args()
    portraits = made_up_portraits(args.pictures, args.people, args.seed)
    with tempfile.TemporaryDirectory() as folder:
        labels = Path(folder) / "labels.csv"
        write_labels(labels, args.people)
        began = time.perf_counter()
        result = statistics(portraits, args.replicates, args.seed, labels if args.labels else None)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    comparisons = args.pictures * (args.pictures - 1) // 2
    print(f"{comparisons:,} comparisons: {seconds:.0f} s, {peak:.2f} GiB at most")
    print(json.dumps({"comparisons": comparisons, "seconds": seconds, "peak_gib": peak, **result}))


if __name__ == "__main__":
    main()
