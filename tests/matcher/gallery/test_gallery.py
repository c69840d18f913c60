import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher import exact
from matcher.errors import TemplatesIncomparable
from matcher.gallery import Gallery, preselection, untrained, ways
from matcher.gallery import gallery as module
from matcher.types import Candidate, Hypothesis, Position, Template
from tests.matcher.made_up import CALIBRATIONS, DIMENSIONS, again, person

FACE, THUMB, INDEX = Position.FACE, Position.RIGHT_THUMB, Position.RIGHT_INDEX
KINDS = [(FACE,), (THUMB,), (FACE, THUMB), (FACE, THUMB, INDEX)]
"""The positions of different people in a mixed gallery."""
CLOSE = 0.02
"""log10 LR: rounding, and what hypotheses would add that the vectors rule out."""


CODERS = {"face": untrained(DIMENSIONS["face"], 4), "finger": untrained(DIMENSIONS["finger"], 6)}


def scan(gallery: Gallery, probe: list[Template]) -> list[Candidate]:
    """The plain scan of what a gallery keeps."""
    return exact.search(dict(gallery.people()), probe, CALIBRATIONS)


def empty() -> Gallery:
    return Gallery(DIMENSIONS, CALIBRATIONS, CODERS, threads=2)


def gallery_of(people: dict[int, list[Template]]) -> Gallery:
    gallery = empty()
    gallery.add_many(people.items())
    return gallery


def mixed_people(count: int) -> dict[int, list[Template]]:
    return {key: person(key, KINDS[key % len(KINDS)]) for key in range(count)}


def assert_same_but_for_ties(found: Sequence[Candidate], wanted: Sequence[Candidate]) -> None:
    """Rounding may separate or swap people of equal evidence; it never changes the evidence itself."""
    np.testing.assert_allclose([c.log10_lr for c in found], [c.log10_lr for c in wanted], atol=CLOSE)
    by_key = {candidate.key: candidate for candidate in wanted}
    last = wanted[-1].log10_lr if wanted else 0.0
    for candidate in found:
        assert candidate.key in by_key or candidate.log10_lr == pytest.approx(last, abs=CLOSE)
        if candidate.key in by_key:
            assert candidate.log10_lr == pytest.approx(by_key[candidate.key].log10_lr, abs=CLOSE)
            assert candidate.evidence.keys() == by_key[candidate.key].evidence.keys()


def likely(candidates: Sequence[Candidate]) -> list[Candidate]:
    return [candidate for candidate in candidates if candidate.log10_lr > 0]


def may_be_shown(candidates: Sequence[Candidate], people: int) -> list[Candidate]:
    """Candidates with more evidence than one non-mated person of so many gets. Below, vectors rule some people out."""
    return [candidate for candidate in candidates if candidate.log10_lr > np.log10(people)]


@pytest.mark.parametrize("positions", [(FACE,), (THUMB,), (INDEX, THUMB), (FACE, THUMB, INDEX)])
def test_a_small_gallery_is_searched_as_a_plain_scan_would(positions: tuple[Position, ...]) -> None:
    people = mixed_people(60)
    gallery = gallery_of(people)
    for key in (3, 7, 30, 59):
        probe = again(key, positions)
        found, wanted = gallery.search(probe, limit=60), scan(gallery, probe)
        assert_same_but_for_ties(likely(found), likely(wanted))
        evidence = {candidate.key: candidate.log10_lr for candidate in wanted}
        for candidate in found:
            assert candidate.log10_lr == pytest.approx(evidence[candidate.key], abs=CLOSE)


def test_mates_are_found_first_by_any_part_of_them() -> None:
    people = {key: person(key, (FACE, THUMB, INDEX)) for key in range(40)}
    gallery = gallery_of(people)
    for positions in KINDS:
        for key in range(0, 40, 7):
            best = gallery.search(again(key, positions))[0]
            assert best.key == key
            assert best.log10_lr > 2
            assert set(best.evidence) == set(positions)
            assert best.hypothesis is Hypothesis.AS_STATED
            assert best.log10_lr == pytest.approx(sum(part.log10_lr for part in best.evidence.values()), abs=0.2)


