"""Signing in by an issuer of OpenID Connect. Only operators whom an administrator created can."""

import hmac
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from service.access.domain.identities import Departure, Identity
from service.access.domain.operators import Operator, OperatorState, acting
from service.access.errors import Unauthenticated
from service.access.ports import AccessUnit, Issuer
from service.access.steps.opening import OpenedSession, SessionLimits, SignedInBy, open_for
from service.access.steps.second_factor import step_of
from service.access.steps.tickets import REFUSED, Ticket, TicketKind, Tickets, use
from service.access.usecases.operators import FIRST
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage

AWAY_FOR = timedelta(minutes=10)
"""At the issuer, to sign in there; and then to type a code here."""
UNKNOWN = "no operator here is who the issuer states; an administrator creates operators"
NO_SECOND_FACTOR = "the issuer states no second factor, and there is none here: choose one by your one-time code first"
WRONG_CODE = "the code is wrong, or too many wrong ones came and the name is locked for a while"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a browser brings back from the issuer, and the ticket that it left with."""

    code: str | None
    state: str | None
    issuer: str | None
    ticket: str | None


@dataclass(frozen=True, slots=True)
class Returned:
    """An arrival in the browser that left. stated_issuer: `iss` of RFC 9207."""

    ticket: Ticket
    departure: Departure
    code: str
    stated_issuer: str | None


@dataclass(frozen=True, slots=True)
class SentAway:
    """url: at the issuer. ticket: for the browser to keep."""

    url: str
    ticket: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The issuer vouches for who it is; the authenticator app's code is still needed. ticket: to send it with."""

    ticket: str


def begin_openid(*, issuer: Issuer, tickets: Tickets) -> SentAway:
    """Raises IssuerUnavailable."""
    one = Departure(*(secrets.token_urlsafe(32) for _ in range(3)))
    return SentAway(issuer.where_to(one), tickets.issue(TicketKind.OPENID, AWAY_FOR, asdict(one)))


def returned(came: Arrival, *, tickets: Tickets) -> Returned:
    """Who came back with what they left with. Raises Unauthenticated: any page can cause that, and nobody can guess."""
    ticket = tickets.open(TicketKind.OPENID, came.ticket)
    one = Departure(**ticket.content)
    if came.code is None or not hmac.compare_digest(one.state.encode(), (came.state or "").encode()):
        raise Unauthenticated(REFUSED)
    return Returned(ticket, one, came.code, came.issuer)


def complete_openid(
    came: Returned,
    *,
    actor: Actor,
    storage: Storage[AccessUnit],
    clock: Clock,
    limits: SessionLimits,
    issuer: Issuer,
    tickets: Tickets,
    second_factors: Collection[str],
) -> OpenedSession | CodeNeeded:
    """Sign in who came back, once per departure.

    second_factors: what the issuer states (`amr`, `acr`) that counts as the second factor. Raises Unauthenticated,
    IssuerUnavailable.
    """
    now = clock.now()
    with storage.write() as uow:
        use(came.ticket, uow, now)
        uow.commit()
    identity = issuer.identify(came.code, came.stated_issuer, came.departure)
    with storage.write() as uow:
        known = _operator(identity, uow)
        if identity.factors.isdisjoint(second_factors):
            return _code_needed(known, identity, tickets)
        _bind(known, identity, uow, actor)
        opened = open_for(known, SignedInBy.OPENID, uow, actor=actor, now=now, limits=limits)
        uow.commit()
    return opened


def complete_second_factor(
    ticket: str,
    code: str,
    *,
    actor: Actor,
    storage: Storage[AccessUnit],
    clock: Clock,
    limits: SessionLimits,
    tickets: Tickets,
) -> OpenedSession:
    """The code of the authenticator app, after the issuer. Wrong ones count as wrong passwords do.

    Raises Unauthenticated.
    """
    opened, now = tickets.open(TicketKind.SECOND_FACTOR, ticket), clock.now()
    identity = Identity(opened.content["issuer"], opened.content["subject"], None, frozenset())
    with storage.write() as uow:
        one = uow.operators.for_change(opened.content["name"])
        if one is None or one.state is not OperatorState.ACTIVE or one.locked(now):
            raise Unauthenticated(WRONG_CODE)
        totp = uow.operators.totp_secret(one)
        step = step_of(code, totp, now, one.totp_step) if totp else None
        if step is None:
            _note_failure(one, uow, actor, now)
            uow.commit()
            raise Unauthenticated(WRONG_CODE)
        one.note_success(step)
        use(opened, uow, now)
        _bind(one, identity, uow, actor)
        session = open_for(one, SignedInBy.OPENID, uow, actor=actor, now=now, limits=limits)
        uow.commit()
    return session


def _operator(identity: Identity, uow: AccessUnit) -> Operator:
    """Who has this identity, or who has its name and no identity yet. Raises Unauthenticated.

    The first administrator needs the printed code first: nobody chose that name.
    """
    one = uow.operators.by_identity(identity.issuer, identity.subject)
    if one is None and identity.name is not None:
        one = uow.operators.for_change(identity.name)
        if one is not None and one.name == FIRST and one.state is OperatorState.INVITED:
            one = None
    if one is None or one.disabled_at is not None or not (one.is_identity(identity) or one.oidc_subject is None):
        raise Unauthenticated(UNKNOWN)
    return one


def _bind(one: Operator, identity: Identity, uow: AccessUnit, actor: Actor) -> None:
    """Once both factors are proven: another cannot take the binding before. Raises Unauthenticated."""
    if one.is_identity(identity):
        return
    if one.oidc_subject is not None or uow.operators.by_identity(identity.issuer, identity.subject) is not None:
        raise Unauthenticated(UNKNOWN)
    one.bind(identity)
    uow.audit.note(acting(one, actor), Action.OPERATOR_BIND, Target("operator", one.name))


def _code_needed(one: Operator, identity: Identity, tickets: Tickets) -> CodeNeeded:
    if one.totp_sealed is None:
        raise Unauthenticated(NO_SECOND_FACTOR)
    content = {"name": one.name, "issuer": identity.issuer, "subject": identity.subject}
    return CodeNeeded(tickets.issue(TicketKind.SECOND_FACTOR, AWAY_FOR, content))


def _note_failure(one: Operator, uow: AccessUnit, actor: Actor, now: datetime) -> None:
    one.note_failure(now)
    uow.audit.note(actor, Action.SIGN_IN_FAILED, Target("operator", one.name))
