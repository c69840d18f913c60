"""All records against all others: who is in the registry twice.

The walk and its pairs are rows, so that a walk that was stopped goes on, and a page can show it. Each step is one
transaction: its pairs, their cases and the walk's progress are kept together or not at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from service.adjudication.domain.evidence import Candidate, Thresholds, from_the_other_side
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.deduplication.domain.search import SearchPolicy, Walk, WalkPair, WalkStatus, decide
from service.deduplication.errors import WalkDiffers
from service.deduplication.ports import DeduplicationUnit
from service.deduplication.steps.candidates import to_candidate
from service.deduplication.steps.generations import searched_of
from service.deduplication.steps.pair_cases import Pair, open_cases
from service.deduplication.steps.replica import Replica
from service.enrolment.ports import TemplateRecord
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.ids import new_uuid
from service.kit.unit import Storage
from service.registry.domain.people import PersonStatus


@dataclass(frozen=True, slots=True)
class BeginWalk:
    """settings: what the pairs depend on, by name. restart: begin anew, whatever was begun before."""

    settings: Mapping[str, str]
    opens_cases: bool = False
    restart: bool = False


def begin_walk(command: BeginWalk, *, actor: Actor, storage: Storage[DeduplicationUnit], clock: Clock) -> Walk:
    """The walk to go on with: the one that was stopped, or a new one.

    Raises WalkDiffers where the one that was stopped depends on other settings.
    """
    with storage.write() as uow:
        running = uow.walks.running()
        if running is not None and not command.restart:
            _require_same(running, command)
            uow.audit.note(actor, Action.WALK_BEGIN, Target("walk", str(running.id)), details={"went_on": True})
            uow.commit()
            return running
        if running is not None:
            running.status = WalkStatus.ABANDONED
        walk = Walk(new_uuid(), dict(command.settings), command.opens_cases, actor.id, clock.now())
        uow.walks.add(walk)
        details = {"settings": dict(command.settings), "opens_cases": command.opens_cases}
        uow.audit.note(actor, Action.WALK_BEGIN, Target("walk", str(walk.id)), details=details)
        uow.commit()
    return walk


def walk_on(
    walk_key: int,
    *,
    actor: Actor,
    storage: Storage[DeduplicationUnit],
    replica: Replica,
    clock: Clock,
    policy: SearchPolicy,
    batch: int,
) -> Iterator[Walk]:
    """Search everyone in the order of keys, `batch` at a time, from where the walk is to the end; the walk by step.

    Each pair in review or duplicate is found once: by its earlier side, with the evidence that search found; by the
    later one where only that found it, as happens to people who resemble more others than a search returns.
    """
    with storage.read() as uow:
        after = uow.walks.by_key(walk_key).after_key
        earlier = _pairs_ahead(uow.walks.reaching_beyond(walk_key, after))
    while people := _next(storage, replica, after):
        size = len(replica.index)
        thresholds = policy.thresholds(size)
        for start in range(0, len(people), batch):
            part = people[start : start + batch]
            searched = _search(part, replica, thresholds, policy)
            found = [pair for key, some in searched.items() for pair in _new_pairs(key, some, earlier)]
            after = part[-1][0]
            with storage.write() as uow:
                uow.changes.lock()  # no one merges people or opens a case meanwhile
                walk = uow.walks.by_key(walk_key)
                found = _but_erased(uow, found)
                _record(uow, walk, found, thresholds)
                if walk.opens_cases:
                    walk.cases += open_cases(uow, found, thresholds=thresholds, gallery_size=size, now=clock.now())
                walk.after_key, walk.people = after, walk.people + len(searched)
                _note(uow, actor, walk, found, thresholds)
                uow.commit()
            yield walk
    with storage.write() as uow:
        walk = uow.walks.by_key(walk_key)
        walk.status, walk.finished_at = WalkStatus.FINISHED, max(clock.now(), walk.begun_at)
        counts = {"people": walk.people, "pairs": walk.pairs, "cases": walk.cases}
        uow.audit.note(actor, Action.WALK_FINISH, Target("walk", str(walk.id)), details=counts)
        uow.commit()
    yield walk


def _note(uow: DeduplicationUnit, actor: Actor, walk: Walk, found: Sequence[Pair], thresholds: Thresholds) -> None:
    """A step that found nobody alike concerns nobody."""
    if found:
        people = uow.people.by_keys({key for lower, higher, _ in found for key in (lower, higher)})
        ids = [one.id for one in people.values()]
        details = {"pairs": len(found), "thresholds": thresholds, "index": uow.changes.last()}
        uow.audit.note(actor, Action.WALK_STEP, Target("walk", str(walk.id)), people=ids, details=details)


def _but_erased(uow: DeduplicationUnit, found: Sequence[Pair]) -> list[Pair]:
    """Without pairs of people who were erased since they were searched."""
    people = uow.people.by_keys({key for lower, higher, _ in found for key in (lower, higher)})
    gone = {one.key for one in people.values() if one.status is PersonStatus.ERASED}
    return [one for one in found if not gone & set(one[:2])]


def _require_same(walk: Walk, command: BeginWalk) -> None:
    before = {**walk.settings, "--cases": str(walk.opens_cases)}
    now = {**command.settings, "--cases": str(command.opens_cases)}
    changed = [
        f"{name} was {before.get(name)} and is {now.get(name)}"
        for name in {**before, **now}
        if before.get(name) != now.get(name)
    ]
    if changed:
        raise WalkDiffers(f"a walk was begun on {walk.begun_at:%Y-%m-%d %H:%M} and stopped: {'; '.join(changed)}")


def _pairs_ahead(pairs: Iterable[tuple[int, int]]) -> defaultdict[int, set[int]]:
    """For each person still to be searched, who has found them already."""
    earlier: defaultdict[int, set[int]] = defaultdict(set)
    for key, other in pairs:
        earlier[other].add(key)
    return earlier


def _next(
    storage: Storage[DeduplicationUnit], replica: Replica, after: int
) -> list[tuple[int, Sequence[TemplateRecord]]]:
    """The next people by key, all of them in the gallery by now."""
    with storage.read() as uow:
        replica.catch_up(uow)
        return sorted(uow.templates.searched(after).items())


def _search(
    people: Sequence[tuple[int, Sequence[TemplateRecord]]],
    replica: Replica,
    thresholds: Thresholds,
    policy: SearchPolicy,
) -> dict[int, list[Candidate]]:
    """Those worth showing a person, by whose search found them; people without a template are not searched."""
    limit = policy.candidates
    templates = {key: searched_of(records, policy.generations) for key, records in people if records}
    lists = replica.index.search_many(list(templates.values()), limit + 1)  # one more: the person themself
    found = {}
    for key, candidates in zip(templates, lists, strict=True):
        others = [to_candidate(one) for one in candidates if one.key != key][:limit]
        found[key] = decide(others, thresholds)[1]
    return found


def _new_pairs(key: int, candidates: Iterable[Candidate], earlier: defaultdict[int, set[int]]) -> Iterator[Pair]:
    """The pairs not found yet. earlier: see `_pairs_ahead`; only pairs that reach ahead are held in it."""
    known = earlier.pop(key, set())
    for one in candidates:
        if one.person_key > key:
            earlier[one.person_key].add(key)
            yield key, one.person_key, one
        elif one.person_key not in known:
            yield one.person_key, key, replace(one, person_key=key, evidence=from_the_other_side(one.evidence))


def _record(uow: DeduplicationUnit, walk: Walk, found: Sequence[Pair], thresholds: Thresholds) -> None:
    uow.walks.add_pairs(
        [
            WalkPair(
                walk_key=walk.key,
                person_key=lower,
                other_key=higher,
                band=thresholds.band(one.rarity),
                log10_lr=one.log10_lr,
                rarity=one.rarity,
                hypothesis=one.hypothesis,
                evidence=one.evidence,
            )
            for lower, higher, one in found
        ]
    )
    walk.pairs += len(found)
