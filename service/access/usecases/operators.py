"""Inviting operators, listing them, and taking their access away."""

from service.access.domain import AccessRole
from service.access.domain.areas import check_one_bound, checked_area
from service.access.domain.identities import Identity
from service.access.domain.names import check_length, checked_name
from service.access.domain.operators import Operator, OperatorState, acting, new_code
from service.access.errors import Unauthenticated
from service.access.ports import AccessUnit
from service.access.steps.passwords import hash_password, require_hard_to_guess
from service.access.steps.second_factor import new_totp_secret
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import AlreadyThere, MalformedRequest
from service.kit.unit import Storage

FIRST = "administrator"
"""The name of the operator who is there before any other."""


def create_operator(
    name: str,
    role: AccessRole,
    site: str | None,
    *,
    actor: Actor,
    storage: Storage[AccessUnit],
    clock: Clock,
    identity: Identity | None = None,
    area: str | None = None,
) -> str:
    """Invite an operator; the one-time code by which they choose a password.

    identity: whom an issuer knows them as. area: in place of a site. Raises MalformedRequest, also where the name or
    the identity is another operator's.
    """
    check_length(name, "name")
    now, code = clock.now(), new_code()
    one = Operator(name, role, checked_name(site, "site"), now, area=checked_area(area))
    check_one_bound(one.site, one.area)
    one.invite(code, now)
    if identity is not None:
        one.bind(identity)
    with storage.write() as uow:
        uow.operators.add(one)
        details = {"role": role, "site": one.site, "area": one.area, "oidc_subject": one.oidc_subject}
        uow.audit.note(actor, Action.OPERATOR_CREATE, Target("operator", name), details=details)
        try:
            uow.commit()
        except AlreadyThere:
            raise MalformedRequest(f"there is already an operator named {name!r}, or of this subject", "name") from None
    return code


def invite_first(*, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> str | None:
    """A new code for the first administrator, while nobody else was invited and nobody ever signed in; then None."""
    with storage.read() as uow:
        known = uow.operators.all()
    if not known:
        return create_operator(FIRST, AccessRole.ADMINISTRATOR, None, actor=actor, storage=storage, clock=clock)
    if [(one.name, one.state) for one in known] != [(FIRST, OperatorState.INVITED)] or known[0].totp_step:
        return None
    return reset_operator(FIRST, actor=actor, storage=storage, clock=clock)


def reset_operator(
    name: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock, forget_identity: bool = False
) -> str:
    """A new code, for who lost password or second factor. What they had counts no more, passkeys too.

    forget_identity: who an issuer knows them as too, which stays otherwise. Raises MalformedRequest.
    """
    code, now = new_code(), clock.now()
    with storage.write() as uow:
        one = _named(uow, name)
        if one.state is OperatorState.DISABLED:
            raise MalformedRequest(f"the operator {name!r} was disabled; make another", "name")
        details = {"before": {"oidc_subject": one.oidc_subject}} if forget_identity else None
        one.invite(code, now)
        if forget_identity:
            one.forget_identity()
        uow.passkeys.revoke_all(one.key, now)
        uow.sessions.close_all(one.key, now)
        uow.audit.note(actor, Action.OPERATOR_RESET, Target("operator", name), details=details)
        uow.commit()
    return code


def disable_operator(name: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> None:
    """End all sessions of an operator, and let none begin. Raises MalformedRequest where there is none so named."""
    with storage.write() as uow:
        one, now = _named(uow, name), clock.now()
        before, one.disabled_at = one.disabled_at, one.disabled_at or now
        uow.sessions.close_all(one.key, now)
        details = {"before": {"disabled_at": before}}
        uow.audit.note(actor, Action.OPERATOR_DISABLE, Target("operator", name), details=details)
        uow.commit()


def list_operators(*, actor: Actor, storage: Storage[AccessUnit]) -> list[Operator]:
    """All of them, disabled ones too, in the order they were invited."""
    with storage.read() as uow:
        uow.audit.note(actor, Action.OPERATOR_LIST)
        return uow.operators.all()


def activate_operator(
    name: str, code: str, password: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock
) -> str:
    """Choose a password by a one-time code; the secret for an authenticator app.

    Raises Unauthenticated for a name or code that is wrong, used or too old, MalformedRequest for the password, and
    SignInBusy.
    """
    require_hard_to_guess(password, name)
    with storage.read() as uow:
        _accepting(uow.operators.by_name(name), code, clock)
    hashed, secret = hash_password(password), new_totp_secret()
    with storage.write() as uow:
        one = _accepting(uow.operators.for_change(name), code, clock)
        one.activate(hashed)
        uow.operators.keep_totp_secret(one, secret)
        uow.audit.note(acting(one, actor), Action.OPERATOR_ACTIVATE)
        uow.commit()
    return secret


def _accepting(one: Operator | None, code: str, clock: Clock) -> Operator:
    if one is None or not one.accepts(code, clock.now()):
        raise Unauthenticated("this name or one-time code is wrong, was used, or is too old")
    return one


def _named(uow: AccessUnit, name: str) -> Operator:
    one = uow.operators.for_change(name)
    if one is None:
        raise MalformedRequest(f"there is no operator named {name!r}", "name")
    return one
