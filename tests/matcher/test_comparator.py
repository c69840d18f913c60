from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import (
    CalibrationUnusable,
    Comparator,
    Extractor,
    Position,
    SearchIndex,
    Template,
    TemplateFormat,
    TemplatesIncomparable,
)
from tests.matcher import made_up

FACE, THUMB, INDEX = Position.FACE, Position.RIGHT_THUMB, Position.RIGHT_INDEX


@pytest.fixture(scope="module")
def comparator(extractor: Extractor) -> Comparator:
    return Comparator(extractor.format)


@pytest.fixture(scope="module")
def made_up_index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    return SearchIndex(made_up.FORMAT, made_up.models_in(tmp_path_factory.mktemp("models")), threads=1)


@pytest.fixture(scope="module")
def made_up_comparator(tmp_path_factory: pytest.TempPathFactory) -> Comparator:
    return Comparator(made_up.FORMAT, made_up.models_in(tmp_path_factory.mktemp("models")))


def test_one_person_is_distinguished_from_two(
    comparator: Comparator, first: list[Template], again: list[Template], second: list[Template]
) -> None:
    mated, non_mated = comparator.compare(again, first), comparator.compare(second, first)
    assert set(mated.evidence) == {FACE, INDEX}
    assert mated.log10_lr > 3
    assert non_mated.log10_lr < 0
    assert mated.log10_lr == pytest.approx(sum(part.log10_lr for part in mated.evidence.values()), abs=0.2)


def test_nothing_in_common_is_no_evidence(
    comparator: Comparator, first: list[Template], second: list[Template]
) -> None:
    comparison = comparator.compare(first[:1], second[1:])
    assert (comparison.log10_lr, comparison.evidence) == (0.0, {})


def test_templates_of_other_models_are_refused(comparator: Comparator, first: list[Template]) -> None:
    other = [replace(template, model="another") for template in first]
    with pytest.raises(TemplatesIncomparable):
        comparator.compare(first, other)
    with pytest.raises(TemplatesIncomparable):
        comparator.rank(first, {1: first, 2: other}, 2)
    with pytest.raises(TemplatesIncomparable):
        comparator.rank(other, {}, 2)


def test_without_fitting_curves_nothing_is_compared(extractor: Extractor, tmp_path: Path) -> None:
    with pytest.raises(CalibrationUnusable, match=r"calibration\.json"):
        Comparator(extractor.format, tmp_path)
    with pytest.raises(CalibrationUnusable, match="another"):
        Comparator(TemplateFormat({**extractor.format.models, "face": "another"}, extractor.format.dimensions))


some_positions = st.lists(st.sampled_from([FACE, THUMB, INDEX]), min_size=1, max_size=3, unique=True)
captures = st.tuples(st.integers(0, 3), some_positions, st.sampled_from([0.1, 0.4, 1.0]))
"""Seed of the person, positions, and noise against the first capture."""


@st.composite
def some_people(draw: st.DrawFn) -> dict[int, list[Template]]:
    """Up to 12 people, some with several captures of a position; only four differ, so many are mates."""
    keys = draw(st.lists(st.integers(0, 10**9), max_size=12, unique=True))
    return {
        key: [
            template
            for time, (seed, positions, noise) in enumerate(draw(st.lists(captures, max_size=3)))
            for template in made_up.again(seed, positions, time=100 * at + time, noise=noise)
        ]
        for at, key in enumerate(keys)
    }


@settings(max_examples=60, deadline=None)
@given(people=some_people(), probe=captures, limit=st.integers(1, 12))
def test_a_few_people_are_ranked_as_a_search_index_of_them_would(
    made_up_comparator: Comparator,
    made_up_index: SearchIndex,
    people: dict[int, list[Template]],
    probe: tuple[int, list[Position], float],
    limit: int,
) -> None:
    seed, positions, noise = probe
    templates = made_up.again(seed, positions, time=9, noise=noise)
    made_up_index.clear()
    for key, theirs in people.items():
        made_up_index.add(key, theirs)
    found, wanted = made_up_comparator.rank(templates, people, limit), made_up_index.search(templates, limit)
    assert [one.key for one in found] == [one.key for one in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert one.log10_lr == pytest.approx(other.log10_lr, abs=1e-5)
        assert one.evidence.keys() == other.evidence.keys()
        for position, part in one.evidence.items():
            assert part.score == pytest.approx(other.evidence[position].score, abs=1e-6)
            assert part.log10_lr == pytest.approx(other.evidence[position].log10_lr, abs=1e-5)


def test_people_without_a_common_position_are_left_out(made_up_comparator: Comparator) -> None:
    thumbs = {key: made_up.person(key, (THUMB,)) for key in range(10)}
    people = {**thumbs, 10: made_up.person(10, (FACE, INDEX)), 11: []}
    found = made_up_comparator.rank(made_up.again(10, (FACE,)), people, 20)
    assert [candidate.key for candidate in found] == [10]
    assert set(found[0].evidence) == {FACE}
    assert made_up_comparator.rank([], people, 20) == []
    assert made_up_comparator.rank(made_up.again(10, (FACE,)), {}, 20) == []


def test_equal_evidence_is_ranked_by_key(made_up_comparator: Comparator) -> None:
    people = {key: made_up.person(1, (FACE, THUMB)) for key in (9, 3, 6)}
    found = made_up_comparator.rank(made_up.again(1, (FACE, THUMB)), people, 2)
    assert [candidate.key for candidate in found] == [3, 6]


def test_warming_up_compares_what_was_made_up(made_up_comparator: Comparator) -> None:
    made_up_comparator.warm_up()


@settings(max_examples=40, deadline=None)
@given(visits=st.lists(captures | st.none(), max_size=8))
def test_each_probe_is_ranked_among_those_before_it(
    made_up_comparator: Comparator, visits: list[tuple[int, list[Position], float] | None]
) -> None:
    """None: a person without captures."""
    probes = [
        [] if one is None else made_up.again(one[0], one[1], time=time, noise=one[2]) for time, one in enumerate(visits)
    ]
    for place, found in enumerate(made_up_comparator.rank_earlier(probes, 10)):
        earlier = {other: probes[other] for other in range(place)}
        wanted = made_up_comparator.rank(probes[place], earlier, 10)
        assert [one.key for one in found] == [one.key for one in wanted]
        assert [one.log10_lr for one in found] == pytest.approx([one.log10_lr for one in wanted], abs=1e-5)
