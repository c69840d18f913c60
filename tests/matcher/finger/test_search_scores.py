"""The loop of a search against prints prepared and compared one by one."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matcher import parameters as p
from matcher.finger import Columns, compare, prepare, search_scores
from matcher.finger.cylinders import Prepared
from matcher.types import Minutiae
from tests.matcher.finger.made_up import jittered, made_up_finger, part_of

PEOPLE = [made_up_finger(seed) for seed in range(30)]
sizes = st.lists(st.integers(0, 45), min_size=1, max_size=12)


def columns_of(prints: list[Minutiae]) -> Columns:
    x, y, direction, quality = (
        np.concatenate([np.zeros(0), *(getattr(one, name) for one in prints)])
        for name in ("x", "y", "direction", "quality")
    )
    return Columns(x, y, direction, quality, np.cumsum([0, *map(len, prints)]))


def cut(person: Minutiae, size: int) -> Minutiae:
    return part_of(person, np.arange(len(person)) < size)


def sketch_of(print_: Minutiae) -> Prepared:
    """The cylinders of the surest minutiae, cut out of those of all."""
    whole = prepare(print_)
    surest = np.argsort(-print_.quality, kind="stable")[: p.SKETCH_MINUTIAE]
    return whole[np.isin(whole.index, surest)]


@settings(max_examples=25, deadline=None)
@given(sizes, st.integers(0, 1000))
@example([0] * 8 + [18], 518)  # one probe's sketch is alike, and the other's whole print is a little more so
def test_scores_are_those_of_prints_compared_one_by_one(having: list[int], seed: int) -> None:
    prints = [cut(jittered(PEOPLE[at], seed), size) for at, size in enumerate(having)]
    probes = [prepare(PEOPLE[0]), prepare(jittered(PEOPLE[1], seed + 1))]
    each = np.array([compare(probe, [prepare(one) for one in prints]) for probe in probes])
    assert search_scores(probes, columns_of(prints), in_full=True) == pytest.approx(each.max(axis=0), abs=1e-6)
    found = search_scores(probes, columns_of(prints), in_full=False)
    for one, scores, value in zip(prints, each.T, found, strict=True):
        sketch = sketch_of(one)
        whole = len(sketch) < p.FEWEST_CYLINDERS or len(one) <= p.SKETCH_MINUTIAE
        alike = [whole or compare(probe, [sketch])[0] >= p.SKETCH_SCORE for probe in probes]
        if any(alike):
            assert value == pytest.approx(scores[alike].max(), abs=1e-6)
        else:
            assert np.isneginf(value)


def test_a_sketch_tells_most_others_from_a_mate() -> None:
    probe = [prepare(PEOPLE[0])]
    mates = columns_of([jittered(PEOPLE[0], seed) for seed in range(20)])
    assert np.isfinite(search_scores(probe, mates, in_full=False)).all()
    others = columns_of(PEOPLE[1:])
    assert np.isneginf(search_scores(probe, others, in_full=False)).mean() > 0.5
