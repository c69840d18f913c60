"""Entries as lines of JSON, for auditors and other programs."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from service.audit.domain.actions import Action
from service.audit.domain.entries import Entry
from service.audit.ports import AuditUnit, EntryQuery
from service.audit.steps.reading import pages_of
from service.audit.steps.words import words_of
from service.kit.actor import Actor
from service.kit.errors import MalformedRequest
from service.kit.unit import Storage


def export_audit(
    path: Path, query: EntryQuery, *, actor: Actor, storage: Storage[AuditUnit], with_words: bool = False
) -> int:
    """Write the entries of a query, whole or not at all; how many there are. The entry of this act comes first of all.

    with_words: operators' words too, as `words`: null where there are none, or where they were erased.

    Raises MalformedRequest for a folder that cannot be written.
    """
    asked = {"since": query.since, "until": query.until, "action": query.action, "words": with_words}
    people = () if query.people is None else query.people
    with storage.write() as uow:
        uow.audit.note(actor, Action.AUDIT_EXPORT, people=people, details={k: v for k, v in asked.items() if v})
        uow.commit()
    part, count = path.with_name(f"{path.name}.part"), 0
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            for some in pages_of(query, storage):
                file.writelines(_lines(some, storage) if with_words else (f"{one.line()}\n" for one in some))
                count += len(some)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise MalformedRequest(f"{path} cannot be written: {error.strerror}", "file") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _lines(entries: Sequence[Entry], storage: Storage[AuditUnit]) -> Iterator[str]:
    with storage.read() as uow:
        for one in entries:
            words = words_of(one, uow.keys)
            yield json.dumps({**json.loads(one.line()), "words": words}, ensure_ascii=False) + "\n"
