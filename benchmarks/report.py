"""Kept runs of `benchmarks.search` side by side: tables, a plot, the law of growth, and an estimate for a country."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.command_line import parser
from matcher.parameters import GALLERY_MINUTIAE

Run = Mapping[str, Any]
TIMES = {
    "vectors_single_ms_p50": "one search, vectors",
    "vectors_batch_ms": "of a batch of 256, vectors",
    "single_ms_p50": "one search, minutiae included",
    "batch_ms": "of a batch of 256, minutiae included",
}


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.report benchmarks/results/search_{100k,1M,10M}.json --plots .")
    cli.add_argument("runs", type=Path, nargs="+", help="JSON files of benchmarks.search --out")
    cli.add_argument("--plots", type=Path, help="folder for the pictures")
    cli.add_argument("--people", type=float, default=1.4e9, help="size of the gallery to estimate")
    cli.add_argument("--machine-gib", type=float, default=256, help="memory of one machine, for that estimate, GiB")
    cli.add_argument("--machine-cores", type=int, default=64, help="cores of one machine, for that estimate")
    args = cli.parse_args()
    runs = sorted((json.loads(path.read_text()) for path in args.runs), key=people)
    console = Console(width=150)
    for table in (sizes(runs), kinds(runs), peers(runs)):
        console.print(table)
    laws = {name: growth(_comparable(runs, name), name) for name in TIMES}
    for name, (fixed, each) in laws.items():
        console.print(f"{TIMES[name]}: {fixed:.2f} ms + {each * 1e6:.2f} ms per million people")
    estimated = estimate(_comparable(runs, "batch_ms")[-1], laws, args.people, args.machine_gib, args.machine_cores)
    console.print(f"{args.people:,.0f} people, estimated: " + ", ".join(f"{k} {v:,.3g}" for k, v in estimated.items()))
    if args.plots:
        draw(runs, laws, args.plots / "search_growth.png")
    print(json.dumps({"growth_ms": laws, "estimate": estimated}))


def people(run: Run) -> int:
    return int(run["settings"]["people"])


def sizes(runs: Sequence[Run]) -> Table:
    """The figures of every size side by side."""
    names = [name for name, value in runs[-1].items() if isinstance(value, float)]
    table = Table("figure", *(f"{people(run):,}" for run in runs))
    for name in names:
        table.add_row(name, *(f"{run[name]:.4g}" if name in run else "" for run in runs))
    return table


def kinds(runs: Sequence[Run]) -> Table:
    """Recall by kind of probe."""
    table = Table("people", "probe", "mate in exact ten", "of these in ours", "exact first", "first", "ms")
    for run in runs:
        for name, row in run["partial"].items():
            table.add_row(f"{people(run):,}", name, *(f"{value:.4g}" for key, value in row.items() if key != "probes"))
    return table


def peers(runs: Sequence[Run]) -> Table:
    """Ours beside the others, each tuned to find as many mates by whole probes."""
    table = Table("people", "index", "effort", "one search ms", "of a batch ms", "whole", "worst kind of probe")
    for run in runs:
        ours = {name: row["found_of_exact"] for name, row in run["partial"].items()}
        figures = (run["vectors_single_ms_p50"], run["vectors_batch_ms"])
        table.add_row(f"{people(run):,}", "jisr", "", *(f"{v:.3g}" for v in figures), *_recall(ours))
        for name, row in run["peers"].items():
            figures = (row["single_ms_p50"], row["batch_ms"])
            recall = _recall(row["found_of_exact"])
            table.add_row("", name, str(row["effort"]), *(f"{v:.3g}" for v in figures), *recall)
    return table


def growth(runs: Sequence[Run], name: str) -> tuple[float, float]:
    """Milliseconds at any size, and milliseconds per person, by least squares of relative errors."""
    count = np.array([people(run) for run in runs], float)
    value = np.array([run[name] for run in runs])
    sides = np.stack([1 / value, count / value], axis=1)
    fixed, each = np.linalg.lstsq(sides, np.ones(len(value)), rcond=None)[0]
    return max(float(fixed), 0.0), float(each)


_SAME = ("fingers", "mixed", "pool", "threads", "worse")


def _comparable(runs: Sequence[Run], name: str) -> list[Run]:
    """Runs whose settings are those of the largest, except its size. With minutiae: only runs that kept all of them."""
    wanted = max(runs, key=people)["settings"]
    same = [run for run in runs if all(run["settings"].get(name) == wanted.get(name) for name in _SAME)]
    return same if "vectors" in name else [run for run in same if run["settings"]["minutiae"] == GALLERY_MINUTIAE]


def estimate(
    run: Run, laws: Mapping[str, tuple[float, float]], count: float, gib: float, cores: int
) -> dict[str, float]:
    """The estimate for `count` people: vectors and minutiae on disk, the rest in memory, scans on all cores.

    run: one with all minutiae, for its bytes per person.
    """
    held = run["resident_bytes_per_person_mapped"]
    per_machine = 0.75 * gib * 2**30 / held
    machines = np.ceil(count / per_machine)
    measured_on = int(run["settings"]["threads"])
    each = laws["vectors_batch_ms"][1] * count / machines * measured_on / cores
    return {
        "machines": float(machines),
        "memory_gib": count * held / 2**30,
        "disk_tib": count * run["total_bytes_per_person"] / 2**40,
        "searches_per_second": 1e3 / each,
        "one_search_ms": laws["vectors_single_ms_p50"][1] * count / machines * measured_on / cores,
    }


def draw(runs: Sequence[Run], laws: Mapping[str, tuple[float, float]], path: Path) -> None:
    """Times by number of people: measured, and by the law of growth."""
    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, label in TIMES.items():
        points = [(people(run), run[name]) for run in _comparable(runs, name)]
        (drawn,) = axes.plot(*zip(*points, strict=True), "o", label=label)
        line = np.geomspace(points[0][0], points[-1][0], 50)
        axes.plot(line, laws[name][0] + laws[name][1] * line, color=drawn.get_color(), linewidth=1)
    flat = [(people(run), run["peers"]["flat"]["single_ms_p50"]) for run in runs if "flat" in run["peers"]]
    if flat:
        axes.plot(*zip(*flat, strict=True), "kx", label="one search, FAISS FlatIP")
    axes.set(xscale="log", yscale="log", xlabel="people (face and four fingers)", ylabel="ms")
    axes.legend(fontsize="small")
    axes.grid(visible=True, which="both", alpha=0.2)
    figure.savefig(path, dpi=130)


def _recall(found: Mapping[str, float]) -> tuple[str, str]:
    worst = min(found, key=lambda name: found[name])
    return f"{found['whole']:.4f}", f"{worst} {found[worst]:.4f}"


if __name__ == "__main__":
    main()
