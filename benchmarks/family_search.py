"""Searches of made-up families: each person's second enrolment among the first ones of everyone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.made_up_families import Being
from service.deduplication.domain.blocking import Combination, kept_keys, searched_keys
from service.deduplication.domain.comparison import Guard
from service.deduplication.domain.stated import Stated
from service.deduplication.domain.weights import DemographicEvidence, Weights, weigh

NEVER = (Guard.OTHER_GIVEN, Guard.GENERATION)


class Index:
    """Places of records by key."""

    def __init__(self, records: Sequence[Stated], some: Sequence[Combination]) -> None:
        self._some = some
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for place, record in enumerate(records):
            for key in kept_keys(record, some):
                self._places[key].append(place)

    def candidates(self, who: Stated) -> set[int]:
        keys = searched_keys(who, self._some)
        return set().union(*(self._places.get(key, ()) for key in keys))

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Each pair of records that share a key, once for every key that they share."""
        for places in self._places.values():
            for at, one in enumerate(places):
                for other in places[at + 1 :]:
                    yield one, other


@dataclass(frozen=True, slots=True)
class Found:
    """What one search found. mate: of the same person, None where no key leads to it. others: strongest, log10 LR."""

    mate: DemographicEvidence | None
    relative: float
    strangers: Sequence[float]
    compared: int


def searches(
    people: Sequence[Being],
    first: Sequence[Stated],
    second: Sequence[Stated],
    weights: Weights,
    *,
    some: Sequence[Combination],
    places: Iterable[int],
    least: float = 0.0,
) -> Iterator[Found]:
    """Search the second record of the people at `places`. strangers: those of `least` and more."""
    index = Index(first, some)
    for place in places:
        candidates = index.candidates(second[place])
        mate, relative, strangers = None, -99.0, []
        for one in candidates:
            found = weigh(second[place], first[one], weights)
            if one == place:
                mate = found
            elif found.guard in NEVER or found.log10_lr < least:
                continue
            elif people[one].clan == people[place].clan:
                relative = max(relative, found.log10_lr)
            else:
                strangers.append(found.log10_lr)
        yield Found(mate, relative, strangers, len(candidates))
