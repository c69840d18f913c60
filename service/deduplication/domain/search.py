"""From evidence to one of three bands. A machine never merges people and never refuses one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.adjudication.domain.evidence import (
    Band,
    Candidate,
    Hypothesis,
    PositionEvidence,
    Thresholds,
    strongest_first,
)


class Generations(StrEnum):
    """Which of a person's captures are searched, where some were added later.

    all: whichever resembles most counts. newest: of each position the one received last.
    """

    ALL = "all"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class SearchPolicy:
    """How a registry searches. fpir_review, fpir_duplicate: false-positive identification rates, per search.

    candidates: the most people a search names. generations: which captures of a person are compared.
    """

    fpir_review: float
    fpir_duplicate: float
    candidates: int
    generations: Generations = Generations.ALL

    def thresholds(self, people: int) -> Thresholds:
        """The thresholds that keep to the rates in a gallery of `people`.

        A comparison of different people reaches the rarity r with a probability of at most 10^-r, so a search of N
        people reaches it with one of at most N * 10^-r. Hence r = log10(N / FPIR).
        """
        scale = max(people, 1)
        return Thresholds(math.log10(scale / self.fpir_review), math.log10(scale / self.fpir_duplicate))


def decide(candidates: Sequence[Candidate], thresholds: Thresholds) -> tuple[Band, list[Candidate]]:
    """The band of the strongest candidate, and the candidates worth showing a person, strongest first."""
    shown = strongest_first(one for one in candidates if thresholds.band(one.rarity) is not Band.UNIQUE)
    return (thresholds.band(shown[0].rarity) if shown else Band.UNIQUE), shown


def belong_to(
    person_key: int,
    compared: Candidate | None,
    found: Sequence[Candidate],
    thresholds: Thresholds,
) -> bool:
    """Whether captures are certainly those of the person to whom they are to be added.

    compared: them with what is there of the person, where both have a position in common; None: nothing is comparable.
    found: whom a search of everyone shows. thresholds: of a comparison with one person. Captures that are the person's
    only in part, or at other positions than stated, are not certain.
    """
    if any(one.person_key != person_key for one in found):
        return False
    if compared is None:
        return not found
    return compared.hypothesis is Hypothesis.AS_STATED and thresholds.band(compared.rarity) is Band.DUPLICATE


class WalkStatus(StrEnum):
    """abandoned: a later walk was begun in its place."""

    RUNNING = "running"
    FINISHED = "finished"
    ABANDONED = "abandoned"


@dataclass(eq=False)
class Walk:
    """A search of all records against all others, in the order of keys.

    settings: what its pairs depend on, by name. opens_cases: whether each pair gets a case for operators.
    after_key: the person searched last. people, pairs, cases: so far. begun_by: the actor's ID.
    """

    id: UUID
    settings: Mapping[str, str]
    opens_cases: bool
    begun_by: str
    begun_at: datetime
    status: WalkStatus = WalkStatus.RUNNING
    after_key: int = 0
    people: int = 0
    pairs: int = 0
    cases: int = 0
    finished_at: datetime | None = None
    key: int = field(init=False)


@dataclass(eq=False)
class WalkPair:
    """Two people whom a walk found alike; person_key is the lower one. evidence: by this one's positions."""

    walk_key: int
    person_key: int
    other_key: int
    band: Band
    log10_lr: float
    rarity: float
    hypothesis: Hypothesis
    evidence: Mapping[str, PositionEvidence]
    key: int = field(init=False)


@dataclass(eq=False)
class BestFound:
    """The strongest candidate of an enrolment's search, whatever came of it. people: searched.

    person_key, rarity: None where nobody was found.
    """

    enrolment_key: int
    people: int
    person_key: int | None
    rarity: float | None
    key: int = field(init=False)

    @property
    def excess(self) -> float:
        """Decades of rarity beyond what one search among so many people reaches once: from 2 on, at an FPIR of 1 %."""
        return -math.inf if self.rarity is None else self.rarity - math.log10(max(self.people, 1))


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often searches of people who were not enrolled reach the threshold of a promised FPIR.

    observed: of `searches`. low, high: the rate's 95 % interval (Clopper and Pearson). fitted: the rate by the tail of
    the excesses above TAIL_FROM, exponential; None with fewer than TAIL_LEAST of them.
    """

    promised: float
    searches: int
    observed: int
    low: float
    high: float
    fitted: float | None


TAIL_FROM = 1.0
"""Excess from which a tail is fitted: one search in ten, if rarities are what they say."""
TAIL_LEAST = 20
"""Searches beyond it. The scale of twenty excesses is known to a fifth."""


def false_alarms(excesses: Sequence[float], searches: int, promised: float) -> FalseAlarms:
    """excesses: of non-mated best candidates; those below TAIL_FROM may be left out. searches: all of them."""
    reached = sum(one >= -math.log10(promised) for one in excesses)
    tail = [one - TAIL_FROM for one in excesses if one >= TAIL_FROM]
    fitted = None
    if len(tail) >= TAIL_LEAST and sum(tail) > 0:
        beyond = max(-math.log10(promised) - TAIL_FROM, 0.0)
        fitted = len(tail) / searches * math.exp(-beyond * len(tail) / sum(tail))
    return FalseAlarms(promised, searches, reached, *_interval(reached, searches), fitted)


def _interval(count: int, of: int) -> tuple[float, float]:
    """95 %, of a share (Clopper and Pearson, Biometrika 1934)."""
    from scipy.special import betaincinv  # slow to import

    low = 0.0 if count == 0 else float(betaincinv(count, of - count + 1, 0.025))
    high = 1.0 if count >= of else float(betaincinv(count + 1, of - count, 0.975))
    return low, high
