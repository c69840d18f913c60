"""Announcing a probable duplicate before anyone is enrolled: by what a person states alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.adjudication.domain.evidence import Thresholds
from service.audit.domain.actions import Action
from service.deduplication.domain.search import SearchPolicy
from service.deduplication.ports import DeduplicationUnit
from service.deduplication.steps.alike import Alike, alike
from service.deduplication.steps.stated import stated_of
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.domain.people import Demographics
from service.registry.steps.sight import seen


@dataclass(frozen=True, slots=True)
class Checked:
    """found: whom the actor may see, the rarest evidence first. hidden: how many others are alike.

    more: how many that the actor may see are not shown, beyond the policy's number of candidates.
    """

    found: Sequence[Alike]
    hidden: int
    more: int
    thresholds: Thresholds
    people: int


def check_statement(
    who: Demographics, *, actor: Actor, storage: Storage[DeduplicationUnit], policy: SearchPolicy
) -> Checked:
    """Who is enrolled and may be the one who states this. Changes nothing, and keeps nothing of what was stated."""
    with storage.read() as uow:
        people = uow.demographic_keys.people()
        thresholds = policy.thresholds(people)
        everyone = alike(uow, stated_of(who), thresholds, people)
        visible = seen(uow, actor, (one.person.key for one in everyone))
        shown = [one for one in everyone if one.person.key in visible]
        found = shown[: policy.candidates]
        details = {
            "candidates": [{"person": one.person.id, "rarity": one.rarity, "band": one.band} for one in found],
            "hidden": len(everyone) - len(shown),
        }
        uow.audit.note(actor, Action.PERSON_CHECK, people=[one.person.id for one in found], details=details)
    return Checked(found, len(everyone) - len(shown), len(shown) - len(found), thresholds, people)
