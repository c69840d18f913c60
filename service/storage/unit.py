"""Transactions over all contexts' repositories. A use case is given this, and sees its own context's part of it."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, select

from service.access.storage import SqlOperators, SqlPasskeys, SqlSessions, SqlSiteAreas, SqlTokens, SqlUsedTickets
from service.adjudication.storage import SqlCases
from service.audit.storage.group import GroupCommit
from service.audit.storage.records import SqlAuditRecords
from service.audit.storage.trail import NotedTrail, append
from service.deduplication.domain.blocking import DEFAULT_KEYS, Combination, combinations
from service.deduplication.storage import SqlDemographicKeys, SqlSearches, SqlWalks
from service.enrolment.storage import SqlEnrolments, SqlOrigins, SqlTemplates
from service.kit.errors import StorageError, StorageUnavailable
from service.kit.keys import KeyEncryption
from service.kit.sql.columns import metadata
from service.kit.sql.database import WRITES, migrate
from service.kit.sql.keys import Vault
from service.kit.sql.unit import SqlTransaction
from service.kit.turns import Turn
from service.oversight.storage.findings import SqlFindings
from service.oversight.storage.records import SqlRecords
from service.privacy.storage.erasures import SqlErasures
from service.privacy.storage.holdings import SqlHoldings
from service.registry.steps.task_subjects import TaskSubjects
from service.registry.storage.areas import SqlAreas
from service.registry.storage.cards import SqlCards
from service.registry.storage.consents import SqlConsents
from service.registry.storage.facts import SqlFacts
from service.registry.storage.households import SqlHouseholds
from service.registry.storage.imports import SqlImports
from service.registry.storage.people import SqlPeople
from service.registry.storage.search import SqlPeopleIndex
from service.registry.storage.versions import SqlHistory
from service.storage.search_sight import seen_people_from
from service.storage.task_sight import seen_from
from service.tasks.storage import SqlDues, SqlTasks

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = max(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))
"""The newest migration."""
METADATA = metadata
"""All contexts' tables: complete once this module is imported."""


class SqlUnitOfWork(SqlTransaction):
    """One transaction. Leaving the block without `commit()` keeps nothing.

    seen: of a transaction that reads, what keeps what it noted, once it ends without an error. keys: combinations of
    what people state, by which they are found.
    """

    def __init__(
        self,
        engine: Engine,
        vault: Vault,
        turn: Turn | None = None,
        *,
        seen: GroupCommit | None = None,
        keys: Sequence[Combination] = (),
    ) -> None:
        super().__init__(engine, vault, turn)
        self._seen = seen
        self.audit = NotedTrail()
        self.audit_records = SqlAuditRecords(self._session)
        self.tokens = SqlTokens(self._session)
        self.operators = SqlOperators(self._session)
        self.sessions = SqlSessions(self._session)
        self.passkeys = SqlPasskeys(self._session)
        self.site_areas = SqlSiteAreas(self._session)
        self.used_tickets = SqlUsedTickets(self._session)
        self.tasks = SqlTasks(self._session, seen_from)
        self.dues = SqlDues(self._session)
        self.task_subjects = TaskSubjects(self)
        self.people = SqlPeople(self._session)
        self.households = SqlHouseholds(self._session)
        self.history = SqlHistory(self._session)
        self.facts = SqlFacts(self._session)
        self.index = SqlPeopleIndex(self._session, seen_people_from)
        self.consents = SqlConsents(self._session)
        self.areas = SqlAreas(self._session)
        self.imports = SqlImports(self._session)
        self.cards = SqlCards(self._session)
        self.origins = SqlOrigins(self._session)
        self.enrolments = SqlEnrolments(self._session)
        self.templates = SqlTemplates(self._session)
        self.cases = SqlCases(self._session)
        self.walks = SqlWalks(self._session)
        self.searches = SqlSearches(self._session)
        self.demographic_keys = SqlDemographicKeys(self._session, self.blind, keys)
        self.findings = SqlFindings(self._session)
        self.records = SqlRecords(self._session)
        self.erasures = SqlErasures(self._session)
        self.holdings = SqlHoldings(self._session)

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        if self._seen is not None and self.audit.events and exc[0] is None:
            self._seen.keep(self.audit.events)

    def _before_commit(self) -> None:
        self.flush()  # first: what this may wait for, or fail by, keeps no one from the lane
        if self.audit.events:
            append(self._session.connection(), self.audit.events)
            self.audit.events = []


class SqlStorage:
    """Opens transactions on one database. turn: what has to last for anything to be written."""

    def __init__(
        self,
        engine: Engine,
        vault: Vault,
        turn: Turn | None = None,
        *,
        seen: GroupCommit | None = None,
        keys: Sequence[Combination] = (),
    ) -> None:
        self._engine, self.vault, self._turn, self._keys = engine, vault, turn, keys
        self._reader = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._seen = seen or GroupCommit(self._writer)

    def answers(self) -> bool:
        """Whether the database can be reached and read."""
        try:
            with self._reader.connect() as connection:
                connection.execute(select(1))
        except (StorageUnavailable, StorageError):
            return False
        return True

    def read(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._reader, self.vault, seen=self._seen, keys=self._keys)

    def write(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._writer, self.vault, self._turn, keys=self._keys)

    def in_turn(self, turn: Turn) -> "SqlStorage":
        return SqlStorage(self._engine, self.vault, turn, seen=self._seen, keys=self._keys)


def prepare(engine: Engine, encryption: KeyEncryption, keys: str = DEFAULT_KEYS) -> SqlStorage:
    """Bring the schema to this version's, and open transactions on it. keys: combinations of what people state.

    Raises KeysUnusable.
    """
    vault = Vault(engine, encryption)
    migrate(engine, MIGRATIONS, SCHEMA, vault)
    vault.bind()
    return SqlStorage(engine, vault, keys=combinations(keys))
