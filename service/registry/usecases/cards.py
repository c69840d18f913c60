"""Household cards: issued, revoked, shown again, and verified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.registry.domain.card_payload import CardFacts, body_of, key_id_of, payload_of, read_payload, statement_of
from service.registry.domain.cards import Card, CardReason, CardState, new_serial, printed_names, typed_serial
from service.registry.domain.households import Household, Membership, Role
from service.registry.domain.people import Person
from service.registry.errors import CardNotPossible, CardNotPrintable, NoSuchCard, NoSuchHousehold
from service.registry.ports import CardSigner, RegistryUnit
from service.registry.steps.residence import find_households
from service.registry.steps.sight import seen_today
from service.registry.usecases.look_up import checked_household


@dataclass(frozen=True, slots=True)
class CardView:
    """household_id: on the card. leads_to: the household ID of today, another after a merge; None: of no household."""

    card: Card
    household_id: str
    leads_to: str | None


@dataclass(frozen=True, slots=True)
class CardCheck:
    """What a card that is genuine is worth today."""

    facts: CardFacts
    state: CardState
    leads_to: str | None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssueCard:
    """id: chosen by the client, so that asking again makes no second card."""

    id: UUID
    household: str
    reason: CardReason


def issue_card(
    command: IssueCard, *, actor: Actor, storage: Storage[RegistryUnit], clock: Clock, signer: CardSigner
) -> CardView:
    """Make a card in the name of the head; all cards of the household from before count no more.

    Raises MalformedHousehold, NoSuchHousehold, CardNotPossible.
    """
    name = checked_household(command.household, "household_id")
    with storage.write() as uow:
        uow.changes.lock()
        home, members = _seen_household(uow, name, actor)
        if (known := uow.cards.by_id(command.id)) is not None:
            return _issued_before(known, command, home)
        head = _head(uow, home, members, actor)
        now = clock.now()
        before = uow.cards.of_households(_names_of(uow, home))
        if command.reason is CardReason.FIRST and any(one.revoked_at is None for one in before):
            raise CardNotPossible("the household has a card; state why it needs another")
        for one in before:
            one.revoke(actor.id, now)
        card = _signed(command, home, head, by=actor.id, day=now.astimezone(UTC).date(), signer=signer)
        uow.cards.add(card)
        uow.flush()
        details = {"household": home.household_id, "replaces": [one.serial for one in before]}
        target = Target("card", card.serial)
        uow.audit.note(actor, Action.CARD_ISSUE, target, people=[head.id], details=details, reason=command.reason)
        uow.commit()
        return CardView(card, home.household_id or "", home.household_id)


def _issued_before(known: Card, command: IssueCard, home: Household) -> CardView:
    if (known.household_key, known.reason) != (home.key, command.reason):
        raise CardNotPossible(f"another card was made under the ID {command.id}")
    return CardView(known, home.household_id or "", home.household_id)


def _signed(command: IssueCard, home: Household, head: Person, *, by: str, day: date, signer: CardSigner) -> Card:
    assert home.household_id is not None
    printed = printed_names(head.demographics)
    facts = CardFacts(home.household_id, new_serial(), day, printed[0], key_id_of(signer.public_key))
    body = body_of(facts)
    payload = payload_of(body, bytes.fromhex(signer.sign(statement_of(body))))
    return Card(home.key, head.key, facts.serial, day, by, command.reason, printed, payload, id=command.id)


def list_cards(household: str, *, actor: Actor, storage: Storage[RegistryUnit]) -> Sequence[CardView]:
    """All cards of a household, and of those whose IDs lead to it, oldest first.

    Raises MalformedHousehold, NoSuchHousehold.
    """
    name = checked_household(household, "household_id")
    with storage.read() as uow:
        home, _ = _seen_household(uow, name, actor)
        cards = uow.cards.of_households(_names_of(uow, home))
        homes = uow.households.by_keys({one.household_key for one in cards})
        _note(uow, actor, Action.CARD_READ, Target("household", home.household_id or str(home.client_id)), cards)
        return [CardView(one, homes[one.household_key].household_id or "", home.household_id) for one in cards]


def read_card(serial: str, *, actor: Actor, storage: Storage[RegistryUnit]) -> CardView:
    """One card, to print it. Raises NoSuchCard, also for one of a household not seen; CardNotPrintable."""
    with storage.read() as uow:
        card, view = _found(uow, serial, actor)
        if card.name is None or card.revoked_at is not None:
            raise CardNotPrintable("the card was revoked; issue another")
        _note(uow, actor, Action.CARD_PRINT, Target("card", card.serial), [card])
        return view


def revoke_card(serial: str, *, actor: Actor, storage: Storage[RegistryUnit], clock: Clock) -> CardView:
    """Have a card count no more, without another in its place. Raises NoSuchCard."""
    with storage.write() as uow:
        uow.changes.lock()
        card, view = _found(uow, serial, actor)
        card.revoke(actor.id, clock.now())
        _note(uow, actor, Action.CARD_REVOKE, Target("card", card.serial), [card])
        uow.commit()
        return view


def verify_card(payload: str, *, actor: Actor, storage: Storage[RegistryUnit], public_keys: Sequence[str]) -> CardCheck:
    """Whether a card is genuine, and what it is worth today. Raises CardNotGenuine.

    Who reads a card holds it, so that no sight is asked for; shown is what is on it, and where its ID leads.
    """
    facts = read_payload(payload, public_keys)
    with storage.read() as uow:
        card = uow.cards.by_serial(facts.serial)
        home = find_households(uow, [facts.household_id]).get(facts.household_id)
        _note(uow, actor, Action.CARD_VERIFY, Target("card", facts.serial), [] if card is None else [card])
        leads_to = None if home is None else home.household_id
        if card is None:
            return CardCheck(facts, CardState.UNKNOWN, leads_to)
        state = CardState.VALID if card.revoked_at is None else CardState.REVOKED
        return CardCheck(facts, state, leads_to, card.revoked_at)


def revoked_serials(*, actor: Actor, storage: Storage[RegistryUnit]) -> Sequence[str]:
    """Of all cards that count no more, for counters without network."""
    with storage.read() as uow:
        uow.audit.note(actor, Action.CARD_REVOKED)
        return uow.cards.revoked()


def _seen_household(uow: RegistryUnit, name: str, actor: Actor) -> tuple[Household, Sequence[Membership]]:
    home = find_households(uow, [name]).get(name)
    members = [] if home is None else uow.households.members(home.key)
    visible = seen_today(uow, actor, [one.person_key for one in members])
    if home is None or (actor.people_of is not None and not visible):
        raise NoSuchHousehold(f"no household has the ID {name}")
    return home, members


def _head(uow: RegistryUnit, home: Household, members: Sequence[Membership], actor: Actor) -> Person:
    """Whose name is printed: one whom the actor may see."""
    if home.household_id is None:
        raise CardNotPossible("the household has no household ID yet: it comes with the number of its first member")
    head = next((one.person_key for one in members if one.role is Role.HEAD), None)
    if head is None:
        raise CardNotPossible("the household has no head; state first who it is")
    if not seen_today(uow, actor, [head]):
        raise CardNotPossible("the head of this household was enrolled elsewhere; the card is made there")
    return uow.people.by_key(head)


def _names_of(uow: RegistryUnit, home: Household) -> list[int]:
    return [home.key, *uow.households.aliases_of(home.key)]


def _found(uow: RegistryUnit, serial: str, actor: Actor) -> tuple[Card, CardView]:
    card = uow.cards.by_serial(typed_serial(serial))
    if card is None:
        raise NoSuchCard(f"there is no card {serial}")
    home = uow.households.by_key(card.household_key)
    today = uow.households.survivor_of(home)
    named = [] if card.person_key is None else [card.person_key]
    if actor.people_of is not None and not seen_today(uow, actor, named):
        raise NoSuchCard(f"there is no card {serial}")
    return card, CardView(card, home.household_id or "", today.household_id)


def _note(uow: RegistryUnit, actor: Actor, action: Action, target: Target, cards: Sequence[Card]) -> None:
    keys = {one.person_key for one in cards if one.person_key is not None}
    people = uow.people.by_keys(keys).values() if keys else ()
    uow.audit.note(actor, action, target, people=[one.id for one in people])
