import re
from collections.abc import Callable, Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.ids import new_uuid
from service.registry.domain.identifiers import (
    easy_to_tell,
    is_household_id,
    is_person_number,
    new_household_ids,
    new_person_numbers,
)


def none_taken(drawn: Collection[str]) -> Collection[str]:
    return ()


@pytest.mark.parametrize("length", [8, 10, 12])
def test_person_numbers_have_their_shape(length: int) -> None:
    numbers = new_person_numbers(200, none_taken, length)
    assert len(set(numbers)) == 200
    for number in numbers:
        assert re.fullmatch(rf"[2-9][0-9]{{{length - 1}}}", number)
        assert is_person_number(number)
        assert easy_to_tell(number)


@pytest.mark.parametrize(
    "number",
    [
        "1593728406",  # starts with 1
        "2955173840",  # 55
        "2959173840",  # 959
        "2912384075",  # 123
        "2932184075",  # 321
        "2571936257",  # 257.. twice by block 57
        "2468135790",  # three even digits in a row
        "5283152831",  # halves alike
        "5283113825",  # halves mirrored
        "9142857306",  # cyclic
        "9285714306",  # cyclic, turned
        "5378641920",  # 786
    ],
)
def test_confusing_numbers_are_never_given(number: str) -> None:
    assert not easy_to_tell(number)


@pytest.mark.parametrize("new_numbers", [new_person_numbers, new_household_ids])
def test_numbers_that_are_taken_are_not_given_again(
    new_numbers: Callable[[int, Callable[[Collection[str]], Collection[str]]], list[str]],
) -> None:
    asked: list[set[str]] = []

    def taken(drawn: Collection[str]) -> Collection[str]:
        asked.append(set(drawn))
        return sorted(drawn)[:2] if len(asked) < 3 else ()

    given = new_numbers(5, taken)
    assert len(set(given)) == 5
    assert [len(some) for some in asked] == [5, 2, 2]
    assert not set(given) & {number for some in asked[:2] for number in sorted(some)[:2]}


@given(st.integers(0, 9), st.integers(0, 9))
def test_every_single_wrong_digit_is_noticed(place: int, digit: int) -> None:
    number = new_person_numbers(1, none_taken)[0]
    wrong = number[:place] + str(digit) + number[place + 1 :]
    assert is_person_number(wrong) == (wrong == number)


@given(st.integers(1, 9))
def test_household_ids_notice_every_swap_of_neighbours(place: int) -> None:
    number = new_household_ids(1, none_taken)[0]
    assert is_household_id(number)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert is_household_id(swapped) == (swapped == number)


def test_one_kind_of_number_is_never_taken_for_the_other() -> None:
    assert not is_household_id(new_person_numbers(1, none_taken)[0])
    assert not is_person_number(new_household_ids(1, none_taken)[0])


def test_uuids_are_of_version_7_and_sort_by_time() -> None:
    made = [new_uuid() for _ in range(3)]
    assert {one.version for one in made} == {7}
    assert all(one.variant == made[0].variant for one in made)
    assert made[0].int >> 80 <= made[-1].int >> 80
