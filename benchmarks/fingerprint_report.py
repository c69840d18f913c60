"""The figures of `benchmarks.fingerprint` as a table and as DET curves."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from scipy.special import ndtri

from benchmarks.fingerprint_scores import Trials
from benchmarks.groups import group_line
from benchmarks.non_mated import FIGURES as SEARCH_FIGURES
from benchmarks.rates import FIGURES, curve


def report(result: dict[str, Any]) -> None:
    for title, key, mean in (("minutiae", "sets", "mean"), ("vector alone", "vector", "mean_vector")):
        print(f"{title:20s}{'EER %':>20s}{'FNMR % at FMR 1 %':>22s}{'at FMR 0.1 %':>22s}")
        for name, one in {**result[key], "mean": result[mean]}.items():
            print(f"{name:20s}" + "".join(f"{cell(one, figure):>21s}" for figure in FIGURES))
    if "mean_search" in result:
        print(f"{'mate found, %':20s}" + "".join(f"{figure:>21s}" for figure in SEARCH_FIGURES))
        for name, one in (result["vector"] | result["mean_search"]).items():
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


def plot(path: Path, minutiae: Trials, vectors: Trials) -> None:
    """DET curves on normal deviate axes, minutiae in full lines, vectors dashed."""
    mpl.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 8), layout="constrained")
    for at, name in enumerate(minutiae):
        for trials, style in ((minutiae, "-"), (vectors, "--")):
            one = curve(trials[name])
            rates = [ndtri(np.clip(rate, 1e-5, 1 - 1e-5)) for rate in (one.fmr, one.fnmr)]
            axes.plot(*rates, style, color=f"C{at}", label=name if style == "-" else None, drawstyle="steps-post")
    ticks = np.array([1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5])
    labels = [f"{100 * tick:g}" for tick in ticks]
    axes.set(xlabel="FMR %", ylabel="FNMR %", xlim=ndtri([5e-5, 0.6]), ylim=ndtri([5e-4, 0.6]))
    axes.set_xticks(ndtri(ticks), labels)
    axes.set_yticks(ndtri(ticks), labels)
    axes.grid(alpha=0.3)
    axes.legend(title="minutiae —, vector alone – –")
    figure.savefig(path, dpi=120)
