"""Transactions over all contexts' repositories. A use case is given this, and sees its own context's part of it."""

from pathlib import Path

from sqlalchemy import Engine, select

from service.access.storage import SqlTokens
from service.adjudication.storage import SqlCases
from service.deduplication.storage import SqlSearches, SqlWalks
from service.enrolment.storage import SqlEnrolments, SqlTemplates
from service.kit.errors import StorageError, StorageUnavailable
from service.kit.keys import KeyEncryption
from service.kit.sql.columns import metadata
from service.kit.sql.database import WRITES, migrate
from service.kit.sql.keys import Vault
from service.kit.sql.unit import SqlTransaction
from service.kit.turns import Turn
from service.oversight.storage import SqlFindings, SqlRecords
from service.registry.storage import SqlHouseholds, SqlPeople

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = max(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))
"""The newest migration."""
METADATA = metadata
"""All contexts' tables: complete once this module is imported."""


class SqlUnitOfWork(SqlTransaction):
    """One transaction. Leaving the block without `commit()` keeps nothing."""

    def __init__(self, engine: Engine, vault: Vault, turn: Turn | None = None) -> None:
        super().__init__(engine, vault, turn)
        self.tokens = SqlTokens(self._session)
        self.people = SqlPeople(self._session)
        self.households = SqlHouseholds(self._session)
        self.enrolments = SqlEnrolments(self._session)
        self.templates = SqlTemplates(self._session)
        self.cases = SqlCases(self._session)
        self.walks = SqlWalks(self._session)
        self.searches = SqlSearches(self._session)
        self.findings = SqlFindings(self._session)
        self.records = SqlRecords(self._session)


class SqlStorage:
    """Opens transactions on one database. turn: what has to last for anything to be written."""

    def __init__(self, engine: Engine, vault: Vault, turn: Turn | None = None) -> None:
        self._engine, self.vault, self._turn = engine, vault, turn
        self._reader = engine
        self._writer = engine.execution_options(**{WRITES: True})

    def answers(self) -> bool:
        """Whether the database can be reached and read."""
        try:
            with self._reader.connect() as connection:
                connection.execute(select(1))
        except (StorageUnavailable, StorageError):
            return False
        return True

    def read(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._reader, self.vault)

    def write(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._writer, self.vault, self._turn)

    def in_turn(self, turn: Turn) -> "SqlStorage":
        return SqlStorage(self._engine, self.vault, turn)


def prepare(engine: Engine, encryption: KeyEncryption) -> SqlStorage:
    """Bring the schema to this version's, and open transactions on it. Raises KeysUnusable."""
    vault = Vault(engine, encryption)
    migrate(engine, MIGRATIONS, SCHEMA, vault)
    vault.bind()
    return SqlStorage(engine, vault)
