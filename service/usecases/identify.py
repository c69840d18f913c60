"""Searching and comparing without keeping anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matcher import template_from_bytes
from service.domain.decision import Band, Policy, PositionEvidence, Suspect, decide
from service.domain.errors import NothingToCompare, NothingToEnrol
from service.domain.people import Person
from service.ports import Engine, Storage
from service.usecases import lookup
from service.usecases.captures import SentCapture, check_positions, extract_all, search
from service.usecases.gallery import Follower
from service.usecases.process import Rules


@dataclass(frozen=True, slots=True)
class Identified:
    """One person found. `person` is who their key stands for now."""

    person: Person
    band: Band
    suspect: Suspect


@dataclass(frozen=True, slots=True)
class Identification:
    """The outcome of a 1:N search, with the thresholds that the gallery's size asked for."""

    band: Band
    policy: Policy
    gallery_size: int
    found: list[Identified]


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a 1:1 comparison. evidence: by position."""

    person: Person
    band: Band
    policy: Policy
    log10_lr: float
    evidence: Mapping[str, PositionEvidence]


def identify(
    captures: Sequence[SentCapture],
    *,
    storage: Storage,
    engine: Engine,
    follower: Follower,
    rules: Rules,
    any_finger: bool = False,
) -> Identification:
    """Search everybody enrolled. any_finger: positions of fingers may be wrong. Raises Refused or CapturesRefused."""
    _check(captures)
    templates = extract_all(captures, engine)
    with storage.read() as uow:
        follower.catch_up(uow)
        size = len(engine)
        policy = rules.policy(size)
        band, shown = decide(search(templates, engine, rules.candidates, any_finger=any_finger), policy)
    with storage.read() as uow:  # a fresh look: the gallery may know somebody the first one could not see yet
        found = [
            Identified(uow.people.survivor_of(uow.people.by_key(one.person_key)), policy.band(one.log10_lr), one)
            for one in shown
        ]
    return Identification(band, policy, size, found)


def verify(
    number: str, captures: Sequence[SentCapture], *, storage: Storage, engine: Engine, rules: Rules
) -> Verification:
    """Compare captures to one enrolled person. Raises NoSuchPerson, NothingToCompare, Refused or CapturesRefused."""
    _check(captures)
    with storage.read() as uow:
        person = lookup.person_by_number(uow, number).person
        reference = [template_from_bytes(one.content) for one in uow.people.templates([person.key]).get(person.key, ())]
    compared = engine.compare(extract_all(captures, engine), reference)
    if not compared.evidence:
        had = ", ".join(sorted({one.position.value for one in reference})) or "no capture at all"
        raise NothingToCompare(f"no position in common; this person was enrolled with {had}", "captures")
    policy = rules.policy(1)
    evidence = {
        position.value: PositionEvidence(one.score, one.log10_lr) for position, one in compared.evidence.items()
    }
    return Verification(person, policy.band(compared.log10_lr), policy, compared.log10_lr, evidence)


def _check(captures: Sequence[SentCapture]) -> None:
    check_positions(captures)
    if not captures:
        raise NothingToEnrol("send at least one capture", "captures")
