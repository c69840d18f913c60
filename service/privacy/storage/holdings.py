"""What erasure reads and deletes of the other contexts' tables."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from service.adjudication.domain.cases import Case, CaseCandidate, CaseStatus
from service.adjudication.storage import case, case_candidate
from service.deduplication.storage import best_found, demographic_key, walk_pair
from service.enrolment.domain.enrolments import REOPENED, Enrolment, EnrolmentStatus
from service.enrolment.storage import capture, enrolment, slap, template
from service.kit.blobs import BlobRecord
from service.kit.sql.blobs import blob
from service.oversight.domain.findings import FindingStatus
from service.oversight.storage.chunks import chunks
from service.oversight.storage.findings import finding
from service.privacy.domain.retention import Kept
from service.privacy.ports import Scope
from service.registry.domain.cards import Card
from service.registry.domain.changes import Change
from service.registry.domain.facts import Fact
from service.registry.storage.cards import card
from service.registry.storage.consents import consent
from service.registry.storage.facts import fact
from service.registry.storage.households import membership, payee, person_state
from service.registry.storage.imports import imported_row
from service.registry.storage.people import person
from service.registry.storage.search import search_token
from service.registry.storage.versions import change_about, registry_change
from service.tasks.storage import task, task_due

ASIDE = "purged"
"""Owns bytes that are no one's any more, until they are deleted."""


