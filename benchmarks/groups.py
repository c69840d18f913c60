"""Error rates per group of a labels file, at one common threshold."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.rates import Subjects, Trial, counted, draw_subjects, interval

COMMON_FMR = 1e-3

Labels = Mapping[str, Mapping[str, str]]

ByGroup = dict[str, dict[str, dict[str, Any]]]
"""Rates by attribute and value."""


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
    sides: tuple[Subjects, Subjects],
    own: Sequence[Mapping[str, str]],
    replicates: int,
    seed: int,
) -> ByGroup:
    """Per attribute and value, both captures of a pair in the group: FNMR and FMR, with 95 % intervals.

    sides: which capture each pair of the trial compares with which, as indexes of `own`, their attributes.
    """
    threshold = common_threshold(trial)
    found: ByGroup = defaultdict(dict)
    for attribute, value, inside in track(list(_members(own)), "groups"):
        chosen = inside[sides[0]] & inside[sides[1]]
        part = Trial(trial.score[chosen], trial.mated[chosen], trial.first[chosen], trial.second[chosen])
        found[attribute][value] = group(part, threshold, replicates, seed)
    return dict(found)


def _members(own: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Each attribute, each of its values, and which captures have it, (n,)."""
    for attribute in sorted({name for row in own for name in row}):
        values = np.array([row.get(attribute, "") for row in own])
        for value in sorted(set(values.tolist()) - {""}):
            yield attribute, value, values == value


def group(trial: Trial, threshold: float, replicates: int, seed: int) -> dict[str, Any]:
    """Rates of one group; None where it has no such pairs."""
    result: dict[str, Any] = {"mated": int(trial.mated.sum()), "non_mated": int((~trial.mated).sum())}
    draws = draw_subjects(trial, replicates, seed) if len(trial.score) else np.zeros((0, 0), np.int64)
    matched = trial.score >= threshold
    for name, kind, wrong in (("fnmr", trial.mated, ~matched), ("fmr", ~trial.mated, matched)):
        result[name] = float(wrong[kind].mean()) if kind.any() else None
        errors, all_ = counted(trial, kind & wrong, draws), counted(trial, kind, draws)
        result[f"{name}_ci95"] = interval((errors[all_ > 0] / all_[all_ > 0]).tolist())
    return result


def group_line(attribute: str, value: str, one: Mapping[str, Any]) -> str:
    """One group's rates, for people."""
    return f"{attribute} = {value}: FNMR {one['fnmr']} {one['fnmr_ci95']}, FMR {one['fmr']} {one['fmr_ci95']}"