def test_faces_alone_do_not_crowd_out_the_few_with_fingers() -> None:
    people = {key: person(key, (FACE,)) for key in range(700)} | {900: person(900, (THUMB,))}
    found = gallery_of(people).search(again(900, (THUMB,), noise=0.7))
    assert [candidate.key for candidate in found] == [900]


def test_several_captures_of_a_position_and_the_best_counts() -> None:
    gallery = gallery_of({1: person(1, (FACE,)), 2: person(2, (FACE,))})
    gallery.add(1, person(77, (FACE,)))
    gallery.add(1, person(1, (THUMB,)))
    assert len(gallery) == 2
    face = gallery.search(person(77, (FACE,)))[0]
    assert face.key == 1
    assert face.evidence[FACE].score == pytest.approx(1, abs=1e-4)
    assert face.log10_lr == pytest.approx(3.0 - np.log10(2), abs=1e-3)
    assert gallery.search(again(1, (THUMB,)))[0].key == 1


def test_removed_people_are_gone_and_may_come_back() -> None:
    people = {key: person(key, (FACE,)) for key in range(30)}
    gallery = gallery_of(people)
    for key in range(0, 30, 2):
        gallery.remove(key)
    gallery.remove(12345)
    for key in range(30):
        assert (key in gallery) == bool(key % 2)
        assert all(candidate.key % 2 for candidate in gallery.search(person(key, (FACE,)), limit=100))
    gallery.add(4, people[4])
    assert 4 in gallery
    assert gallery.search(person(4, (FACE,)))[0].key == 4
    assert len(gallery) == 16


def test_equal_evidence_comes_in_the_order_of_keys() -> None:
    gallery = gallery_of({key: person(5, (FACE,)) for key in (9, 3, 6)})
    assert [candidate.key for candidate in gallery.search(person(5, (FACE,)))] == [3, 6, 9]


FINGERS = [position for position in Position if position.is_finger]
some_fingers = st.lists(st.sampled_from(FINGERS), min_size=1, max_size=3, unique=True)


def mislabelled(templates: Sequence[Template], labels: Sequence[Position]) -> list[Template]:
    """The same captures, with the fingers among them under other labels."""
    names = iter(labels)
    return [replace(one, position=next(names)) if one.position.is_finger else one for one in templates]


some_hypotheses = st.lists(st.sampled_from(Hypothesis), min_size=1, unique=True) | st.just(list(Hypothesis))


@settings(max_examples=40, deadline=None)
@given(some_fingers, st.booleans(), st.data(), st.integers(0, 24))
def test_mislabelled_fingers_are_found_as_a_plain_scan_would(
    shown: list[Position], face: bool, data: st.DataObject, key: int
) -> None:
    people = {who: person(who, [*[FACE][: who % 2], *FINGERS[who % 5 : who % 5 + 1 + who % 3]]) for who in range(25)}
    people[7] += again(7, [people[7][-1].position], time=3)
    gallery = gallery_of(people)
    labels = data.draw(st.permutations(FINGERS))[: len(shown)]
    probe = mislabelled([*again(key, [FACE][:face]), *again(key, shown)], labels)
    among = data.draw(some_hypotheses)
    found = gallery.search(probe, 25, among)
    wanted = exact.search(dict(gallery.people()), probe, CALIBRATIONS, among=among)
    assert_same_but_for_ties(may_be_shown(found, 25 * 100), may_be_shown(wanted, 25 * 100))  # at an FPIR of 1 %
    theirs = {candidate.key: candidate.evidence for candidate in wanted}
    for candidate in may_be_shown(found, 25 * 100):
        for position, one in candidate.evidence.items():
            if one.score > 0.3:
                assert one.found_at == theirs[candidate.key][position].found_at


RIGHT, LEFT = FINGERS[:4], FINGERS[5:9]


def gallery_of_right_hands() -> Gallery:
    return gallery_of({key: person(key, [FACE, *RIGHT]) for key in range(300)})


def test_swapped_hands_are_found() -> None:
    best, *others = gallery_of_right_hands().search(mislabelled(again(123, RIGHT), LEFT))
    assert (best.key, best.hypothesis) == (123, Hypothesis.HANDS_SWAPPED)
    assert {position: one.found_at for position, one in best.evidence.items()} == dict(zip(LEFT, RIGHT, strict=True))
    assert best.rarity > 10
    assert not likely(others)


