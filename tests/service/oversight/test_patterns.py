"""Each pattern finds what was planted, and blames no one in an honest registry."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.made_up_registry import (
    FIRST_DAY,
    Registry,
    day_of,
    face_pairs,
    missing,
    named,
    periods,
    prints,
    uuid_of,
    volume,
)
from service.adjudication.domain.evidence import PositionEvidence
from service.oversight.domain import parameters as p
from service.oversight.domain.findings import Identity, Kind, Pattern, Subject
from service.oversight.domain.missing_fingers import Missing, exceptions_with_matching_face, is_contradicted
from service.oversight.domain.new_fingers import FacePair, new_fingers_for_a_face
from service.oversight.domain.poor_prints import Prints, poor_prints_bursts
from service.oversight.domain.repeated_people import Named, sender_in_enrolments
from service.oversight.domain.resolution import (
    AgeClass,
    Estimate,
    age_class,
    dpi_of,
    estimates,
    is_off,
    resolution_drift,
    scope_of,
)

SCANNER = Subject(Kind.DEVICE, "scanner-3", "site-0")
SENDER = Subject(Kind.SENDER, "token:3")
STRANGER = UUID(int=10**9)


def registry(seed: int = 1, devices: int = 50, days: int = 60, people: int = 20_000) -> Registry:
    return Registry(devices, days, people, np.random.default_rng(seed))


# Bursts of poor prints


def test_honest_registries_of_60_days_and_50_devices_have_no_more_bursts_than_promised() -> None:
    """Six months, by fixed seeds: chance may blame somebody, but not more often than the share of this pattern."""
    found = [len(poor_prints_bursts(prints(registry(seed)))) for seed in range(3)]
    assert sum(found) <= p.SHARE * 6


def test_a_day_of_poor_prints_is_found_and_no_other() -> None:
    rows = prints(registry())
    planted = [
        replace(one, prints=120, poor=100) if (one.subject, one.day) == (SCANNER, day_of(41)) else one for one in rows
    ]
    (found,) = poor_prints_bursts(planted)
    assert (found.pattern, found.subject, found.scope) == (Pattern.POOR_PRINTS_BURST, SCANNER, "2026-02-11")
    assert (found.count, found.of) == (100, 120)
    assert 10 < found.expected < 30
    assert found.until - found.since == timedelta(days=1)


def test_a_device_whose_every_day_is_poor_cannot_excuse_itself_by_its_own_rate() -> None:
    rows = [replace(one, prints=120, poor=100) if one.subject == SCANNER else one for one in prints(registry())]
    assert {one.subject for one in poor_prints_bursts(rows)} == {SCANNER}


def test_a_registry_with_one_device_has_no_one_to_compare_with() -> None:
    rows = [Prints(SCANNER, date(2026, 1, n), 100, 90) for n in range(1, 29)]
    assert poor_prints_bursts(rows) == []


some_rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 28), st.integers(0, 200), st.floats(0, 1)),
    max_size=60,
    unique_by=lambda one: one[:2],
).map(
    lambda rows: [
        Prints(Subject(Kind.DEVICE, str(who), "a"), date(2026, 1, day), of, round(of * share))
        for who, day, of, share in rows
    ]
)


@settings(max_examples=60)
@given(some_rows, st.randoms())
def test_what_is_found_depends_on_no_order_and_is_more_than_expected(rows: list[Prints], random: object) -> None:
    found = poor_prints_bursts(rows)
    assert poor_prints_bursts(rows[::-1]) == found
    for one in found:
        assert p.LEAST_POOR <= one.count <= one.of
        assert one.count > one.expected


# Exceptions with a matching face


def test_a_candidate_with_the_face_and_the_finger_contradicts_an_exception() -> None:
    face, weak = PositionEvidence(0.7, 4.0), PositionEvidence(0.4, 0.5)
    assert is_contradicted(["left_thumb"], {"face": face}, {"face", "left_thumb"})
    assert not is_contradicted(["left_thumb"], {"face": face}, {"face", "right_thumb"})
    assert not is_contradicted(["left_thumb"], {"face": weak}, {"left_thumb"})
    assert not is_contradicted(["left_thumb"], {}, {"left_thumb"})


def test_honest_exceptions_are_no_pattern() -> None:
    made = registry()
    assert exceptions_with_matching_face(missing(made, 20, 1e-4), volume(made, 20, 0).enrolments) == []


def test_a_device_with_many_exceptions_is_found() -> None:
    made = registry()
    events = missing(made, 20, 1e-4)
    planted = [
        Missing(uuid_of(10**6 + n), FIRST_DAY + timedelta(days=n), (SCANNER, Subject(Kind.SENDER, "token:new")))
        for n in range(8)
    ]
    sent = {**volume(made, 20, 0).enrolments, Subject(Kind.SENDER, "token:new"): 8}
    found = exceptions_with_matching_face([*events, *planted], sent)
    assert [one.subject for one in found] == [SCANNER, Subject(Kind.SENDER, "token:new")]
    assert found[1].enrolments == tuple(one.enrolment for one in reversed(planted))
    assert (found[1].count, found[1].since, found[1].until) == (8, FIRST_DAY, FIRST_DAY + timedelta(days=7))


# The same person in several enrolments of a sender


def test_false_alarms_of_an_honest_registry_name_no_one_too_often() -> None:
    made = registry()
    rows, total = named(made, 20, 0.01)
    assert sender_in_enrolments(rows, volume(made, 20, total)) == []


def test_the_person_whom_a_sender_s_enrolments_name_is_found() -> None:
    made = registry()
    rows, total = named(made, 20, 0.01)
    planted = Named(SENDER.name, STRANGER, 5, FIRST_DAY, FIRST_DAY + timedelta(days=9))
    (found,) = sender_in_enrolments([*rows, planted], volume(made, 20, total + 5))
    assert (found.subject, found.scope, found.count) == (SENDER, str(STRANGER), 5)


def test_a_person_whom_all_senders_have_named_is_no_sender_s() -> None:
    """Some faces resemble many others."""
    made = registry()
    rows, total = named(made, 20, 0.01)
    everywhere = [Named(f"token:{n}", STRANGER, 5, FIRST_DAY, FIRST_DAY) for n in range(12)]
    assert sender_in_enrolments([*rows, *everywhere], volume(made, 20, total + 60)) == []


# New fingers for a face


def test_lookalikes_of_an_honest_registry_are_no_pattern() -> None:
    made = registry()
    assert new_fingers_for_a_face(face_pairs(made, 20, 0.005, 0.01), made.people) == []


def test_a_face_that_comes_with_ever_new_fingers_is_found() -> None:
    made = registry()
    star = [FacePair(uuid_of(10**6 + n), FIRST_DAY, uuid_of(10**7 + n), STRANGER, False) for n in range(6)]
    (found,) = new_fingers_for_a_face([*face_pairs(made, 20, 0.005, 0.01), *star], made.people)
    assert (found.subject, found.count) == (Subject(Kind.PERSON, str(STRANGER)), 6)
    assert set(found.enrolments) == {one.enrolment for one in star}


def test_a_chain_in_which_each_resembles_the_one_before_is_one_face() -> None:
    made = registry(people=10**6)
    chain = [FacePair(uuid_of(10**6 + n), FIRST_DAY, uuid_of(5001 + n), uuid_of(5000 + n), True) for n in range(5)]
    (found,) = new_fingers_for_a_face(chain, made.people)
    assert (found.subject.name, found.count) == (str(uuid_of(5000)), 5)
    assert new_fingers_for_a_face([replace(one, certain=False) for one in chain], made.people) == []


pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=40).map(
    lambda some: [
        FacePair(uuid_of(n + 1), FIRST_DAY, uuid_of(one), uuid_of(other), sure)
        for n, (one, other, sure) in enumerate(some)
    ]
)


@given(pairs)
def test_groups_depend_on_no_order_and_no_enrolment_counts_twice(some: list[FacePair]) -> None:
    found = new_fingers_for_a_face(some, 10**6)
    assert new_fingers_for_a_face(some[::-1], 10**6) == found
    concerned = [one for each in found for one in each.enrolments]
    assert len(concerned) == len(set(concerned))
    assert all(len(set(one.enrolments)) == one.count >= p.LEAST_CASES for one in found)


# Resolution


@pytest.mark.parametrize("seed", range(3))
def test_honest_scanners_do_not_drift(seed: int) -> None:
    assert resolution_drift(estimates(periods(registry(seed), 150, {})), ()) == []


@pytest.mark.parametrize("factor", [500 / 400, 500 / 600, 500 / 300, 0.5])
def test_a_scanner_that_states_a_wrong_resolution_is_found(factor: float) -> None:
    (found,) = resolution_drift(estimates(periods(registry(), 150, {SCANNER.name: factor})), ())
    assert (found.subject, found.scope, found.count) == (SCANNER, "500.0 dpi", 150)
    assert found.measured is not None
    assert found.usual is not None
    assert found.measured / found.usual == pytest.approx(factor, rel=0.1)


def test_only_the_last_prints_count() -> None:
    before = list(periods(registry(), p.DRIFT_PRINTS, {SCANNER.name: 0.6}))
    after = list(periods(registry(), p.DRIFT_PRINTS, {}))
    assert resolution_drift(estimates([*before, *after]), ()) == []
    assert [one.subject for one in resolution_drift(estimates([*after, *before]), ())] == [SCANNER]


def test_children_are_compared_with_children() -> None:
    """A school's scanner sees finer ridges."""
    school = Subject(Kind.DEVICE, "school", "a")
    among = list(periods(registry(), 150, {}))
    at_school = [replace(one, device=school) for one in among if one.age is AgeClass.CHILD][:200]
    assert resolution_drift(estimates([*among, *at_school]), ()) == []


