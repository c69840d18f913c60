"""Transactions over the repositories."""

from typing import Self

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from service.ports import AlreadyThere
from service.storage.cases import SqlCases
from service.storage.database import WRITES
from service.storage.enrolments import SqlEnrolments
from service.storage.gallery import SqlGalleryLog
from service.storage.households import SqlHouseholds
from service.storage.people import SqlPeople
from service.storage.tables import map_domain
from service.storage.tokens import SqlTokens


class SqlUnitOfWork:
    """One transaction. Leaving the block without `commit()` keeps nothing."""

    def __init__(self, engine: Engine) -> None:
        self._session = Session(engine, expire_on_commit=False)
        self.enrolments = SqlEnrolments(self._session)
        self.people = SqlPeople(self._session)
        self.households = SqlHouseholds(self._session)
        self.cases = SqlCases(self._session)
        self.gallery = SqlGalleryLog(self._session)
        self.tokens = SqlTokens(self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._session.close()

    def flush(self) -> None:
        try:
            self._session.flush()
        except IntegrityError as error:
            raise AlreadyThere(str(error.orig)) from error

    def commit(self) -> None:
        self.flush()
        self._session.commit()


class SqlStorage:
    """Opens transactions on one database."""

    def __init__(self, engine: Engine) -> None:
        map_domain()
        self._reader = engine
        self._writer = engine.execution_options(**{WRITES: True})

    def answers(self) -> bool:
        """Whether the database can be reached and read."""
        try:
            with self._reader.connect() as connection:
                connection.execute(select(1))
        except SQLAlchemyError:
            return False
        return True

    def read(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._reader)

    def write(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self._writer)
