import math

import numpy as np
import pytest

from matcher.fuse import HYPOTHESES, Layout, Pairs, fuse, log10_sum, ranked, weight_of
from matcher.parameters import FALSE_SHARE, HYPOTHESIS_WEIGHTS
from matcher.types import FINGERS, Candidate, Hypothesis, Position

THUMB, INDEX, LEFT_THUMB = Position.RIGHT_THUMB, Position.RIGHT_INDEX, Position.LEFT_THUMB


def pairs_of(
    probe: list[Position], face: float | None, ratios: dict[tuple[Position, Position], float], theirs: list[Position]
) -> Pairs:
    """One person with the fingers `theirs`; pairs that are not given are not compared."""
    pairs = np.full((1, len(probe), 10), np.nan)
    for row, ours in enumerate(probe):
        for other in theirs:
            pairs[0, row, FINGERS.index(other)] = ratios.get((ours, other), -np.inf)
    return Pairs(probe, np.array([np.nan if face is None else face]), pairs)


def test_each_hypothesis_adds_what_it_pairs() -> None:
    ratios = {(THUMB, THUMB): 3.0, (THUMB, INDEX): -1.0, (INDEX, THUMB): -1.5, (INDEX, INDEX): -1.7}
    (found,) = pairs_of([THUMB, INDEX], 2.0, ratios, [THUMB, INDEX]).by_hypothesis()
    by_name = dict(zip(HYPOTHESES, found.tolist(), strict=True))
    doubted = sum(math.log10(1 - FALSE_SHARE + FALSE_SHARE * 10**x) for x in (2.0, 3.0, -1.7))
    assert by_name == pytest.approx(
        {
            Hypothesis.AS_STATED: 3.3,
            Hypothesis.FACE_ALONE: 2.0,
            Hypothesis.FINGERS_ALONE: 1.3,
            Hypothesis.SOME_FALSE: doubted,
            Hypothesis.HANDS_SWAPPED: -math.inf,
            Hypothesis.ANY_POSITION: 2.0 + 3.0 - 1.5 - 2 * math.log10(2),
        }
    )


def test_hands_swapped_pairs_the_other_hand() -> None:
    pairs = pairs_of([LEFT_THUMB], None, {(LEFT_THUMB, THUMB): 4.0}, [THUMB])
    (found,) = pairs.by_hypothesis()
    assert found[HYPOTHESES.index(Hypothesis.HANDS_SWAPPED)] == 4.0
    assert found[HYPOTHESES.index(Hypothesis.AS_STATED)] == -math.inf
    assert pairs.layouts()[0] == [Layout(face=False, stated=0, mirrored=1, probe=1, person=1)]


def test_what_is_not_compared_counts_as_false_or_not_at_all() -> None:
    pairs = pairs_of([THUMB, INDEX], None, {(THUMB, THUMB): 4.0}, [THUMB, INDEX])
    (found,) = pairs.by_hypothesis()
    some_false = found[HYPOTHESES.index(Hypothesis.SOME_FALSE)]
    assert some_false == pytest.approx(math.log10(0.5 + 0.5 * 1e4) + math.log10(0.5))
    assert np.isneginf(np.delete(found, HYPOTHESES.index(Hypothesis.SOME_FALSE))).all()


def test_the_mixture_is_the_weighted_mean_of_the_ratios_that_apply() -> None:
    ratios = np.array([[2.0, 5.0, -1.0, 4.0, -np.inf, 0.0]])
    applies = np.array([[True, True, True, True, False, True]])
    weights = np.array([HYPOTHESIS_WEIGHTS[one] for one in HYPOTHESES]) * applies
    fused = fuse(ratios, applies)
    assert 10 ** fused.log10_lr[0] == pytest.approx((weights * 10.0**ratios).sum() / weights.sum())
    assert HYPOTHESES[fused.likeliest[0]] is Hypothesis.FACE_ALONE
    only = fuse(ratios, applies, [Hypothesis.AS_STATED])
    assert (only.log10_lr[0], only.likeliest[0]) == (2.0, 0)


def test_the_weights_sum_to_one_for_every_layout() -> None:
    assert sum(HYPOTHESIS_WEIGHTS.values()) == pytest.approx(1)
    for face in (False, True):
        for stated, mirrored, probe, person in ((1, 0, 1, 1), (4, 2, 8, 10), (0, 4, 4, 4), (0, 0, 0, 3)):
            layout = Layout(face, stated, mirrored, probe, person)
            shares = [10 ** weight_of(one, layout) for one in HYPOTHESES]
            assert sum(shares) == pytest.approx(1 if any(layout.applies) else 0)


def test_sums_of_logs_bear_nothing_at_all() -> None:
    assert log10_sum(np.array([[1.0, 1.0], [-np.inf, -np.inf], [300.0, -np.inf]])).tolist() == pytest.approx(
        [1.30103, -math.inf, 300.0], abs=1e-5
    )


def test_the_rarest_come_first_then_the_likeliest_then_by_key() -> None:
    some = [
        Candidate(key, ratio, rarity, Hypothesis.AS_STATED, {})
        for key, ratio, rarity in [(4, 1.0, 2.0), (2, 1.0, 2.0), (9, 3.0, 1.0), (1, 2.0, 2.0)]
    ]
    assert [candidate.key for candidate in ranked(some, 3)] == [1, 2, 4]