def estimate(off: float, prints_seen: int = 200) -> Estimate:
    return Estimate(math.exp(off), 9.0, prints_seen, FIRST_DAY, FIRST_DAY)


@given(st.lists(st.floats(-0.3, 0.3), max_size=30))
def test_a_finding_does_not_flap(nights: list[float]) -> None:
    """Between the two limits nothing changes."""
    already = False
    for off in nights:
        after = is_off(estimate(off), already=already)
        if p.DRIFT_LEAVES + 1e-9 < abs(off) <= p.DRIFT_ENTERS:
            assert after == already
        already = after
        if abs(off) < p.DRIFT_LEAVES - 1e-9:
            assert not already


def test_a_drift_that_is_open_stays_until_the_ridges_fit_again() -> None:
    scanners: dict[tuple[Subject, float | None], Estimate] = {(SCANNER, 500.0): estimate(0.1)}
    identity = Identity(Pattern.RESOLUTION_DRIFT, SCANNER, "500.0 dpi")
    assert resolution_drift(scanners, ()) == []
    assert [one.identity for one in resolution_drift(scanners, [identity])] == [identity]


@given(st.one_of(st.none(), st.floats(50, 2500)))
def test_a_scope_is_the_resolution(dpi: float | None) -> None:
    assert dpi_of(scope_of(dpi)) == dpi


def test_age_is_told_by_date_or_year() -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    assert age_class(2020, at) is AgeClass.CHILD
    assert age_class(1990, at) is AgeClass.ADULT
    assert age_class(None, at) is AgeClass.UNKNOWN
