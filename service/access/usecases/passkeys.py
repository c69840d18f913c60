"""An operator's passkeys: added, listed and revoked by the operator, and signed in with."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from service.access.domain.names import checked_name
from service.access.domain.operators import OperatorState
from service.access.domain.passkeys import MOST, Passkey
from service.access.errors import NoSuchPasskey, Unauthenticated
from service.access.ports import AccessUnit, Authenticators
from service.access.steps.authenticators import NOT_HELD, SECONDS, claimed
from service.access.steps.opening import OpenedSession, SessionLimits, SignedInBy, open_for
from service.access.steps.own_session import owner_of, session_of
from service.access.steps.tickets import REFUSED, Ticket, TicketKind, Tickets, use
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import AlreadyThere, MalformedRequest
from service.kit.unit import Storage

LASTS = timedelta(seconds=SECONDS)
CHALLENGE, OPERATOR = "challenge", "operator"
"""What is written on tickets."""


@dataclass(frozen=True, slots=True)
class Asked:
    """options: for the browser. ticket: to be sent back with what the authenticator answers."""

    options: Mapping[str, Any]
    ticket: str


@dataclass(frozen=True, slots=True)
class Answered:
    """credential: what the browser made of the authenticator's answer, as JSON."""

    ticket: str
    credential: Mapping[str, Any]


def begin_passkey(
    bearer: str, *, storage: Storage[AccessUnit], clock: Clock, authenticators: Authenticators, tickets: Tickets
) -> Asked:
    """What to ask an authenticator for a new passkey of whose session it is. Raises NoSession, SignInTooOld."""
    challenge = secrets.token_bytes(32)
    with storage.read() as uow:
        one = uow.operators.by_key(session_of(bearer, uow, clock.now(), fresh=True).operator_key)
        options = authenticators.ask_for_new(one, uow.passkeys.of_operator(one.key), challenge)
    content = {CHALLENGE: base64.b64encode(challenge).decode(), OPERATOR: str(one.id)}
    return Asked(options, tickets.issue(TicketKind.NEW_PASSKEY, LASTS, content))


def add_passkey(
    name: str,
    answered: Answered,
    bearer: str,
    *,
    actor: Actor,
    storage: Storage[AccessUnit],
    clock: Clock,
    authenticators: Authenticators,
    tickets: Tickets,
) -> Passkey:
    """Keep what an authenticator made. Raises PasskeyRefused, MalformedRequest, SignInTooOld, NoSession, and
    Unauthenticated for a ticket that is not this operator's, or a session that has ended.
    """
    ticket, now = tickets.open(TicketKind.NEW_PASSKEY, answered.ticket), clock.now()
    made = authenticators.new(answered.credential, _challenge(ticket))
    with storage.write() as uow:
        one, _ = owner_of(bearer, uow, now)
        if ticket.content[OPERATOR] != str(one.id):
            raise Unauthenticated(REFUSED)
        if len(uow.passkeys.of_operator(one.key)) >= MOST:
            raise MalformedRequest(f"an operator has at most {MOST} passkeys; revoke one first", "name")
        use(ticket, uow, now)
        called = checked_name(name, "name")
        assert called is not None
        passkey = Passkey(one.key, called, made.credential_id, made.public_key, made.sign_count, now)
        uow.passkeys.add(passkey)
        uow.audit.note(actor, Action.PASSKEY_ADD, Target("passkey", str(passkey.id)))
        try:
            uow.commit()
        except AlreadyThere:
            raise MalformedRequest("this passkey is known already", "credential") from None
    return passkey


def list_passkeys(bearer: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> list[Passkey]:
    """Those of whose session it is that count, in the order they were added. Raises NoSession."""
    with storage.read() as uow:
        uow.audit.note(actor, Action.PASSKEY_LIST)
        return uow.passkeys.of_operator(session_of(bearer, uow, clock.now()).operator_key)


def revoke_passkey(passkey_id: UUID, bearer: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> None:
    """Nobody signs in with it any more, and all other sessions of the operator end: one may be a thief's.

    Raises NoSuchPasskey, SignInTooOld, NoSession, Unauthenticated.
    """
    with storage.write() as uow:
        now = clock.now()
        one, session = owner_of(bearer, uow, now)
        mine = {held.id: held for held in uow.passkeys.of_operator(one.key)}
        if passkey_id not in mine:
            raise NoSuchPasskey(f"you have no passkey {passkey_id}")
        mine[passkey_id].revoked_at = now
        uow.sessions.close_all(one.key, now, but=session.key)
        uow.audit.note(actor, Action.PASSKEY_REVOKE, Target("passkey", str(passkey_id)))
        uow.commit()


def begin_sign_in(*, authenticators: Authenticators, tickets: Tickets) -> Asked:
    """What to ask an authenticator. It names no one, so that nobody learns who has a passkey."""
    challenge = secrets.token_bytes(32)
    content = {CHALLENGE: base64.b64encode(challenge).decode()}
    return Asked(authenticators.ask_for_any(challenge), tickets.issue(TicketKind.PASSKEY, LASTS, content))


def sign_in_by_passkey(
    answered: Answered,
    *,
    actor: Actor,
    storage: Storage[AccessUnit],
    clock: Clock,
    limits: SessionLimits,
    authenticators: Authenticators,
    tickets: Tickets,
) -> OpenedSession:
    """Sign in; the authenticator has verified its holder, so that it is both factors. A locked name does not matter:
    passkeys cannot be guessed. Raises Unauthenticated.
    """
    ticket, now = tickets.open(TicketKind.PASSKEY, answered.ticket), clock.now()
    credential_id, operator_id = claimed(answered.credential)
    with storage.write() as uow:
        one = uow.operators.by_id_for_change(operator_id)  # first, as a reset locks: else each could wait for the other
        passkey = None if one is None else uow.passkeys.for_change(credential_id)
        if passkey is None or one is None or passkey.operator_key != one.key or one.state is not OperatorState.ACTIVE:
            raise Unauthenticated(NOT_HELD)
        try:
            count = authenticators.proven(answered.credential, passkey, _challenge(ticket))
        except Unauthenticated:  # also of a copy, whose count has fallen behind: worth a look
            details = {"passkey": str(passkey.id)}
            uow.audit.note(actor, Action.SIGN_IN_FAILED, Target("operator", one.name), details=details)
            uow.commit()
            raise
        use(ticket, uow, now)
        passkey.note_use(count, now)
        opened = open_for(one, SignedInBy.PASSKEY, uow, actor=actor, now=now, limits=limits)
        uow.commit()
    return opened


def _challenge(ticket: Ticket) -> bytes:
    return base64.b64decode(ticket.content[CHALLENGE])
