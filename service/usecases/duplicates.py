"""Everybody enrolled against everybody else: who is in the registry twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from matcher import template_from_bytes
from service.domain.decision import Band, Policy, PositionEvidence, Suspect, decide
from service.ports import Engine, Storage, TemplateRecord
from service.usecases.captures import to_suspect
from service.usecases.gallery import Follower
from service.usecases.process import Rules

Found = Mapping[int, Sequence[Suspect]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who may be one; `person` has the lower key. A number is None while its owner is pending."""

    person_key: int
    person_number: str | None
    other_key: int
    other_number: str | None
    band: Band
    log10_lr: float
    evidence: Mapping[str, PositionEvidence]


@dataclass(frozen=True, slots=True)
class Step:
    """Some people searched. last_key: of the last of them, to go on after. people: how many were searched.

    policy: the thresholds, as the gallery's size at that time asked for them. mark: of the last change of the database
    that the gallery had seen; None where there was none yet.
    """

    last_key: int
    people: int
    pairs: list[Pair]
    policy: Policy
    gallery_size: int
    mark: str | None


def find_duplicates(
    *,
    storage: Storage,
    engine: Engine,
    follower: Follower,
    rules: Rules,
    batch: int,
    after: int = 0,
    named: Iterable[tuple[int, int]] = (),
) -> Iterator[Step]:
    """Search everybody in the order of keys, `batch` at a time, and name each pair in review or duplicate once.

    A pair is named by its earlier side, with the evidence that search found; by the later one where only that found it,
    as happens to people who resemble more others than a search returns. To go on with a walk: `after`, the last key of
    the last step that was kept, and `named`, the pairs (lower key, higher key) of the steps up to it.
    """
    earlier: defaultdict[int, set[int]] = defaultdict(set)
    for key, other in named:
        if other > after:
            earlier[other].add(key)
    while people := _next(storage, follower, after):
        size, mark = len(engine), follower.mark
        policy = rules.policy(size)
        for start in range(0, len(people), batch):
            part = people[start : start + batch]
            found = _search(part, engine, policy, rules.candidates)
            pairs = [pair for key, suspects in found.items() for pair in _unnamed(key, suspects, earlier)]
            after = part[-1][0]
            yield Step(after, len(found), _with_numbers(pairs, storage, policy), policy, size, mark)


def _next(storage: Storage, follower: Follower, after: int) -> list[tuple[int, list[TemplateRecord]]]:
    """The next people by key, all of them in the gallery by now."""
    with storage.read() as uow:
        follower.catch_up(uow)
        return sorted(uow.gallery.searched(after).items())


def _search(
    people: Sequence[tuple[int, Sequence[TemplateRecord]]], engine: Engine, policy: Policy, limit: int
) -> Found:
    """Those worth showing a person, by whose search found them; people without a template are not searched."""
    templates = {key: [template_from_bytes(one.content) for one in records] for key, records in people if records}
    lists = engine.search_many(list(templates.values()), limit + 1)  # one more: the person themself
    found = {}
    for key, candidates in zip(templates, lists, strict=True):
        others = [to_suspect(one) for one in candidates if one.key != key][:limit]
        found[key] = decide(others, policy)[1]
    return found


def _unnamed(
    key: int, suspects: Iterable[Suspect], earlier: defaultdict[int, set[int]]
) -> Iterator[tuple[int, int, Suspect]]:
    """(lower key, higher key, evidence) of the pairs not named yet.

    earlier: for everybody still to be searched, who has named a pair with them. Only pairs that reach ahead are held.
    """
    known = earlier.pop(key, set())
    for one in suspects:
        if one.person_key > key:
            earlier[one.person_key].add(key)
            yield key, one.person_key, one
        elif one.person_key not in known:
            yield one.person_key, key, one


def _with_numbers(pairs: Sequence[tuple[int, int, Suspect]], storage: Storage, policy: Policy) -> list[Pair]:
    with storage.read() as uow:
        return [
            Pair(
                lower,
                uow.people.by_key(lower).number,
                higher,
                uow.people.by_key(higher).number,
                policy.band(one.log10_lr),
                one.log10_lr,
                one.evidence,
            )
            for lower, higher, one in pairs
        ]
