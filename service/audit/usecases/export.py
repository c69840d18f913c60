"""Entries as lines of JSON, for auditors and other programs."""

import os
from pathlib import Path

from service.audit.domain.actions import Action
from service.audit.ports import AuditUnit, EntryQuery
from service.audit.steps.reading import entries_of
from service.kit.actor import Actor
from service.kit.errors import MalformedRequest
from service.kit.unit import Storage


def export_audit(path: Path, query: EntryQuery, *, actor: Actor, storage: Storage[AuditUnit]) -> int:
    """Write the entries of a query, whole or not at all; how many there are. The entry of this act comes first of all.

    Raises MalformedRequest for a folder that cannot be written.
    """
    asked = {"since": query.since, "until": query.until, "action": query.action}
    people = () if query.people is None else query.people
    with storage.write() as uow:
        uow.audit.note(actor, Action.AUDIT_EXPORT, people=people, details={k: v for k, v in asked.items() if v})
        uow.commit()
    part, count = path.with_name(f"{path.name}.part"), 0
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            for one in entries_of(query, storage):
                file.write(one.line() + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise MalformedRequest(f"{path} cannot be written: {error.strerror}", "file") from error
    finally:
        part.unlink(missing_ok=True)
    return count