class SqlHoldings:
    def __init__(self, session: Session) -> None:
        self._session = session

    def keys_of(self, person_ids: Collection[UUID]) -> Sequence[int]:
        rows = select(person.c.key).where(person.c.id.in_(list(person_ids)))
        return self._session.scalars(rows.order_by(person.c.key)).all()

    def enrolments_of(self, person_keys: Collection[int]) -> Sequence[Enrolment]:
        keys = list(person_keys)
        rows = select(Enrolment).where(or_(enrolment.c.person_key.in_(keys), enrolment.c.adds_to_key.in_(keys)))
        return self._session.scalars(rows.order_by(enrolment.c.key)).all()

    def open_cases(self, scope: Scope) -> Sequence[Case]:
        rows = select(Case).where(case.c.status == CaseStatus.OPEN, _about(scope))
        return self._session.scalars(rows.order_by(case.c.key)).all()

    def cases(self, scope: Scope) -> Sequence[Case]:
        return self._session.scalars(select(Case).where(_about(scope)).order_by(case.c.key)).all()

    def findings(self, person_ids: Collection[UUID]) -> Sequence[UUID]:
        names = list(map(str, person_ids))
        about = or_(finding.c.name.in_(names), finding.c.scope.in_(names))
        return self._session.scalars(select(finding.c.id).where(about)).all()

    def tasks(self, scope: Scope) -> Sequence[UUID]:
        return self._session.scalars(select(task.c.id).where(_tasks(scope)).order_by(task.c.key)).all()

    def consent_ids(self, scope: Scope) -> Sequence[UUID]:
        theirs = consent.c.person_key.in_(scope.people)
        return self._session.scalars(select(consent.c.id).where(theirs).order_by(consent.c.key)).all()

    def fact_ids(self, scope: Scope) -> Sequence[UUID]:
        return self._session.scalars(select(fact.c.id).where(_facts(scope)).distinct().order_by(fact.c.id)).all()

    def facts(self, scope: Scope) -> Sequence[Fact]:
        return self._session.scalars(select(Fact).where(_facts(scope)).order_by(fact.c.key)).all()

    def blobs(self, enrolments: Collection[UUID]) -> Sequence[BlobRecord]:
        owners = [f"enrolment/{one}" for one in enrolments]
        found: list[BlobRecord] = []
        for some in chunks(owners):
            found += self._session.scalars(select(BlobRecord).where(blob.c.owner.in_(some)).order_by(blob.c.key))
        return found

    def counts(self, scope: Scope) -> Mapping[str, int]:
        found = {name: self._count(table, where) for name, table, where in _deleted(scope)}
        return found | {"pieces_of_evidence": self._count(case_candidate, _evidence(scope))}

    def forget(self, scope: Scope) -> Mapping[str, int]:
        found: dict[str, int] = {}
        self._session.execute(update(task).where(_tasks(scope)).values(sealed=None))
        names = [one.name for one in self.blobs(self._ids(scope.enrolments))]
        for name, table, where in _deleted(scope):
            found[name] = self._count(table, where)
            self._session.execute(delete(table).where(where))
        for some in chunks(names):
            self._session.execute(delete(blob).where(blob.c.name.in_(some)))
        for_others = consent.c.guardian_key.in_(scope.people)  # the child's consent stands; who gave it is forgotten,
        self._session.execute(update(consent).where(for_others).values(guardian_key=None, sealed=None))  # words too
        theirs = change_about.c.person_key.in_(scope.people)  # the household's own history goes on
        self._session.execute(update(change_about).where(theirs).values(person_key=None))
        evidence = self._session.scalars(select(CaseCandidate).where(_evidence(scope))).all()
        for one in evidence:
            one.evidence, one.demographics, one.log10_lr, one.rarity = {}, None, 0.0, 0.0
        found["pieces_of_evidence"] = len(evidence)
        of_others = best_found.c.person_key.in_(scope.people)
        self._session.execute(update(best_found).where(of_others).values(person_key=None, rarity=None))
        return found

    def changes(self, person_keys: Collection[int]) -> Sequence[Change]:
        of_these = select(change_about.c.change_key).where(change_about.c.person_key.in_(list(person_keys)))
        rows = select(Change).where(registry_change.c.key.in_(of_these))
        return self._session.scalars(rows.order_by(registry_change.c.key)).all()

    def cards(self, person_keys: Collection[int]) -> Sequence[Card]:
        rows = select(Card).where(card.c.person_key.in_(list(person_keys)))
        return self._session.scalars(rows.order_by(card.c.key)).all()

    def drop_candidates(self, case_key: int, person_keys: Collection[int]) -> None:
        of_these = case_candidate.c.person_key.in_(person_keys)
        self._session.execute(delete(case_candidate).where(case_candidate.c.case_key == case_key, of_these))

    def forget_findings(self, finding_ids: Collection[UUID]) -> None:
        for some in chunks(list(finding_ids)):
            self._session.execute(delete(finding).where(finding.c.id.in_(some)))

    def forget_bytes(self, names: Collection[str]) -> None:
        for some in chunks(list(names)):
            for one in (capture, slap):
                self._session.execute(update(one).where(one.c.blob.in_(some)).values(blob=None))
            self._session.execute(delete(blob).where(blob.c.name.in_(some)))

    def set_aside(self, enrolments: Collection[UUID]) -> Sequence[str]:
        names = [one.name for one in self.blobs(enrolments)]
        for some in chunks(names):
            for one in (capture, slap):
                self._session.execute(update(one).where(one.c.blob.in_(some)).values(blob=None))
            self._session.execute(update(blob).where(blob.c.name.in_(some)).values(owner=ASIDE))
        return names

    def aside(self) -> Sequence[str]:
        return self._session.scalars(select(blob.c.name).where(blob.c.owner == ASIDE)).all()

    def describe(self, scope: Scope) -> Mapping[str, Any]:
        templates = select(template.c.position, template.c.model, func.length(template.c.content).label("bytes"))
        stays = select(
            membership.c.household_key, membership.c.role, membership.c.valid_from, membership.c.valid_to
        ).where(membership.c.superseded_by.is_(None))
        waiting = select(task.c.id, task.c.kind, task.c.state, task.c.opened_at, task.c.due, task.c.outcome)
        return {
            "templates": self._rows(templates.where(template.c.person_key.in_(scope.people)).order_by(template.c.key)),
            "memberships": self._rows(
                stays.where(membership.c.person_key.in_(scope.people)).order_by(membership.c.key)
            ),
            "tasks": self._rows(waiting.where(task.c.person_key.in_(scope.people)).order_by(task.c.key)),
        }

    def due_captures(self, before: datetime, limit: int, after: int) -> Sequence[Enrolment]:
        return self._enrolments(_captures_due(before), limit, after)

    def due_refused(self, before: datetime, limit: int, after: int) -> Sequence[Enrolment]:
        return self._enrolments(_refused_due(before), limit, after)

    def due_findings(self, before: datetime, limit: int) -> Sequence[UUID]:
        rows = select(finding.c.id).where(_finding_due(before)).order_by(finding.c.key).limit(limit)
        return self._session.scalars(rows).all()

    def count_due(self, kept: Kept, before: datetime) -> int:
        match kept:
            case Kept.CAPTURES:
                return self._count(enrolment, _captures_due(before))
            case Kept.REFUSED:
                return self._count(enrolment, _refused_due(before))
            case Kept.FINDINGS:
                return self._count(finding, _finding_due(before))

    def _enrolments(self, where: ColumnElement[bool], limit: int, after: int) -> Sequence[Enrolment]:
        rows = select(Enrolment).where(enrolment.c.key > after, where)
        return self._session.scalars(rows.order_by(enrolment.c.key).limit(limit)).all()

    def _ids(self, enrolment_keys: Sequence[int]) -> Sequence[UUID]:
        return self._session.scalars(select(enrolment.c.id).where(enrolment.c.key.in_(enrolment_keys))).all()

    def _count(self, table: Table, where: ColumnElement[bool]) -> int:
        return self._session.scalar(select(func.count()).select_from(table).where(where)) or 0

    def _rows(self, rows: Any) -> list[dict[str, Any]]:
        return [dict(one) for one in self._session.execute(rows).mappings()]


