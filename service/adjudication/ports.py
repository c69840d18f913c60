"""What adjudication needs of the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from service.adjudication.domain.cases import Case, CaseCandidate, CaseStatus, Origin
from service.enrolment.ports import EnrolmentUnit


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """A page of cases, oldest first. status, origin: only these; None: all. after: the last case of the page before.

    sites: only those whose subject was enrolled at one of these.
    """

    status: CaseStatus | None = None
    origin: Origin | None = None
    after: UUID | None = None
    limit: int = 50
    sites: Collection[str] | None = None


class Cases(Protocol):
    def add(self, one: Case) -> None: ...
    def add_candidates(self, some: Sequence[CaseCandidate]) -> None: ...
    def by_id(self, case_id: UUID) -> Case | None: ...
    def of_enrolment(self, enrolment_key: int) -> Case | None: ...
    def candidates(self, case_key: int) -> Sequence[CaseCandidate]: ...
    def candidates_of(self, case_keys: Collection[int]) -> Mapping[int, Sequence[CaseCandidate]]:
        """By case, strongest first."""

    def holding_back(self, person_keys: Sequence[int]) -> Sequence[Case]:
        """Open cases of enrolments whose subject is one of these. A case of the gallery holds no one back."""

    def open_of_gallery(self, person_keys: Sequence[int]) -> Sequence[Case]:
        """Open cases of the gallery whose subject is one of these."""

    def between(self, some: Sequence[int], others: Sequence[int]) -> bool:
        """Whether a case, open or decided, is about one of `some` and one of `others`.

        One decided as same_person is only about those it made one, so about no two people who are still two.
        """

    def page(self, query: CaseQuery) -> Sequence[Case]: ...
    def count_open(self) -> Mapping[Origin, int]: ...


class AdjudicationUnit(EnrolmentUnit, Protocol):
    @property
    def cases(self) -> Cases: ...
