"""Error rates by group: how a recogniser treats those a labels file tells apart, at one common threshold."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rates import Trial, bootstrap

COMMON_FMR = 1e-3

Labels = Mapping[str, Mapping[str, str]]


def read_labels(path: Path) -> dict[str, dict[str, str]]:
    """Attributes of each row by its first column, which names a capture or its owner."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row.pop(next(iter(row))): row for row in csv.DictReader(file)}


def label(labels: Labels, *names: str) -> Mapping[str, str]:
    """The attributes under the first of these names that has any."""
    return next((labels[name] for name in names if name in labels), {})


def common_threshold(trial: Trial) -> float:
    """The score at which FMR over all non-mated pairs is COMMON_FMR."""
    return float(np.quantile(trial.score[~trial.mated], 1 - COMMON_FMR, method="higher"))


def by_group(
    trial: Trial,
    sides: tuple[NDArray[np.intp], NDArray[np.intp]],
    own: Sequence[Mapping[str, str]],
    replicates: int,
    seed: int,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Per attribute and value, both captures of a pair in the group: FNMR and FMR, with 95 % intervals.

    sides: which capture each pair of the trial compares with which, as places in `own`, their attributes.
    """
    threshold = common_threshold(trial)
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for attribute in sorted({name for row in own for name in row}):
        values = np.array([row.get(attribute, "") for row in own])
        for value in sorted(set(values.tolist()) - {""}):
            inside = values == value
            chosen = inside[sides[0]] & inside[sides[1]]
            part = Trial(trial.score[chosen], trial.mated[chosen], trial.first[chosen], trial.second[chosen])
            found[attribute][value] = group(part, threshold, replicates, seed)
    return dict(found)


def group(trial: Trial, threshold: float, replicates: int, seed: int) -> dict[str, Any]:
    """Rates of one group; None where it has no such pairs."""
    result: dict[str, Any] = {"mated": int(trial.mated.sum()), "non_mated": int((~trial.mated).sum())}
    weights = bootstrap(trial, replicates, seed) if len(trial.score) else []
    matched = trial.score >= threshold
    for name, kind, wrong in (("fnmr", trial.mated, ~matched), ("fmr", ~trial.mated, matched)):
        result[name] = float(wrong[kind].mean()) if kind.any() else None
        drawn = [float(np.average(wrong[kind], weights=one[kind])) for one in weights if one[kind].sum() > 0]
        result[f"{name}_ci95"] = interval(drawn)
    return result


def group_line(attribute: str, value: str, one: Mapping[str, Any]) -> str:
    """One group's rates, for people."""
    return f"{attribute} = {value}: FNMR {one['fnmr']} {one['fnmr_ci95']}, FMR {one['fmr']} {one['fmr_ci95']}"


def interval(values: Sequence[float]) -> list[float]:
    """The middle 95 % of bootstrap replicates; empty for none."""
    return [float(end) for end in np.quantile(values, (0.025, 0.975))] if len(values) else []
