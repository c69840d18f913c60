"""Reading many entries."""

from collections.abc import Iterator
from dataclasses import replace

from service.audit.domain.entries import Entry
from service.audit.ports import AuditUnit, EntryQuery
from service.kit.unit import Storage


def entries_of(query: EntryQuery, storage: Storage[AuditUnit]) -> Iterator[Entry]:
    """All, in short transactions."""
    while True:
        with storage.read() as uow:
            some = uow.audit_records.find(query)
        yield from some
        if len(some) < query.limit:
            return
        query = replace(query, after=some[-1])
