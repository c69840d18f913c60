from dataclasses import replace

import pytest

from matcher import exact
from matcher.errors import TemplatesIncomparable
from matcher.types import Position
from tests.matcher.made_up import CALIBRATIONS, again, person

FACE, THUMB = Position.FACE, Position.RIGHT_THUMB


def test_the_same_captures_give_full_scores_and_the_curves_top() -> None:
    (only,) = exact.search({7: person(7, (FACE, THUMB))}, person(7, (FACE, THUMB)), CALIBRATIONS)
    assert only.key == 7
    assert only.evidence[FACE].score == pytest.approx(1, abs=1e-6)
    assert only.log10_lr == pytest.approx(3.0 + 4.0, abs=0.1)


def test_everyone_with_a_common_position_is_a_candidate_and_no_one_else() -> None:
    people = {1: person(1, (FACE,)), 2: person(2, (THUMB,)), 3: person(3, (FACE, THUMB)), 4: []}
    assert {c.key for c in exact.search(people, again(3, (THUMB,)), CALIBRATIONS)} == {2, 3}
    assert exact.search(people, again(3, (THUMB,)), CALIBRATIONS, limit=1)[0].key == 3


def test_the_best_of_two_captures_costs_its_second_chance() -> None:
    twice = [*person(1, (FACE,)), *person(2, (FACE,))]
    (only,) = exact.search({1: twice}, person(1, (FACE,)), CALIBRATIONS)
    assert only.log10_lr == pytest.approx(3.0 - 0.30103)


def test_templates_of_other_models_are_refused() -> None:
    other = [replace(template, model="another") for template in person(1, (FACE,))]
    with pytest.raises(TemplatesIncomparable):
        exact.search({1: person(1, (FACE,))}, other, CALIBRATIONS)
