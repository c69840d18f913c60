"""What devices, senders and cases of an honest registry give day by day, for patterns to be measured on.

Honest devices differ: their share of poor prints varies from device to device (skin, work, climate) and from day to
day, some people resemble others far more often than the average, and scanners' populations differ in their ridges.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.random import Generator

from service.oversight.domain.findings import Kind, Subject
from service.oversight.domain.missing_fingers import Missing
from service.oversight.domain.new_fingers import FacePair
from service.oversight.domain.poor_prints import Prints
from service.oversight.domain.repeated_people import Named, Volume
from service.oversight.domain.resolution import AgeClass, Period

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
POOR = 0.15  # of prints; device and day vary it by these correlations
OF_DEVICE, OF_DAY = 0.03, 0.03
PRINTS_A_DAY = (20, 240)
RIDGE_PX = {AgeClass.ADULT: 9.0, AgeClass.CHILD: 7.6}
SPREAD, OF_PEOPLE = 0.13, 0.03  # of the logarithm: among prints, and of a device's population


@dataclass(frozen=True)
class Registry:
    """devices: each sends with one of `devices // 4` tokens."""

    devices: int
    days: int
    people: int
    rng: Generator

    @property
    def subjects(self) -> list[tuple[Subject, Subject]]:
        senders = max(self.devices // 4, 2)
        return [
            (Subject(Kind.DEVICE, f"scanner-{n}", f"site-{n // 4}"), Subject(Kind.SENDER, f"token:{n % senders}"))
            for n in range(self.devices)
        ]


def day_of(day: int) -> date:
    return (FIRST_DAY + timedelta(days=day)).date()


def uuid_of(number: int) -> UUID:
    return UUID(int=number)


def _beta(rng: Generator, mean: float, correlation: float) -> float:
    scale = (1 - correlation) / correlation
    return float(rng.beta(mean * scale, (1 - mean) * scale))


def prints(registry: Registry) -> list[Prints]:
    """By day, device and sender."""
    rng, sums = registry.rng, dict[tuple[Subject, int], list[int]]()
    for device, sender in registry.subjects:
        usual = _beta(rng, POOR, OF_DEVICE)
        for day in range(registry.days):
            count = int(rng.integers(*PRINTS_A_DAY))
            poor = int(rng.binomial(count, _beta(rng, min(max(usual, 0.001), 0.999), OF_DAY)))
            for subject in (device, sender):
                own = sums.setdefault((subject, day), [0, 0])
                own[0] += count
                own[1] += poor
    return [Prints(subject, day_of(day), *numbers) for (subject, day), numbers in sums.items()]


def volume(registry: Registry, per_day: int, named: int) -> Volume:
    sent = dict[Subject, int]()
    for pair in registry.subjects:
        for subject in pair:
            sent[subject] = sent.get(subject, 0) + per_day * registry.days
    return Volume(registry.people, named, sent)


def missing(registry: Registry, per_day: int, rate: float) -> list[Missing]:
    """At most a few per device: a person with a bandage who comes again."""
    rng, events = registry.rng, list[Missing]()
    for pair in registry.subjects:
        for _ in range(int(rng.poisson(rate * per_day * registry.days))):
            at = FIRST_DAY + timedelta(days=float(rng.uniform(0, registry.days)))
            events.append(Missing(uuid_of(len(events) + 1), at, pair))
    return events


def _named(registry: Registry, per_day: int, rate: float) -> Iterator[tuple[int, Subject, int, datetime]]:
    """False alarms: case, sender, person, instant. People are named unequally, by a gamma weight of mean 1."""
    rng = registry.rng
    weights = rng.gamma(0.5, 2.0, registry.people)
    weights /= weights.sum()
    count = int(rng.poisson(rate * per_day * registry.days * registry.devices))
    whom = rng.choice(registry.people, count, p=weights)
    by = rng.integers(0, registry.devices, count)
    subjects = registry.subjects
    for case in range(count):
        at = FIRST_DAY + timedelta(days=float(rng.uniform(0, registry.days)))
        yield case, subjects[int(by[case])][1], int(whom[case]), at


def named(registry: Registry, per_day: int, rate: float) -> tuple[list[Named], int]:
    """Of all pairs of sender and person; and how many candidates there were."""
    counts = dict[tuple[Subject, int], list[datetime]]()
    total = 0
    for _, sender, person, at in _named(registry, per_day, rate):
        counts.setdefault((sender, person), []).append(at)
        total += 1
    rows = [
        Named(sender.name, uuid_of(person), len(ats), min(ats), max(ats)) for (sender, person), ats in counts.items()
    ]
    return rows, total


def face_pairs(registry: Registry, per_day: int, rate: float, certain: float) -> list[FacePair]:
    """certain: share of false alarms that reach the band duplicate."""
    return [
        FacePair(
            uuid_of(case + 1),
            at,
            uuid_of(registry.people + case),
            uuid_of(person),
            bool(registry.rng.random() < certain),
        )
        for case, _, person, at in _named(registry, per_day, rate)
    ]


def periods(registry: Registry, per_device: int, factors: dict[str, float]) -> Iterator[Period]:
    """factors: by a device's name, how much its ridges seem wider than they are."""
    rng, received = registry.rng, FIRST_DAY
    for device, _ in registry.subjects:
        shift = float(rng.normal(0, OF_PEOPLE)) + float(np.log(factors.get(device.name, 1.0)))
        for _ in range(per_device):
            age = AgeClass.CHILD if rng.random() < 0.3 else AgeClass.ADULT
            received += timedelta(seconds=1)
            pixels = RIDGE_PX[age] * float(np.exp(rng.normal(shift, SPREAD)))
            yield Period(device, 500.0, age, pixels, received)
