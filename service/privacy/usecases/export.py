"""What the registry holds about a person, for the person to have (Article 15 GDPR)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from service.adjudication.domain.cases import Case
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.enrolment.domain.enrolments import CaptureRecord, Enrolment
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.privacy.ports import PrivacyUnit, Scope
from service.privacy.steps.scope import find_scope
from service.registry.domain.cards import Card
from service.registry.domain.consents import ConsentRecord
from service.registry.domain.facts import Fact
from service.registry.domain.people import Person


def export_person(number: str, *, actor: Actor, storage: Storage[PrivacyUnit]) -> dict[str, Any]:
    """By name, dataclasses as mappings: everything but pictures, the numbers in templates, and other people.

    Raises NoSuchPerson, PersonErased, NoSuchEnrolment, EnrolmentErased, NothingToErase.
    """
    with storage.read() as uow:
        scope = find_scope(uow, number, actor)
        people = [uow.people.by_keys(scope.people)[key] for key in scope.people]
        ids = [one.id for one in people]
        uow.audit.note(actor, Action.PERSON_EXPORT, Target("person", str(ids[0])) if ids else None, people=ids)
        return {
            "records": [_record(one) for one in people],
            "facts": [_fact(one) for one in uow.holdings.facts(scope)],
            "consents": [_consent(one) for one in uow.consents.of_people(scope.people)],
            "cards": [_card(one) for one in uow.holdings.cards(scope.people)],
            "households": _households(uow, scope),
            "enrolments": _enrolments(uow, scope),
            "templates": uow.holdings.describe(scope)["templates"],
            "cases": [_case(one, scope) for one in uow.holdings.cases(scope)],
            "findings": uow.holdings.findings(ids),
            "tasks": uow.holdings.describe(scope)["tasks"],
        }


def _record(one: Person) -> dict[str, Any]:
    stated = {"id": one.id, "number": one.number, "status": one.status, "created_at": one.created_at}
    before = None if one.stated is None else asdict(one.stated)
    return stated | {"demographics": asdict(one.demographics), "stated_before": before}


def _card(one: Card) -> dict[str, Any]:
    """A household card with the person's name on it."""
    dates = {"issued_on": one.issued_on, "revoked_at": one.revoked_at}
    return {"serial": one.serial, "name": one.name, "reason": one.reason} | dates


def _fact(one: Fact) -> dict[str, Any]:
    """Every version: one that is superseded was believed once."""
    return {
        "id": one.id,
        "kind": one.kind,
        "value": asdict(one.value),
        "source": one.source,
        "source_name": one.source_name,
        "verification": one.verification,
        "checked_on": one.checked_on,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "superseded": one.superseded_by is not None,
    }


def _consent(one: ConsentRecord) -> dict[str, Any]:
    return {
        "id": one.id,
        "purpose": one.purpose,
        "programme": one.programme,
        "act": one.act,
        "at": one.at,
        "text_version": one.text_version,
        "guardian_name": one.guardian_name,
        "paper": one.paper,
        "words": one.words,
    }


def _households(uow: PrivacyUnit, scope: Scope) -> list[dict[str, Any]]:
    stays = uow.holdings.describe(scope)["memberships"]
    homes = uow.households.by_keys({one["household_key"] for one in stays})
    return [
        {
            "household_id": homes[one["household_key"]].household_id,
            "role": one["role"],
            "since": one["valid_from"],
            "until": one["valid_to"],
        }
        for one in stays
    ]


def _enrolments(uow: PrivacyUnit, scope: Scope) -> list[dict[str, Any]]:
    captures = uow.enrolments.captures_of(scope.enrolments)
    return [_enrolment(one, captures.get(one.key, ())) for one in uow.enrolments.by_keys(scope.enrolments).values()]


def _enrolment(one: Enrolment, captures: Sequence[CaptureRecord]) -> dict[str, Any]:
    return {
        "id": one.id,
        "status": one.status,
        "sent_by": one.sent_by,
        "site": one.site,
        "device": one.device,
        "captured_at": one.captured_at,
        "received_at": one.received_at,
        "finished_at": one.finished_at,
        "consent": asdict(one.consent),
        "demographics": asdict(one.demographics),
        "exceptions": [asdict(each) for each in one.exceptions],
        "captures": [
            {
                "position": each.position,
                "dpi": each.dpi,
                "quality": each.quality,
                "reasons": each.reasons,
                "problem": each.problem,
                "picture_kept": each.blob is not None,
            }
            for each in captures
        ],
    }


def _case(one: Case, scope: Scope) -> dict[str, Any]:
    """Without the operator's words, which may be about others."""
    return {
        "id": one.id,
        "as": "subject" if one.person_key in scope.people else "candidate",
        "band": one.band,
        "status": one.status,
        "opened_at": one.opened_at,
        "decision": one.decision,
        "decided_at": one.decided_at,
    }
