import numpy as np
import pytest

from benchmarks.evasion import PERMUTED, POSITIONS, SHIFTED, SWAPPED, bootstrapped, exact_interval, placed
from matcher.fuse import COLUMN, MIRROR
from tests.matcher.made_up import person


def test_the_orders_are_what_they_are_called() -> None:
    assert [int(MIRROR[COLUMN[one]]) for one in POSITIONS] == [COLUMN[one] for one in SWAPPED]
    for order in (SWAPPED, SHIFTED, PERMUTED):
        assert sorted(order) == sorted(POSITIONS)
        assert order != POSITIONS
    assert PERMUTED not in (SWAPPED, SHIFTED)


def test_fingers_are_placed_in_order() -> None:
    found = placed(person(1, POSITIONS), SHIFTED)
    assert [one.position for one in found] == list(SHIFTED)
    assert (found[0].vector == person(1, POSITIONS)[0].vector).all()


@pytest.mark.parametrize(("count", "of"), [(0, 10), (3, 10), (10, 10)])
def test_intervals_hold_the_share(count: int, of: int) -> None:
    low, high = exact_interval(count, of)
    assert 0 <= low <= count / of <= high <= 1
    assert high - low > 0.2
    some = [bool(one) for one in np.arange(of) < count]
    low, high = bootstrapped(some, 200, 1)
    assert 0 <= low <= count / of <= high <= 1