def test_shifted_fingers_are_found() -> None:
    moved = [*RIGHT[1:], RIGHT[0]]
    best, *others = gallery_of_right_hands().search(mislabelled(again(123, [FACE, *RIGHT]), moved))
    assert (best.key, best.hypothesis) == (123, Hypothesis.ANY_POSITION)
    at = {position: one.found_at for position, one in best.evidence.items() if position is not FACE}
    assert at == dict(zip(moved, RIGHT, strict=True))
    assert best.rarity > max(one.rarity for one in others) + 5


def test_a_true_face_is_found_among_anothers_fingers() -> None:
    probe = [*again(123, [FACE]), *person(9_000, RIGHT)]
    best, *_ = gallery_of_right_hands().search(probe)
    assert (best.key, best.hypothesis) == (123, Hypothesis.FACE_ALONE)
    assert set(best.evidence) == {FACE, *RIGHT}


def test_true_fingers_are_found_under_anothers_face() -> None:
    best, *_ = gallery_of_right_hands().search([*person(9_000, [FACE]), *again(123, RIGHT)])
    assert (best.key, best.hypothesis) == (123, Hypothesis.FINGERS_ALONE)


def test_one_true_finger_is_found_among_three_of_others() -> None:
    probe = [*again(123, RIGHT[1:2]), *(person(9_000 + at, [RIGHT[at]])[0] for at in (0, 2, 3))]
    best, *_ = gallery_of_right_hands().search(probe)
    assert (best.key, best.hypothesis) == (123, Hypothesis.SOME_FALSE)
    assert best.evidence[RIGHT[1]].log10_lr == max(one.log10_lr for one in best.evidence.values()) > 2


def test_only_the_hypotheses_that_count_are_considered() -> None:
    gallery, probe = gallery_of_right_hands(), mislabelled(again(123, RIGHT), LEFT)
    assert gallery.search(probe, among=[Hypothesis.AS_STATED]) == []
    assert gallery.search(probe, among=[Hypothesis.ANY_POSITION])[0].key == 123
    assert gallery.search([], among=[Hypothesis.ANY_POSITION]) == []


def test_nothing_to_find() -> None:
    gallery = empty()
    assert gallery.search(person(1, (FACE,))) == []
    gallery.add(1, person(1, (FACE,)))
    assert gallery.search(person(1, (THUMB,))) == []
    assert gallery.search([]) == []


def test_a_person_without_any_capture_is_enrolled_and_never_found() -> None:
    gallery = gallery_of({1: [], 2: person(2, (FACE,))})
    assert len(gallery) == 2
    assert [candidate.key for candidate in gallery.search(again(2, (FACE, THUMB)))] == [2]


def test_templates_of_other_models_are_refused() -> None:
    gallery = gallery_of({1: person(1, (FACE,))})
    other = [replace(template, model="another") for template in person(2, (FACE,))]
    with pytest.raises(TemplatesIncomparable, match="another"):
        gallery.search(other)
    with pytest.raises(TemplatesIncomparable, match="another"):
        gallery.add(2, other)
    assert 2 not in gallery


def test_a_finger_without_minutiae_is_refused() -> None:
    with pytest.raises(TemplatesIncomparable, match="without minutiae"):
        gallery_of({1: [replace(person(1, (THUMB,))[0], minutiae=None)]})


