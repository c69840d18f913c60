"""What the patterns read of the other contexts' tables."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    distinct,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from service.adjudication.domain.cases import Case, CaseStatus
from service.adjudication.domain.evidence import Band, Hypothesis
from service.adjudication.storage import case as review_case
from service.adjudication.storage import case_candidate
from service.enrolment.domain.enrolments import CAPTURE_ALTERED, CAPTURE_MISSING
from service.enrolment.storage import capture, enrolment, template
from service.oversight.domain import parameters as p
from service.oversight.domain.findings import Found, Kind, Pattern, Subject
from service.oversight.domain.missing_fingers import Missing, is_contradicted
from service.oversight.domain.new_fingers import FacePair
from service.oversight.domain.poor_prints import Prints
from service.oversight.domain.repeated_people import Named, Volume
from service.oversight.domain.resolution import Period, age_class, dpi_of
from service.oversight.ports import Window
from service.oversight.storage.chunks import CHUNK, chunks
from service.registry.domain.people import SEARCHED, PersonStatus
from service.registry.storage.households import membership
from service.registry.storage.people import person

POOR_REASONS = ("not_a_finger", "slap_as_finger")
"""What makes a print poor whatever its quality is."""


def _merged() -> Subquery:
    """Everyone merged, by key, and who they are today, however long the chain of merges is."""
    chain = select(person.c.key, person.c.survivor_key.label("today")).where(person.c.survivor_key.is_not(None))
    steps = chain.cte("chain", recursive=True)
    via = aliased(person)
    further = select(steps.c.key, via.c.survivor_key).where(via.c.key == steps.c.today, via.c.survivor_key.is_not(None))
    steps = steps.union_all(further)
    end = aliased(person)
    ends = select(steps.c.key, steps.c.today).join(end, end.c.key == steps.c.today)
    return ends.where(end.c.survivor_key.is_(None)).subquery("merged")


_MERGED = _merged()


class SqlRecords:
    """Aggregated by the database where numbers are enough, else read in pages."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def prints(self, window: Window) -> Sequence[Prints]:
        day = func.date(enrolment.c.received_at).label("day")
        sender = (day, enrolment.c.site, enrolment.c.device, enrolment.c.sent_by)
        rows = (
            select(*sender, func.count().label("prints"), func.sum(case((_is_poor(), 1), else_=0)).label("poor"))
            .join_from(enrolment, capture, capture.c.enrolment_key == enrolment.c.key)
            .where(_within(window), _has_outcome())
            .group_by(*sender)
        )
        sums: defaultdict[tuple[Subject, date], list[int]] = defaultdict(lambda: [0, 0])
        for row in self._session.execute(rows):
            for subject in _subjects(row):
                own = sums[subject, date.fromisoformat(str(row.day))]
                own[0] += row.prints
                own[1] += row.poor
        return [Prints(subject, on, prints, poor) for (subject, on), (prints, poor) in sums.items()]

    def missing(self, window: Window) -> Sequence[Missing]:
        """Reads only enrolments with exceptions that have a case with candidates."""
        rows = (
            _named_rows(enrolment.c.id, enrolment.c.received_at, enrolment.c.missing, case_candidate.c.evidence)
            .add_columns(enrolment.c.site, enrolment.c.device, enrolment.c.sent_by)
            .where(_within(window), cast(enrolment.c.missing, Text) != "[]")
        )
        events: dict[UUID, Missing] = {}
        for page in self._pages(rows):
            known = self._positions({row.candidate_key for row in page})
            for row in page:
                if is_contradicted(row.missing, row.evidence, known.get(row.candidate_key, ())):
                    events[row.id] = Missing(row.id, row.received_at, _subjects(row))
        return list(events.values())

    def named(self, window: Window, least: int) -> Sequence[Named]:
        unrelated = func.coalesce(enrolment.c.household_key, -enrolment.c.key)
        times = func.count(distinct(unrelated))
        at_home = exists().where(
            membership.c.person_key == person.c.key, membership.c.household_key == enrolment.c.household_key
        )
        who = func.coalesce(_MERGED.c.today, person.c.key)
        joined = _named(select(enrolment.c.sent_by, who.label("who"))).where(_within(window), ~at_home)
        often = _named(select(who)).where(_within(window), ~at_home).group_by(who).having(times >= least)
        counted = (
            joined.add_columns(
                times.label("times"),
                func.min(enrolment.c.received_at).label("since"),
                func.max(enrolment.c.received_at).label("until"),
            )
            .where(who.in_(often))
            .group_by(enrolment.c.sent_by, who)
            .subquery()
        )
        rows = select(counted, person.c.id).join_from(counted, person, person.c.key == counted.c.who)
        return [Named(row.sent_by, row.id, row.times, row.since, row.until) for row in self._session.execute(rows)]

    def face_pairs(self, window: Window) -> Sequence[FacePair]:
        merged = _MERGED.alias()
        subject = func.coalesce(merged.c.today, review_case.c.person_key).label("subject_key")
        rows = (
            _named_rows(
                enrolment.c.id,
                enrolment.c.received_at,
                case_candidate.c.evidence,
                case_candidate.c.hypothesis,
                case_candidate.c.band,
                subject,
            )
            .outerjoin(merged, merged.c.key == review_case.c.person_key)
            .where(_within(window), case_candidate.c.hypothesis.in_([Hypothesis.FACE_ALONE, Hypothesis.SOME_FALSE]))
        )
        pairs = []
        for page in self._pages(rows):
            with_face = [row for row in page if _only_the_face(row)]
            ids = self._ids({key for row in with_face for key in (row.subject_key, row.candidate_key)})
            pairs += [
                FacePair(
                    row.id,
                    row.received_at,
                    ids[row.subject_key],
                    ids[row.candidate_key],
                    row.band is Band.DUPLICATE,
                )
                for row in with_face
            ]
        return pairs

    def periods(self, window: Window) -> Iterable[Period]:
        rows = (
            select(
                enrolment.c.site,
                enrolment.c.device,
                enrolment.c.captured_at,
                enrolment.c.received_at,
                capture.c.dpi,
                capture.c.ridge_period_px,
                enrolment.c.birth_year,
            )
            .join_from(enrolment, capture, capture.c.enrolment_key == enrolment.c.key)
            .where(_within(window), capture.c.ridge_period_px.is_not(None))
            .order_by(enrolment.c.received_at, capture.c.key)
            .execution_options(yield_per=CHUNK)
        )
        for row in self._session.execute(rows):
            age = age_class(row.birth_year, row.captured_at)
            device = Subject(Kind.DEVICE, row.device, row.site)
            yield Period(device, row.dpi, age, row.ridge_period_px, row.received_at)

    def volume(self, window: Window) -> Volume:
        sender = (enrolment.c.site, enrolment.c.device, enrolment.c.sent_by)
        sums: defaultdict[Subject, int] = defaultdict(int)
        for row in self._session.execute(
            select(*sender, func.count().label("sent")).where(_within(window)).group_by(*sender)
        ):
            for subject in _subjects(row):
                sums[subject] += row.sent
        people = select(func.count()).select_from(person).where(person.c.status.in_(SEARCHED))
        named = _named(select(func.count())).where(_within(window))
        return Volume(self._session.scalar(people) or 0, self._session.scalar(named) or 0, sums)

    def concerned(self, found: Found, limit: int) -> Sequence[UUID]:
        match found.pattern:
            case Pattern.POOR_PRINTS_BURST:
                such = exists().where(_OF_ENROLMENT, _has_outcome(), _is_poor())
            case Pattern.SENDER_IN_ENROLMENTS:
                such = exists().where(
                    review_case.c.enrolment_key == enrolment.c.key,
                    case_candidate.c.case_key == review_case.c.key,
                    case_candidate.c.person_key.in_(_names_of(UUID(found.scope))),
                )
            case Pattern.RESOLUTION_DRIFT:
                such = exists().where(_OF_ENROLMENT, capture.c.ridge_period_px.is_not(None), _stated_as(found.scope))
            case _:
                return found.enrolments
        rows = select(enrolment.c.id).where(
            enrolment.c.received_at.between(found.since, found.until), _sent_by(found.subject), such
        )
        return self._session.scalars(rows.order_by(enrolment.c.received_at.desc(), enrolment.c.id).limit(limit)).all()

    def received_after(self, enrolments: Collection[UUID], at: datetime) -> int:
        return sum(
            self._session.scalar(
                select(func.count())
                .select_from(enrolment)
                .where(enrolment.c.id.in_(some), enrolment.c.received_at > at)
            )
            or 0
            for some in chunks(sorted(enrolments))
        )

    def open_cases(self, enrolments: Collection[UUID]) -> Sequence[Case]:
        found: list[Case] = []
        for some in chunks(sorted(enrolments)):
            rows = (
                select(Case)
                .join(enrolment, enrolment.c.key == review_case.c.enrolment_key)
                .where(enrolment.c.id.in_(some), review_case.c.status == CaseStatus.OPEN)
            )
            found += self._session.scalars(rows)
        return found

    def _pages(self, rows: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
        """In pages by the candidate's key, so that other questions can be asked in between."""
        after = 0
        while True:
            page = self._session.execute(
                rows.where(case_candidate.c.key > after).order_by(case_candidate.c.key).limit(CHUNK)
            ).all()
            if not page:
                return
            yield page
            after = page[-1].row_key

    def _positions(self, people: Collection[int]) -> Mapping[int, set[str]]:
        """Of their templates, by person."""
        rows = select(template.c.person_key, template.c.position).where(template.c.person_key.in_(people))
        found: defaultdict[int, set[str]] = defaultdict(set)
        for row in self._session.execute(rows):
            found[row.person_key].add(row.position)
        return found

    def _ids(self, people: Collection[int]) -> Mapping[int, UUID]:
        rows = select(person.c.key, person.c.id)
        return {
            row.key: row.id
            for some in chunks(sorted(people))
            for row in self._session.execute(rows.where(person.c.key.in_(some)))
        }


_OF_ENROLMENT = capture.c.enrolment_key == enrolment.c.key


def _within(window: Window) -> ColumnElement[bool]:
    return and_(enrolment.c.received_at >= window.since, enrolment.c.received_at < window.until)


def _has_outcome() -> ColumnElement[bool]:
    """A finger capture that was judged. What the store lost is no fault of the counter's."""
    lost = capture.c.problem.in_([CAPTURE_MISSING, CAPTURE_ALTERED])
    judged = or_(capture.c.quality.is_not(None), and_(capture.c.problem.is_not(None), ~lost))
    return and_(capture.c.position != "face", judged)


def _is_poor() -> ColumnElement[bool]:
    """Below the floor, of no use, or with a reason that makes it poor."""
    reasons = cast(capture.c.reasons, Text)
    named = [reasons.contains(f'"{code}"', autoescape=True) for code in POOR_REASONS]
    return or_(capture.c.quality < p.POOR_BELOW, capture.c.problem.is_not(None), *named)


def _subjects(row: Any) -> tuple[Subject, Subject]:
    """The device and the sender of an enrolment."""
    return Subject(Kind.DEVICE, row.device, row.site), Subject(Kind.SENDER, row.sent_by)


def _sent_by(subject: Subject) -> ColumnElement[bool]:
    if subject.kind is Kind.DEVICE:
        return and_(enrolment.c.device == subject.name, enrolment.c.site == subject.site)
    return enrolment.c.sent_by == subject.name


def _stated_as(scope: str) -> ColumnElement[bool]:
    dpi = dpi_of(scope)
    return capture.c.dpi.is_(None) if dpi is None else capture.c.dpi == dpi


def _named(rows: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Over the cases of enrolments and the candidates that they name."""
    return (
        rows.select_from(enrolment)
        .join(review_case, review_case.c.enrolment_key == enrolment.c.key)
        .join(case_candidate, case_candidate.c.case_key == review_case.c.key)
        .join(person, person.c.key == case_candidate.c.person_key)
        .outerjoin(_MERGED, _MERGED.c.key == person.c.key)
        .where(person.c.status != PersonStatus.ERASED)
    )


def _named_rows(*columns: Any) -> Select[*tuple[Any, ...]]:
    """The same, with the candidate's own key, and the key of the person they are today."""
    today = func.coalesce(_MERGED.c.today, person.c.key).label("candidate_key")
    return _named(select(case_candidate.c.key.label("row_key"), today, *columns))


def _names_of(person_id: UUID) -> CompoundSelect[int]:
    """The keys of a person and of all merged into them."""
    own = select(person.c.key).where(person.c.id == person_id)
    return own.union(select(_MERGED.c.key).where(_MERGED.c.today == own.scalar_subquery()))


def _only_the_face(row: Any) -> bool:
    """Whether the face matches, and fingers were given that are not the candidate's."""
    face = row.evidence.get("face")
    if row.hypothesis is Hypothesis.FACE_ALONE:
        return True
    others = [one for position, one in row.evidence.items() if position != "face"]
    return face is not None and face.log10_lr >= p.FACE_AT and any(one.log10_lr < 0 for one in others)
