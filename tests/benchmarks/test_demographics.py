"""Made-up families and the figures of searching them."""

import random

from benchmarks.demographics import measure, wilson
from benchmarks.made_up_families import Families, pair_up, state
from scripts.fit_demographics import levels_of, maximise, shares
from service.deduplication.domain.blocking import DEFAULT_KEYS
from service.deduplication.domain.comparison import LEVELS
from service.deduplication.domain.search import SearchPolicy


def test_the_same_seed_makes_the_same_people() -> None:
    people = Families(3).people(50)
    assert people == Families(3).people(50)
    assert pair_up(people, 1, facts=True) == pair_up(people, 1, facts=True)


def test_siblings_have_other_names() -> None:
    children = [one for one in Families(3).people(500) if one.born.year > 2000]
    homes = {(one.clan, one.names[1:], one.mother) for one in children}
    assert len({(one.clan, *one.names, one.mother) for one in children}) == len(children) > len(homes)


def test_most_second_enrolments_are_found() -> None:
    policy = SearchPolicy(0.01, 0.0001, 10)
    figures = measure(400, 200, 5, policy=policy, keys=DEFAULT_KEYS, facts=True)
    review, alarms = figures["fnir_review"], figures["fpir_review"]
    assert isinstance(review, tuple)
    assert isinstance(alarms, tuple)
    assert review[0] < 0.3
    assert alarms[1] <= 0.03


def test_em_finds_m_of_a_mixture_without_the_truth() -> None:
    people = Families(1).people(1500)
    rng = random.Random(1)
    first, second = ([state(who, rng) for who in people] for _ in range(2))
    others = [rng.choice(second) for _ in people]
    mated, non_mated = levels_of(zip(first, second, strict=True)), levels_of(zip(first, others, strict=True))
    fields = ("given", "father", "family", "birth")
    u = {name: shares(non_mated[:, list(LEVELS).index(name)], name) for name in fields}
    share, m = maximise(levels_of([*zip(first, second, strict=True), *zip(first, others, strict=True)]), u)
    true = shares(mated[:, list(LEVELS).index("birth")], "birth")
    assert abs(share - 0.5) < 0.05
    assert abs(m["birth"]["day"] - true["day"]) < 0.05


def test_wilson_contains_the_share_and_stays_within_bounds() -> None:
    share, low, high = wilson(0, 100)
    assert share == low == 0
    assert 0.03 < high < 0.04
