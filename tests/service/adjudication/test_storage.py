"""Cases in the database, of both kinds."""

from typing import Any

from service.adjudication.domain.cases import Case, CaseCandidate, CaseStatus, Decision, Origin
from service.adjudication.domain.evidence import Band, Candidate, Hypothesis, PositionEvidence, Thresholds
from service.adjudication.domain.marks import Mark
from service.adjudication.ports import CaseQuery
from service.adjudication.steps.open_case import open_case
from service.kit.ids import new_uuid
from service.registry.domain.people import Person
from service.storage.unit import SqlStorage, SqlUnitOfWork
from tests.service.made_up import AMINA, NOW, sent


def person(uow: SqlUnitOfWork) -> int:
    one = Person(new_uuid(), AMINA, NOW)
    uow.people.add(one)
    uow.flush()
    return one.key


def case(uow: SqlUnitOfWork, person_key: int, *, of_gallery: bool = False) -> Case:
    enrolment_key = None
    if not of_gallery:
        one = sent()
        uow.enrolments.add(one)
        uow.flush()
        enrolment_key = one.key
    made = Case(new_uuid(), enrolment_key, person_key, Band.REVIEW, 4, 6, 10, NOW)
    uow.cases.add(made)
    uow.flush()
    return made


def test_cases_are_paged_oldest_first(storage: SqlStorage) -> None:
    evidence = {"face": PositionEvidence(0.7, 3.2)}
    with storage.write() as uow:
        subject = person(uow)
        cases = [case(uow, subject) for _ in range(3)]
        uow.cases.add_candidates(
            [CaseCandidate(cases[0].key, subject, 1, 5.5, 4.5, Hypothesis.HANDS_SWAPPED, Band.REVIEW, evidence)]
        )
        cases[2].status = CaseStatus.DECIDED
        cases.append(case(uow, subject, of_gallery=True))
        uow.commit()
    ids = [one.id for one in cases]
    with storage.read() as uow:

        def page(query: CaseQuery) -> list[int]:
            return [ids.index(one.id) for one in uow.cases.page(query)]

        assert page(CaseQuery(limit=2)) == [0, 1]
        assert page(CaseQuery(after=ids[1], limit=2)) == [2, 3]
        assert page(CaseQuery(CaseStatus.OPEN, after=ids[0])) == [1, 3]
        assert page(CaseQuery(origin=Origin.GALLERY)) == [3]
        assert page(CaseQuery(CaseStatus.OPEN, Origin.ENROLMENT, after=ids[0])) == [1]
        (candidate,) = uow.cases.candidates(cases[0].key)
        assert candidate.evidence == evidence
        assert (candidate.log10_lr, candidate.rarity) == (5.5, 4.5)
        assert candidate.hypothesis is Hypothesis.HANDS_SWAPPED
        assert uow.cases.count_open() == {Origin.ENROLMENT: 2, Origin.GALLERY: 1}
        assert [one.id for one in uow.cases.holding_back([subject])] == ids[:2]
        assert [one.id for one in uow.cases.open_of_gallery([subject])] == ids[3:]


def test_a_case_has_the_bands_of_rarity_and_keeps_its_marks(storage: SqlStorage) -> None:
    marks = [Mark("same_finger", ("right_index", "left_index"))]
    with storage.write() as uow:
        subject, other, more = (person(uow) for _ in range(3))
        shown = [Candidate(other, 3, 7, Hypothesis.AS_STATED, {}), Candidate(more, 9, 5, Hypothesis.AS_STATED, {})]
        how: dict[str, Any] = {"thresholds": Thresholds(4, 6), "gallery_size": 9, "now": NOW}
        ids = [open_case(uow, subject, some, marks=marks, **how).id for some in (shown, shown[1:], [])]
        uow.commit()
    with storage.read() as uow:
        found = [one for one in map(uow.cases.by_id, ids) if one is not None]
        bands = [(one.band, [each.band for each in uow.cases.candidates(one.key)]) for one in found]
        assert bands == [
            (Band.DUPLICATE, [Band.DUPLICATE, Band.REVIEW]),
            (Band.REVIEW, [Band.REVIEW]),
            (Band.REVIEW, []),
        ]
        assert [one.marks for one in found] == [tuple(marks)] * 3


def test_a_case_is_between_its_subject_and_each_of_its_candidates(storage: SqlStorage) -> None:
    with storage.write() as uow:
        subject, *candidates = (person(uow) for _ in range(4))
        one = case(uow, subject, of_gallery=True)
        uow.cases.add_candidates(
            [
                CaseCandidate(one.key, key, rank, 5.5, 5.5, Hypothesis.AS_STATED, Band.REVIEW, {})
                for rank, key in enumerate(candidates[:2], 1)
            ]
        )
        uow.flush()
        first, second, third = candidates

        def known() -> list[bool]:
            pairs = [([subject], [first]), ([second, third], [subject]), ([subject], [third]), ([first], [second])]
            return [uow.cases.between(*pair) for pair in pairs]

        assert known() == [True, True, False, False]
        one.decide(Decision.DISTINCT, "twins", "desk", NOW)
        uow.flush()
        assert known() == [True, True, False, False]
        one.decision = Decision.SAME_PERSON
        uow.flush()
        assert known() == [False] * 4
