"""Entries as lines of JSON, for auditors and other programs."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC
from pathlib import Path

from service.audit.domain.actions import Action
from service.audit.domain.entries import Entry
from service.audit.ports import AuditUnit, EntryQuery
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
                file.write(line_of(one) + "\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise MalformedRequest(f"{path} cannot be written: {error.strerror}", "file") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def line_of(one: Entry) -> str:
    """One entry as JSON. The payload in hex, for the chain runs over its bytes; the rest as stored."""
    fields = asdict(one) | {
        "at": one.at.astimezone(UTC).isoformat(),
        "people": json.loads(one.people),
        "details": json.loads(one.details),
        "payload": None if one.payload is None else one.payload.hex(),
    }
    return json.dumps(fields, ensure_ascii=False)


def entries_of(query: EntryQuery, storage: Storage[AuditUnit]) -> Iterator[Entry]:
    """All, in short transactions."""
    while True:
        with storage.read() as uow:
            some = uow.audit_records.find(query)
        yield from some
        if len(some) < query.limit:
            return
        query = replace(query, after=some[-1])
