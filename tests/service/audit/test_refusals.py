"""No refusal is lost because the audit could not be added to for a while."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from service.audit.domain.actions import Action
from service.audit.steps.refusals import Refusals
from service.kit.errors import StorageUnavailable
from service.storage.unit import SqlStorage
from tests.service.audit.noted import entries_of, stuck
from tests.service.made_up import TESTER


class Minutes:
    """A clock that is set by hand."""

    minute = 0

    def now(self) -> datetime:
        return datetime(2026, 1, 15, 12, tzinfo=UTC) + timedelta(minutes=self.minute)


def counts(engine: Engine) -> list[int]:
    return [json.loads(one.details)["count"] for one in entries_of(engine, Action.SIGN_IN_FAILED)]


def test_after_a_first_that_could_not_be_noted_the_next_is_the_first(storage: SqlStorage, database: Engine) -> None:
    clock = Minutes()
    refusals = Refusals(storage, clock)
    with stuck(database):
        for _ in range(2):
            with pytest.raises(StorageUnavailable):
                refusals.count(Action.SIGN_IN_FAILED, TESTER)
    for _ in range(3):
        refusals.count(Action.SIGN_IN_FAILED, TESTER)
    assert counts(database) == [1]
    clock.minute = 1
    refusals.flush()
    assert counts(database) == [1, 3]


def test_counts_that_could_not_be_noted_are_noted_later_and_once(storage: SqlStorage, database: Engine) -> None:
    clock = Minutes()
    refusals = Refusals(storage, clock)
    for _ in range(3):
        refusals.count(Action.SIGN_IN_FAILED, TESTER)
    clock.minute = 1
    with stuck(database):
        for _ in range(2):
            with pytest.raises(StorageUnavailable):
                refusals.flush()
    refusals.flush()
    refusals.flush(all_of_them=True)
    assert counts(database) == [1, 3]