def test_in_a_gallery_larger_than_the_preselection_mates_still_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "PRESELECTION_SIZES", ((0, 100),))
    having = (FACE, THUMB, INDEX)
    people = {key: person(key, having) for key in range(400)}
    gallery = gallery_of(people)
    kept = dict(gallery.people())
    for key in (0, 199, 399):
        probe = again(key, having)
        best = gallery.search(probe, limit=1)
        assert_same_but_for_ties(best, exact.search({key: kept[key]}, probe, CALIBRATIONS))


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["add", "again", "remove"]), st.integers(0, 5), st.sampled_from(KINDS)), max_size=20
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS, st.integers(0, 5), st.sampled_from(KINDS))
def test_any_sequence_of_changes_ends_as_the_plain_scan_of_the_people_left(
    actions: list[tuple[str, int, tuple[Position, ...]]], key: int, positions: tuple[Position, ...]
) -> None:
    gallery, left = empty(), dict[int, list[Template]]()
    for what, who, having in actions:
        if what == "remove":
            gallery.remove(who)
            left.pop(who, None)
        else:
            new = person(who, having) if what == "add" else again(who, having)
            gallery.add(who, new)
            left[who] = left.get(who, []) + new
    probe = again(key, positions, time=2)
    assert {who: len(templates) for who, templates in gallery.people()} == {w: len(t) for w, t in left.items()}
    found, wanted = gallery.search(probe), scan(gallery, probe)
    assert_same_but_for_ties(may_be_shown(found, max(len(left), 1)), may_be_shown(wanted, max(len(left), 1)))


def test_searches_go_on_while_people_come_and_go() -> None:
    gallery = gallery_of({key: person(key, (FACE, THUMB)) for key in range(100)})
    failures: list[BaseException] = []

    def come_and_go() -> None:
        try:
            for key in range(200, 300):
                gallery.add(key, person(key, (FACE,)))
                gallery.remove(key)
        except BaseException as error:
            failures.append(error)

    worker = threading.Thread(target=come_and_go)
    worker.start()
    while worker.is_alive():
        assert gallery.search(again(42, (FACE, THUMB)))[0].key == 42
    worker.join()
    assert not failures
    assert len(gallery) == 100


def test_a_person_replaced_during_a_search_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old row is removed before its block is scanned, and the new row is in a block made after the scan began."""
    monkeypatch.setattr(preselection, "BLOCK_ROWS", 8)
    gallery = gallery_of({key: person(key, (FACE,)) for key in range(8)})
    scan, moved = preselection.Block.scan, list[int]()

    def replaced_first(*arguments: Any) -> Any:
        if not moved:
            moved.append(7)
            gallery.replace({7: person(7, (FACE,))})
        return scan(*arguments)

    monkeypatch.setattr(preselection.Block, "scan", replaced_first)
    assert gallery.search(again(7, (FACE,)))[0].key == 7
    assert moved


def test_a_rebuild_works_while_people_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRAIN_LEAST", 100)
    gallery = gallery_of({key: person(key, (FACE, THUMB)) for key in range(300)})
    for key in range(0, 300, 2):
        gallery.remove(key)
    stop = threading.Event()

    def come_and_go() -> None:
        key = 1000
        while not stop.is_set():
            gallery.add(key, person(key, (FACE,)))
            gallery.remove(key - 1)
            key += 1

    others = threading.Thread(target=come_and_go)
    others.start()
    gallery.rebuild()
    stop.set()
    others.join()
    assert len(gallery) == 151
    gallery.rebuild()
    assert sum(len(block) for block in gallery._preselection.blocks) == 151
    for key in (1, 99, 299):
        assert gallery.search(again(key, (FACE, THUMB)))[0].key == key
        assert key + 1 not in [candidate.key for candidate in gallery.search(person(key + 1, (FACE, THUMB)), limit=300)]


def test_a_gallery_that_has_outgrown_its_codes_rebuilds_them_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRAIN_LEAST", 50)
    monkeypatch.setattr(module, "RETRAIN_FROM", 60)
    gallery = gallery_of({key: person(key, (FACE,)) for key in range(59)})
    before = gallery.wants_rebuilding
    gallery.add(59, person(59, (FACE,)))
    deadline = time.monotonic() + 30
    while gallery.wants_rebuilding and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (before, gallery.wants_rebuilding) == (False, False)
    assert gallery.search(again(7, (FACE,)))[0].key == 7


def test_many_searches_at_once_are_as_one_after_the_other() -> None:
    gallery = gallery_of(mixed_people(50))
    probes = [again(key, KINDS[key % 4]) for key in range(20)]
    assert gallery.search_many(probes) == [gallery.search(probe) for probe in probes]
    assert gallery.search_many([]) == []
    for nearest, probe in zip(gallery.nearest_many(probes, 3), probes, strict=True):
        assert [pair for (pair,) in [gallery.nearest_many([probe], 3)]] == [nearest]
