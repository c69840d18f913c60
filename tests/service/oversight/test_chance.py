"""Tails of chance, against SciPy's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from service.oversight.domain.chance import beta_binomial_tail, gamma_poisson_tail, poisson_tail

counts = st.integers(0, 60)


@given(counts, st.floats(1e-6, 40))
def test_poisson(count: int, expected: float) -> None:
    assert poisson_tail(count, expected) == pytest.approx(float(stats.poisson.sf(count - 1, expected)), rel=1e-6)


def test_what_is_expected_far_more_often_is_certain() -> None:
    assert poisson_tail(3, 1000) == 1.0


@given(counts, st.floats(0.1, 50), st.floats(1, 1e5), st.floats(1, 1e4))
def test_gamma_poisson(count: int, shape: float, rate: float, exposure: float) -> None:
    truth = float(stats.nbinom.sf(count - 1, shape, rate / (rate + exposure)))
    assert gamma_poisson_tail(count, shape, rate, exposure) == pytest.approx(truth, rel=1e-6, abs=1e-12)


@given(counts, st.integers(1, 60), st.floats(0.01, 0.99), st.floats(0.01, 0.3))
def test_beta_binomial(count: int, of: int, mean: float, correlation: float) -> None:
    scale = (1 - correlation) / correlation
    truth = float(stats.betabinom.sf(count - 1, of, mean * scale, (1 - mean) * scale))
    assert beta_binomial_tail(count, of, mean, correlation) == pytest.approx(truth, rel=1e-5, abs=1e-11)


@pytest.mark.parametrize("tail", [lambda n: poisson_tail(n, 3.0), lambda n: beta_binomial_tail(n, 50, 0.2, 0.05)])
def test_more_is_never_likelier(tail: object) -> None:
    assert callable(tail)
    found = [tail(n) for n in range(60)]
    assert found == sorted(found, reverse=True)
    assert found[0] == 1
