"""What searching needs of the world."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import matcher
from matcher import Candidate, Comparison, Readings, Seal, Template, Unseal
from service.adjudication.domain.evidence import Band, Hypothesis, PositionEvidence
from service.adjudication.ports import AdjudicationUnit
from service.deduplication.domain.search import BestFound, Walk, WalkPair
from service.deduplication.domain.stated import Stated
from service.registry.domain.people import Person


class SearchIndex(Protocol):
    """Everyone enrolled, by key. One process's today; a cluster's later."""

    def replace(self, people: Mapping[int, Sequence[Template]]) -> None:
        """Enrol people in place of the records with these keys, atomically: readers see the old or the new record."""

    def remove(self, key: int) -> None: ...
    def clear(self) -> None: ...
    def compact(self) -> None:
        """Let nothing remain of people removed, in memory or in what is saved from now on."""

    def search(
        self, templates: Sequence[Template], limit: int, *, hypotheses: Sequence[matcher.Hypothesis] = ...
    ) -> list[Candidate]:
        """hypotheses: how the templates may be a person's; any way by default."""

    def search_many(
        self, templates_of_many: Sequence[Sequence[Template]], limit: int, *, readings: Readings | None = None
    ) -> list[list[Candidate]]:
        """readings: the other readings of each probe, where they are made already."""

    @property
    def damaged(self) -> bool:
        """Whether a search found its files altered. It answers none until `filled_anew` is called."""

    def filled_anew(self) -> None: ...
    def readings_of(self, probes: Sequence[Sequence[Template]]) -> Readings:
        """Each probe as if its prints were mirrored or of another resolution."""

    def __len__(self) -> int: ...
    def __contains__(self, key: int) -> bool: ...
    def save(self, folder: Path, sequence: int, seal: Seal) -> None: ...
    def load(self, folder: Path, unseal: Unseal) -> int | None: ...
    def manifest(self, folder: Path) -> bytes | None:
        """The sealed manifest of what was saved there; what a save left unfinished is deleted."""


class Comparator(Protocol):
    """A probe against people who are given."""

    def warm_up(self) -> None:
        """Do now what the first comparison would otherwise wait for."""

    def compare(self, probe: Sequence[Template], reference: Sequence[Template]) -> Comparison: ...
    def rank_many(
        self,
        probes: Sequence[Sequence[Template]],
        people: Mapping[int, Sequence[Template]],
        limit: int,
        *,
        readings: Readings | None = None,
    ) -> list[list[Candidate]]:
        """For each probe, what an index of these people, among many more, would find of them."""

    def rank_earlier(
        self, probes: Sequence[Sequence[Template]], limit: int, *, readings: Readings | None = None
    ) -> list[list[Candidate]]:
        """For each probe, those before it that may be the same person's, by their place."""


@dataclass(frozen=True, slots=True)
class PairRow:
    """A pair of a walk as it is exported. A number is None while the person is pending."""

    person_key: int
    person_number: str | None
    other_key: int
    other_number: str | None
    band: Band
    rarity: float
    log10_lr: float
    hypothesis: Hypothesis
    evidence: Mapping[str, PositionEvidence]


class Walks(Protocol):
    def add(self, one: Walk) -> None: ...
    def by_key(self, key: int) -> Walk:
        """Raises NoSuchRow."""

    def running(self) -> Walk | None: ...
    def last_finished(self) -> Walk | None: ...
    def add_pairs(self, some: Sequence[WalkPair]) -> None: ...
    def reaching_beyond(self, walk_key: int, key: int) -> Iterable[tuple[int, int]]:
        """(person key, other key) of the pairs whose other key is greater than `key`."""

    def rows(self, walk_key: int) -> Iterable[PairRow]:
        """In the order they were found."""


class Searches(Protocol):
    """What the search of each enrolment found."""

    def add(self, some: Sequence[BestFound]) -> None: ...
    def best_after(self, key: int, limit: int) -> Sequence[tuple[BestFound, int | None]]:
        """The best found, with the key of the person whom the enrolment became, in the order they were kept."""


class DemographicKeys(Protocol):
    """Under which combinations of what they state people are kept. They follow what people state by themselves."""

    def sharing(self, who: Stated, limit: int) -> Sequence[int]:
        """The keys of people, merged ones too, who share a combination; those who share most first."""

    def renew(self, people: Sequence[Person]) -> None:
        """Have people kept under the combinations that are set today."""

    def people(self) -> int:
        """How many are enrolled: the size of the registry in which a search is made."""


class DeduplicationUnit(AdjudicationUnit, Protocol):
    @property
    def demographic_keys(self) -> DemographicKeys: ...
    @property
    def walks(self) -> Walks: ...
    @property
    def searches(self) -> Searches: ...
