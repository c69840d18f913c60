"""Registries in which people are erased, with their files, snapshots and lists."""

from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest

from service.adjudication.domain.cases import Decision
from service.adjudication.ports import CaseQuery
from service.adjudication.steps.merge import merge
from service.adjudication.usecases.decide import DecideCase, decide_case
from service.bootstrap import App, finisher_of
from service.eraser import OwnSnapshots
from service.kit.actor import Actor
from service.privacy.domain.erasures import Erasure, Ground, Order
from service.privacy.usecases.erase import begin_erasure
from service.privacy.usecases.finish import Finisher
from service.registry.domain.households import HouseholdClaim, Role
from service.registry.domain.people import Demographics, Name
from tests.service.made_up import TESTER, received

OFFICER = Actor("token:an officer", "data_protection_officer", None, "test", "00000000-0000-0000-0000-000000000002")
WITHDRAWN = Order(Ground.CONSENT_WITHDRAWN, "2026-117")
NAME = "Zeinab Planted Houssein"
FIRST = {"face": "obama.jpg", "right_index": "p1_1.png"}
AGAIN = {"face": "obama2.jpg", "right_index": "p1_2.png"}
SECOND = {"face": "biden.jpg", "right_index": "p2_1.png"}
HOME = "01890000-0000-7000-8000-00000000aaaa"


@dataclass(frozen=True)
class Registry:
    """A whole service, and who is in it."""

    app: App

    def enrol(self, shots: dict[str, str], name: str = NAME, role: Role = Role.HEAD) -> UUID:
        """The enrolment's UUID, once it has its outcome."""
        who = Demographics((Name("Latn", name),))
        done = received(self.app, shots, demographics=who, claim=HouseholdClaim(HOME, role))
        self.app.worker.process()
        return done

    def number(self, enrolment: UUID) -> str:
        with self.app.store.storage.read() as uow:
            found = uow.enrolments.by_id(enrolment)
            assert found is not None
            assert found.person_key is not None
            number = uow.people.survivor_of(uow.people.by_key(found.person_key)).number
        assert number is not None
        return number

    def open_case(self) -> UUID:
        with self.app.store.storage.read() as uow:
            (case,) = [one for one in uow.cases.page(CaseQuery()) if one.decision is None]
            return case.id

    def decide(self, decision: Decision, **more: object) -> None:
        decide_case(
            replace(DecideCase(self.open_case(), decision, f"{NAME} was seen"), **more),  # type: ignore[arg-type]
            actor=TESTER,
            storage=self.app.store.storage,
            clock=self.app.store.clock,
            number_length=10,
        )

    def merged(self) -> tuple[UUID, UUID]:
        """Two enrolments that were found to be one person's, both with numbers."""
        first, again = self.enrol(FIRST), self.enrol(AGAIN, "Zeinab Planted Again", Role.SPOUSE)
        self.decide(Decision.DISTINCT)
        numbers = [self.number(first), self.number(again)]
        with self.app.store.storage.write() as uow:
            uow.changes.lock()
            survivor, loser = (uow.people.by_number(one) for one in numbers)
            assert survivor is not None
            assert loser is not None
            merge(uow, loser, survivor, self.app.store.clock.now(), TESTER)
            uow.commit()
        return first, again

    def begin(self, name: str) -> Erasure:
        store = self.app.store
        return begin_erasure(name, WITHDRAWN, actor=OFFICER, storage=store.storage, clock=store.clock)

    def finisher(self) -> Finisher:
        """As the worker has it."""
        store = self.app.store
        return finisher_of(store, OwnSnapshots(self.app.replica, store.storage))

    def erase(self, name: str) -> Erasure:
        return self.finisher().finish(self.begin(name).id, actor=OFFICER)

    def files(self) -> list[Path]:
        return [path for path in self.app.store.settings.home.rglob("*") if path.is_file()]


@pytest.fixture
def registry(app: App) -> Registry:
    return Registry(app)
