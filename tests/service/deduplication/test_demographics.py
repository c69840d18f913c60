"""Comparing what people state: spellings, levels, guards, keys and weights."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.deduplication.domain.blocking import (
    DEFAULT_KEYS,
    CombinationUnusable,
    combinations,
    kept_keys,
    searched_keys,
)
from service.deduplication.domain.comparison import LEVELS, Guard, compare
from service.deduplication.domain.spelling import Likeness, likeness, words
from service.deduplication.domain.stated import Birth, Stated, birth_of, named
from service.deduplication.domain.weights import weigh
from service.deduplication.steps.weights import fitted_weights

FIRST = ["Mohamed", "محمد", "Hassan", "Hussein", "حسين", "Aïcha", "Abd al-Rahman", "Ali", "x", "Ibrahim", ""]
texts = st.lists(st.sampled_from(FIRST), min_size=1, max_size=3).map(" ".join)
births = st.none() | st.builds(
    Birth, st.integers(1950, 2020), st.none() | st.integers(1, 12), st.none() | st.integers(1, 28), st.booleans()
)


@st.composite
def statements(draw: st.DrawFn) -> Stated:
    names = named([draw(texts)], draw(st.lists(texts, max_size=1)), draw(st.lists(texts, max_size=1)))
    area = draw(st.none() | st.sampled_from("ab"))
    documents = draw(st.frozensets(st.sampled_from("pq"), max_size=2))
    return Stated(**names, sex=draw(st.none() | st.just("male")), birth=draw(births), area=area, documents=documents)


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [
        ("محمد", "Muhammad", Likeness.SOUND),
        ("Mohamed", "Maxamed", Likeness.SOUND),
        ("عائشة", "Aïcha", Likeness.SOUND),
        ("عبد الرحمن", "Abdourahman", Likeness.SOUND),
        ("Omar", "Cumar", Likeness.SOUND),
        ("Kadidja", "Khadija", Likeness.CLOSE),
        ("Aïcha", "AICHA", Likeness.EXACT),
    ],
)
def test_spellings_of_one_name_agree(one: str, other: str, least: Likeness) -> None:
    assert likeness(words(one), words(other)) >= least


@pytest.mark.parametrize(
    ("one", "other"), [("Hassan", "Hussein"), ("حسين", "Hassan"), ("Ali", "Aden"), ("Asma", "Sami")]
)
def test_other_names_do_not_sound_alike(one: str, other: str) -> None:
    assert likeness(words(one), words(other)) < Likeness.SOUND


def test_articles_and_words_for_son_are_no_names() -> None:
    assert words("Abd al-Rahman  ben El-Idrissi") == ("abdrahman", "idrissi")


def test_a_whole_name_has_its_parts_by_place_and_stated_parents_come_first() -> None:
    assert named(["Ali Omar Hassan"], ["Saïd"]) == {
        "given": ("ali",),
        "father": ("said",),
        "family": ("hassan",),
        "mother": (),
    }
    assert named(["Ali"])["family"] == ()


def test_the_first_of_january_is_a_year_alone() -> None:
    assert birth_of(date(1980, 1, 1), None, estimated=False) == Birth(1980)
    assert birth_of(date(1980, 5, 1), None, estimated=True) == Birth(1980, estimated=True)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (Birth(1980, 5, 7), Birth(1980, 5, 7), "day"),
        (Birth(1980, 5, 7), Birth(1980, 7, 5), "swapped"),
        (Birth(1980, 5, 7), Birth(1980, 5, 8), "part"),
        (Birth(1980, 5, 7), Birth(1980, 6, 8), "year"),
        (Birth(1980, 5, 7), Birth(1980), "year_alone"),
        (Birth(1980), Birth(1981), "one_off"),
        (Birth(1980), Birth(1982), "two_off"),
        (Birth(1980), Birth(1983), "far"),
        (Birth(1980, estimated=True), Birth(1982, 5, 7), "guess_near"),
        (Birth(1980, estimated=True), Birth(1985), "guess_off"),
        (Birth(1980, estimated=True), Birth(1986), "guess_far"),
    ],
)
def test_births_have_levels(one: Birth, other: Birth, level: str) -> None:
    assert compare(Stated(birth=one), Stated(birth=other))["birth"].level == level


@given(statements(), statements())
def test_a_comparison_is_the_same_from_both_sides(one: Stated, other: Stated) -> None:
    weights = fitted_weights()
    assert weigh(one, other, weights) == weigh(other, one, weights)
    assert all(found.level in LEVELS[field] for field, found in compare(one, other).items())


@given(statements(), statements())
def test_keys_are_shared_from_both_sides(one: Stated, other: Stated) -> None:
    some = combinations(DEFAULT_KEYS)
    there, back = kept_keys(one, some) & searched_keys(other, some), kept_keys(other, some) & searched_keys(one, some)
    assert bool(there) == bool(back)
    assert kept_keys(one, some) <= searched_keys(one, some)


CHILD = Stated(**named(["Hassan Ali Omar"], mother=["Amina"]), sex="male", birth=Birth(2015, 5, 7))


def test_a_twin_is_no_duplicate() -> None:
    found = weigh(CHILD, replace(CHILD, given=("youssouf",)), fitted_weights())
    assert found.guard is Guard.OTHER_GIVEN


def test_a_twin_of_nearly_the_same_name_is_only_reviewed() -> None:
    assert weigh(CHILD, replace(CHILD, given=("hussein",)), fitted_weights()).guard is Guard.TWINS


def test_a_mother_is_not_her_child() -> None:
    mother = replace(CHILD, birth=Birth(1985, 5, 7))
    assert weigh(CHILD, mother, fitted_weights()).guard is Guard.GENERATION


def test_a_document_overrides_every_guard() -> None:
    one, other = (replace(CHILD, documents=frozenset("p"), given=(name,)) for name in ("hassan", "youssouf"))
    assert weigh(one, other, fitted_weights()).guard is None


def test_a_rare_name_weighs_more_than_a_common_one() -> None:
    rare, common = (
        weigh(Stated(given=(name,)), Stated(given=(name,)), fitted_weights()) for name in ("zqdbkr", "mohamed")
    )
    assert rare.log10_lr > common.log10_lr + 1


def test_rarity_rises_with_evidence_and_relatives_bound_it() -> None:
    weights = fitted_weights()
    assert weights.rarity(8, 10_000) > weights.rarity(6, 10_000)
    alarms_small, alarms_large = (people / 10 ** weights.rarity(6, people) for people in (1_000, 1_000_000))
    assert 10 ** weights.relatives(6) <= alarms_small < alarms_large


@pytest.mark.parametrize("text", ["", "given+", "given+month", "given~1", "year~9"])
def test_unusable_keys_are_refused_by_name(text: str) -> None:
    with pytest.raises(CombinationUnusable):
        combinations(text)


@pytest.mark.parametrize(("one", "other"), [("አበበ", "ተስፋዬ"), ("Иван", "Пётр"), ("Aya", "Oui")])
def test_names_without_sounds_of_ours_are_alike_by_their_letters_alone(one: str, other: str) -> None:
    """All of them have the same sound, which is none."""
    assert likeness([one.lower()], [other.lower()]) is Likeness.OTHER
    assert likeness([one.lower()], [one.lower()]) is Likeness.EXACT
    some = combinations("given+year")
    first, second = (kept_keys(Stated(given=(text.lower(),), birth=Birth(1990)), some) for text in (one, other))
    assert first
    assert not first & second
