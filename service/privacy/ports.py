"""What erasure needs of the database, of the files, and of those who hold copies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from service.adjudication.domain.cases import Case
from service.audit.domain.entries import Entry
from service.audit.ports import Signer
from service.deduplication.ports import DeduplicationUnit
from service.enrolment.domain.enrolments import Enrolment
from service.kit.blobs import BlobRecord
from service.oversight.ports import OversightUnit
from service.privacy.domain.erasures import Erasure
from service.privacy.domain.retention import Kept
from service.registry.domain.cards import Card
from service.registry.domain.changes import Change
from service.registry.domain.facts import Fact


@dataclass(frozen=True, slots=True)
class Scope:
    """The keys of what is erased together: a person with those merged into them, and their enrolments."""

    people: Sequence[int]
    enrolments: Sequence[int]


class Holdings(Protocol):
    """What the other contexts' tables hold about some people. What is deleted is counted, by kind."""

    def keys_of(self, person_ids: Collection[UUID]) -> Sequence[int]:
        """Of those that are there."""

    def enrolments_of(self, person_keys: Collection[int]) -> Sequence[Enrolment]: ...
    def open_cases(self, scope: Scope) -> Sequence[Case]:
        """That name one of these people, as subject or candidate."""

    def cases(self, scope: Scope) -> Sequence[Case]:
        """All that name one of these people or are of one of these enrolments."""

    def findings(self, person_ids: Collection[UUID]) -> Sequence[UUID]:
        """The IDs of findings that are about one of these people."""

    def tasks(self, scope: Scope) -> Sequence[UUID]:
        """The IDs of tasks about these people, or about a household that one of them ever lived in."""

    def consent_ids(self, scope: Scope) -> Sequence[UUID]: ...
    def fact_ids(self, scope: Scope) -> Sequence[UUID]:
        """Of the same as `facts`, none of which is opened."""

    def facts(self, scope: Scope) -> Sequence[Fact]:
        """All versions of facts about these people, and about households in which only they ever lived."""

    def blobs(self, enrolments: Collection[UUID]) -> Sequence[BlobRecord]: ...
    def counts(self, scope: Scope) -> Mapping[str, int]:
        """What `forget` would delete."""

    def forget(self, scope: Scope) -> Mapping[str, int]:
        """Delete captures with their rows of bytes, templates, memberships, tasks, evidence and pairs.

        What a household waits for because they left it stays, without words.
        """

    def changes(self, person_keys: Collection[int]) -> Sequence[Change]:
        """Changes of the registry that touched any of these people."""

    def cards(self, person_keys: Collection[int]) -> Sequence[Card]:
        """Household cards with the name of one of these people."""

    def drop_candidates(self, case_key: int, person_keys: Collection[int]) -> None:
        """Have a case compare its subject with these people no more."""

    def forget_findings(self, finding_ids: Collection[UUID]) -> None: ...
    def forget_bytes(self, names: Collection[str]) -> None:
        """Have captures and slaps refer to no bytes, and delete the rows of these."""

    def set_aside(self, enrolments: Collection[UUID]) -> Sequence[str]:
        """Have captures and slaps of these refer to no bytes, and state in the bytes' rows that they are to be deleted.

        Their names.
        """

    def aside(self) -> Sequence[str]:
        """The names of all bytes set aside, whose rows `forget_bytes` deletes."""

    def describe(self, scope: Scope) -> Mapping[str, Any]:
        """All of it in JSON's own types, but for the templates' bytes."""

    def due_captures(self, before: datetime, limit: int, after: int) -> Sequence[Enrolment]:
        """Enrolments that had their outcome before, and whose captures still have bytes; not in open cases.

        after: the key of the last one of the batch before, here and below.
        """

    def due_refused(self, before: datetime, limit: int, after: int) -> Sequence[Enrolment]: ...
    def due_findings(self, before: datetime, limit: int) -> Sequence[UUID]: ...
    def count_due(self, kept: Kept, before: datetime) -> int: ...


class Erasures(Protocol):
    def add(self, one: Erasure) -> None: ...
    def by_id(self, erasure_id: UUID) -> Erasure | None: ...
    def of_name(self, name: str) -> Erasure | None:
        """The one that a number or an enrolment's UUID was erased by."""

    def waiting(self) -> Sequence[Erasure]:
        """Without a certificate, oldest first."""

    def ids(self) -> Collection[UUID]: ...
    def want_rewriting(self, at: datetime) -> None:
        """State that the database's own files may keep bytes of what was deleted, until they are written anew."""

    def rewriting_wanted(self) -> datetime | None:
        """Since when; None where nothing was deleted since they were."""

    def note_rewritten(self, wanted: datetime) -> None:
        """wanted: as it was before; what was deleted meanwhile is for the next time."""

    def entry_of(self, one: Erasure) -> Entry | None:
        """The last of the audit that notes this."""


class PrivacyUnit(DeduplicationUnit, OversightUnit, Protocol):
    @property
    def erasures(self) -> Erasures: ...
    @property
    def holdings(self) -> Holdings: ...


class ErasureList(Protocol):
    """Orders to erase outside the database, in one place: lines of JSON."""

    @property
    def name(self) -> str: ...
    def lines(self) -> Sequence[str]:
        """All, oldest first. Raises OSError, and ValueError where it is no text."""

    def append(self, lines: Sequence[str]) -> None:
        """Durable when this returns. Raises OSError."""


class Cleaner(Protocol):
    """What the database's own files keep of what was deleted."""

    def clean(self) -> bool:
        """What takes a moment: the write-ahead log of SQLite; dead rows of PostgreSQL. False: others still read it."""

    def rewrite(self) -> bool:
        """Write anew what may keep bytes of deleted rows. Others wait meanwhile. False where one still reads them."""


class Snapshots(Protocol):
    def renew(self) -> int | None:
        """Leave no snapshot that holds people who left; the last change they hold. None: another process will."""


class Signers(Protocol):
    def __call__(self) -> Signer:
        """The audit's key. Raises CheckpointsBroken."""


class KeyNames(Protocol):
    def __call__(self) -> str:
        """The ID of the current key-encryption key."""