def _about(scope: Scope) -> ColumnElement[bool]:
    named = exists().where(case_candidate.c.case_key == case.c.key, case_candidate.c.person_key.in_(scope.people))
    subject = or_(case.c.person_key.in_(scope.people), case.c.survivor_key.in_(scope.people))
    return or_(subject, case.c.enrolment_key.in_(scope.enrolments), named)


def _evidence(scope: Scope) -> ColumnElement[bool]:
    """Of the comparisons with one of these people, or of one of these enrolments."""
    subject = or_(case.c.person_key.in_(scope.people), case.c.enrolment_key.in_(scope.enrolments))
    of_case = case_candidate.c.case_key.in_(select(case.c.key).where(subject))
    return or_(case_candidate.c.person_key.in_(scope.people), of_case)


def _tasks(scope: Scope) -> ColumnElement[bool]:
    homes = select(membership.c.household_key).where(membership.c.person_key.in_(scope.people))
    return or_(task.c.person_key.in_(scope.people), task.c.household_key.in_(homes))


def _facts(scope: Scope) -> ColumnElement[bool]:
    """Of these people, also as relatives of others, and of households in which only they ever lived."""
    theirs = select(membership.c.household_key).where(membership.c.person_key.in_(scope.people))
    others = exists().where(
        membership.c.household_key == fact.c.household_key, membership.c.person_key.not_in(scope.people)
    )
    alone = and_(fact.c.household_key.in_(theirs), ~others)
    return or_(fact.c.person_key.in_(scope.people), fact.c.other_key.in_(scope.people), alone)


def _deleted(scope: Scope) -> Sequence[tuple[str, Table, ColumnElement[bool]]]:
    """Whose rows go, in an order in which no row is left that refers to one of them."""
    captures = select(capture.c.key).where(capture.c.enrolment_key.in_(scope.enrolments))
    of_captures = or_(template.c.person_key.in_(scope.people), template.c.capture_key.in_(captures))
    pairs = or_(walk_pair.c.person_key.in_(scope.people), walk_pair.c.other_key.in_(scope.people))
    return (
        ("templates", template, of_captures),
        ("captures", capture, capture.c.enrolment_key.in_(scope.enrolments)),
        ("slaps", slap, slap.c.enrolment_key.in_(scope.enrolments)),
        ("tasks", task, task.c.household_key.is_(None) & task.c.person_key.in_(scope.people)),
        ("facts", fact, _facts(scope)),
        ("search_tokens", search_token, search_token.c.person_key.in_(scope.people)),
        ("imported_rows", imported_row, imported_row.c.person_key.in_(scope.people)),
        ("consents", consent, consent.c.person_key.in_(scope.people)),
        ("days", task_due, task_due.c.person_key.in_(scope.people)),
        ("memberships", membership, membership.c.person_key.in_(scope.people)),
        ("person_states", person_state, person_state.c.person_key.in_(scope.people)),
        ("payees", payee, payee.c.person_key.in_(scope.people)),
        (
            "changes",
            change_about,
            and_(change_about.c.person_key.in_(scope.people), change_about.c.household_key.is_(None)),
        ),
        ("pairs", walk_pair, pairs),
        ("demographic_keys", demographic_key, demographic_key.c.person_key.in_(scope.people)),
        ("searches", best_found, best_found.c.enrolment_key.in_(scope.enrolments)),
    )


def _in_open_case() -> ColumnElement[bool]:
    return exists().where(
        case.c.status == CaseStatus.OPEN,
        or_(
            case.c.enrolment_key == enrolment.c.key,
            case.c.person_key == enrolment.c.person_key,
            exists().where(
                case_candidate.c.case_key == case.c.key, case_candidate.c.person_key == enrolment.c.person_key
            ),
        ),
    )


def _captures_due(before: datetime) -> ColumnElement[bool]:
    has_bytes = [exists().where(one.c.enrolment_key == enrolment.c.key, one.c.blob.is_not(None)) for one in _PICTURES]
    with_outcome = or_(enrolment.c.status == EnrolmentStatus.ENROLLED, _own_fault())
    return (
        enrolment.c.finished_at.is_not(None)
        & (enrolment.c.finished_at < before)
        & with_outcome
        & or_(*has_bytes)
        & ~_in_open_case()
    )


def _refused_due(before: datetime) -> ColumnElement[bool]:
    return _own_fault() & (enrolment.c.finished_at < before) & ~_in_open_case()


def _own_fault() -> ColumnElement[bool]:
    """Ended unusable by what was sent, or by a decision; not by a fault of the machine, which may be corrected."""
    return (enrolment.c.status == EnrolmentStatus.UNUSABLE) & enrolment.c.reason.not_in(REOPENED)


def _finding_due(before: datetime) -> ColumnElement[bool]:
    return (finding.c.status == FindingStatus.CLOSED) & (finding.c.closed_at < before)


_PICTURES = (capture, slap)
