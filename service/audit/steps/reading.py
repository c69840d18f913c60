"""Reading many entries."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from service.audit.domain.entries import Entry
from service.audit.ports import AuditUnit, EntryQuery
from service.kit.unit import Storage


def pages_of(query: EntryQuery, storage: Storage[AuditUnit]) -> Iterator[Sequence[Entry]]:
    """All, in short transactions."""
    while True:
        with storage.read() as uow:
            some = uow.audit_records.find(query)
        yield some
        if len(some) < query.limit:
            return
        query = replace(query, after=some[-1])
