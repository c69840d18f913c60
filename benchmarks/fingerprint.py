"""Accuracy and speed of fingerprint recognition: by minutiae, and by the fixed-length vector alone.

Every folder of --data is a set of `<finger>_<impression>.png`; all pairs of one finger are mated comparisons, all pairs
of different fingers are not. A print that is refused scores lowest with everything, as in FVC.
"""

import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.command_line import parser
from benchmarks.fingerprint_report import plot, report
from benchmarks.fingerprint_scores import (
    Embedded,
    Trials,
    by_minutiae,
    embedded,
    groups,
    prepare_ms,
    trial_of,
    warm_up,
)
from benchmarks.fingerprint_sets import Sets, all_prints, better_prints, extracted_as_shipped, read_sets
from benchmarks.groups import read_labels
from benchmarks.non_mated import found, non_mated_vectors, searches
from benchmarks.rates import FIGURES, figures


def main() -> None:
    cli = parser(
        __doc__,
        "python -m benchmarks.fingerprint --data FVC2002_DB1_B FVC2002_DB2_B --dpi FVC2002_DB2_B=569 --plot det.png",
    )
    cli.add_argument("--data", type=Path, nargs="+", required=True, help="folders, one per set")
    cli.add_argument("--dpi", nargs="*", default=[], metavar="NAME=VALUE", help="resolution of a set; 500 otherwise")
    cli.add_argument("--plot", type=Path, help="where to draw the DET curves (PNG)")
    cli.add_argument("--replicates", type=int, default=400, help="bootstrap replicates behind the intervals")
    cli.add_argument("--reject", type=float, default=0.1, help="share of worst prints left out to judge quality")
    cli.add_argument(
        "--labels", type=Path, help="CSV: SET/FINGER or FINGER, then any attributes, named in the first row"
    )
    cli.add_argument("--as-shipped", action="store_true", help="also run LEADER unmodified on the uncropped images")
    cli.add_argument("--non-mated", type=int, default=0, help="synthetic fingers among which vectors are searched")
    args = cli.parse_args()
    print(json.dumps(measure(args)))


def measure(args: Namespace) -> dict[str, Any]:
    sets = read_sets(args.data, args.dpi)
    warm_up(next(all_prints(sets)))
    minutiae, per_second = by_minutiae(sets)
    vectors = {name: embedded(prints) for name, prints in sets.items()}
    cosines = {name: trial_of(sets[name], one.cosines) for name, one in vectors.items()}
    result = {
        **minutiae_rates(sets, minutiae, args.replicates),
        **vector_rates(vectors, cosines, args.replicates),
        "without_worst": without_worst(sets, args.reject),
        "extract_ms": extract_ms(sets),
        "compare_per_second": per_second,
        "prepare_ms": prepare_ms(list(all_prints(sets))),
    }
    if args.non_mated:
        result = with_searches(result, vectors, args.non_mated, args.replicates)
    if args.labels:
        result["groups"] = groups(sets, minutiae, read_labels(args.labels), args.replicates)
    if args.as_shipped:
        result["as_shipped"] = as_shipped(sets)
    report(result)
    if args.plot:
        plot(args.plot, minutiae, cosines)
    return result


def minutiae_rates(sets: Sets, trials: Trials, replicates: int) -> dict[str, Any]:
    """Of each set, with the number of prints refused, and their mean."""
    by_set = {name: figures(trial, replicates) for name, trial in trials.items()}
    refused = {name: {"refused": sum(bool(one.refused) for one in prints)} for name, prints in sets.items()}
    return {"sets": {name: by_set[name] | refused[name] for name in sets}, "mean": mean(by_set)}


def vector_rates(vectors: Mapping[str, Embedded], trials: Trials, replicates: int) -> dict[str, Any]:
    """Of each set, with the share of prints whose nearest other print is a mate, and their mean."""
    by_set = {name: figures(trial, replicates) | {"rank1": vectors[name].rank1} for name, trial in trials.items()}
    rank1 = fmean(one["rank1"] for one in by_set.values())
    return {"vector": by_set, "mean_vector": mean(by_set) | {"rank1": rank1}}


def mean(by_set: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    return {name: fmean(one[name] for one in by_set.values()) for name in FIGURES}


def without_worst(sets: Sets, reject: float) -> dict[str, float]:
    """The mean without the share of lowest quality of each set."""
    trials, _ = by_minutiae({name: better_prints(prints, reject) for name, prints in sets.items()})
    return mean({name: figures(trial, 0) for name, trial in trials.items()})


def with_searches(
    result: dict[str, Any], vectors: Mapping[str, Embedded], count: int, replicates: int
) -> dict[str, Any]:
    """The result, and how often the mates of each set are found among `count` synthetic fingers of other people."""
    others = non_mated_vectors(count)
    done = {name: searches(one.vectors, one.has, one.finger, others) for name, one in vectors.items()}
    by_set, by_group = found(done, replicates)
    joined = {name: one | by_set[name] | {"non_mated": count} for name, one in result["vector"].items()}
    return result | {"vector": joined, "mean_search": by_group}


def as_shipped(sets: Sets) -> dict[str, Any]:
    """Time and mean rates of LEADER unmodified."""
    again = extracted_as_shipped(sets)
    trials, _ = by_minutiae(again)
    return {"extract_ms": extract_ms(again), "mean": mean({name: figures(one, 0) for name, one in trials.items()})}


def extract_ms(sets: Sets) -> float:
    return 1e3 * fmean(one.seconds for one in all_prints(sets))


if __name__ == "__main__":
    main()
