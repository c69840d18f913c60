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


@dataclass(frozen=True, slots=True)
class SearchPolicy:
    """How a registry searches. fpir_review, fpir_duplicate: false-positive identification rates, per search.

    candidates: the most people a search names.
    """

    fpir_review: float
    fpir_duplicate: float
    candidates: int

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
