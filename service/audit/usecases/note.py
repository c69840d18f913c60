"""Noting an act that has no transaction of its own."""

from collections.abc import Mapping

from service.audit.domain.actions import Action
from service.audit.ports import AuditUnit
from service.kit.actor import Actor
from service.kit.unit import Storage


def note_act(
    action: Action, details: Mapping[str, object] | None = None, *, actor: Actor, storage: Storage[AuditUnit]
) -> None:
    """Kept when this returns, before the act."""
    with storage.write() as uow:
        uow.audit.note(actor, action, details=details)
        uow.commit()
