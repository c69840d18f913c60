"""How likely chance gives a count or more: upper tails, each P(X >= count)."""

import math

_SMALL = 1e-17
"""Share of a sum at which further terms are left out."""


def poisson_tail(count: int, expected: float) -> float:
    """Of independent rare events."""
    if count <= 0:
        return 1.0
    if expected <= 0:
        return 0.0
    term = total = math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))
    if term == 0 and count < expected:
        return 1.0  # so far above the count that the first term is too small for a float
    n = count
    while n < expected or term > _SMALL * total:
        n += 1
        term *= expected / n
        total += term
        if term == 0:
            break
    return min(total, 1.0)


def gamma_poisson_tail(count: int, shape: float, rate: float, exposure: float) -> float:
    """Of events in `exposure`, where their rate is known as Gamma(shape, rate): negative binomial."""
    if count <= 0:
        return 1.0
    log_stay, log_go = math.log(rate / (rate + exposure)), math.log(exposure / (rate + exposure))
    below = math.fsum(
        math.exp(math.lgamma(n + shape) - math.lgamma(shape) - math.lgamma(n + 1) + shape * log_stay + n * log_go)
        for n in range(count)
    )
    return min(max(1.0 - below, 0.0), 1.0)


def beta_binomial_tail(count: int, of: int, mean: float, correlation: float) -> float:
    """Of `of` trials that share luck. mean: each one's chance, 0 to 1; correlation: of two trials, 0 to 1."""
    if count <= 0 or mean >= 1:
        return 1.0
    if count > of or mean <= 0:
        return 0.0
    scale = (1 - correlation) / correlation
    a, b = mean * scale, (1 - mean) * scale
    constant = math.lgamma(of + 1) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) - math.lgamma(of + a + b)

    def chance(n: int) -> float:
        ways = math.lgamma(n + 1) + math.lgamma(of - n + 1)
        return math.exp(constant - ways + math.lgamma(n + a) + math.lgamma(of - n + b))

    return min(math.fsum(map(chance, range(count, of + 1))), 1.0)
