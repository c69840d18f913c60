"""Walks over a small registry, by the real engine, against a plain scan of all pairs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from matcher import MODELS, Candidate, Engine, Position, Template, exact
from matcher.calibrate import Calibration, read_calibrations
from matcher.fuse import modality
from matcher.gallery import Gallery, untrained
from service.domain.decision import Band
from service.storage.database import migrate, open_database
from service.storage.unit import SqlStorage
from service.usecases.duplicates import Pair, Step, find_duplicates
from service.usecases.gallery import Follower
from service.usecases.process import Rules
from tests.matcher.made_up import again, person
from tests.service.registry import enrolled, of_engine

FACE, THUMB = Position.FACE, Position.RIGHT_THUMB
KINDS = ((FACE, THUMB), (FACE,), (THUMB,))
ROUNDING = 1e-3
"""log10 LR."""

Templates = Sequence[Template]
Scan = Mapping[int, Sequence[Candidate]]


@dataclass(frozen=True)
class Registry:
    """A small one. scan: for each person all others by a plain scan of what a gallery keeps, most likely first."""

    storage: SqlStorage
    engine: Engine
    scan: Scan

    def walk(
        self, candidates: int, batch: int = 5, after: int = 0, named: Sequence[tuple[int, int]] = ()
    ) -> list[Step]:
        return list(walk_of(self.storage, self.engine, candidates, batch, after, named))


def as_kept(people: Mapping[int, Sequence[Template]], calibrations: Mapping[str, Calibration]) -> dict[int, Templates]:
    """What a gallery keeps of them, which is a little less."""
    sizes = {modality(one.position): len(one.vector) for templates in people.values() for one in templates}
    gallery = Gallery(sizes, calibrations, {name: untrained(size, 4) for name, size in sizes.items()})
    gallery.add_many((key, templates) for key, templates in people.items() if templates)
    return dict(gallery.people())


def walk_of(
    storage: SqlStorage,
    engine: Engine,
    candidates: int,
    batch: int,
    after: int = 0,
    named: Sequence[tuple[int, int]] = (),
) -> Iterator[Step]:
    """A walk by an engine that takes everybody from the database."""
    return find_duplicates(
        storage=storage,
        engine=engine,
        follower=Follower(engine, Path("no snapshots")),
        rules=rules(candidates),
        batch=batch,
        after=after,
        named=named,
    )


@contextmanager
def opened(home: Path) -> Iterator[SqlStorage]:
    """An empty registry."""
    database = open_database(f"sqlite:///{home / 'jisr.db'}")
    migrate(database)
    yield SqlStorage(database)
    database.dispose()


def rules(candidates: int) -> Rules:
    return Rules(
        fpir_review=0.5, fpir_duplicate=0.005, candidates=candidates, person_number_length=10, batch=4, attempts=3
    )


def people() -> list[list[Template]]:
    """Seven people three times, some well captured and some not, and three strangers, in no order of likeness."""
    made = [again(seed, KINDS[seed % 3], time=time, noise=0.5 + 0.15 * seed) for time in (1, 2, 3) for seed in range(7)]
    return [*made[:10], person(50, (FACE, THUMB)), [], *made[10:], person(51, (FACE,)), person(52, (THUMB,))]


@pytest.fixture(scope="module")
def registry(loaded_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    made = [of_engine(loaded_engine, one) for one in people()]
    calibrations = read_calibrations(MODELS / "calibration.json", loaded_engine.models)
    with opened(tmp_path_factory.mktemp("registry")) as storage:
        by_key = dict(zip(enrolled(storage, made), made, strict=True))
        kept = as_kept(by_key, calibrations)
        scan = {
            key: exact.search({other: kept[other] for other in kept if other != key}, templates, calibrations)
            for key, templates in by_key.items()
        }
        yield Registry(storage, loaded_engine, scan)


@pytest.fixture(autouse=True)
def _emptied(loaded_engine: Engine) -> None:
    loaded_engine.clear()


def pairs_of(steps: Sequence[Step]) -> list[Pair]:
    return [pair for step in steps for pair in step.pairs]


def keys_of(pairs: Sequence[Pair]) -> list[tuple[int, int]]:
    return [(pair.person_key, pair.other_key) for pair in pairs]


def wanted(scan: Scan, candidates: int, least: float) -> dict[tuple[int, int], Candidate]:
    """By pair, what its earlier side says; what its later side does where only that has it among its first."""
    found = {
        (min(key, one.key), max(key, one.key), one.key < key): one
        for key, others in scan.items()
        for one in others[:candidates]
        if one.log10_lr >= least
    }
    return {key[:2]: found[key] for key in sorted(found, reverse=True)}


@pytest.mark.parametrize("candidates", [1, 2, 30])
def test_every_pair_is_named_once_as_a_plain_scan_would(registry: Registry, candidates: int) -> None:
    pairs = pairs_of(registry.walk(candidates))
    assert len(set(keys_of(pairs))) == len(pairs) > 0
    policy = rules(candidates).policy(len(registry.engine))
    perhaps = wanted(registry.scan, candidates, policy.review_at - ROUNDING)
    surely = wanted(registry.scan, candidates, policy.review_at + ROUNDING)
    assert surely.keys() <= set(keys_of(pairs)) <= perhaps.keys()
    for pair in pairs:
        one = perhaps[pair.person_key, pair.other_key]
        assert pair.person_key < pair.other_key
        assert pair.log10_lr == pytest.approx(one.log10_lr, abs=ROUNDING)
        assert pair.evidence.keys() == {position.value for position in one.evidence}
        assert pair.band is policy.band(pair.log10_lr)
        assert (pair.person_number, pair.other_number) == (str(999 + pair.person_key), str(999 + pair.other_key))


def test_both_bands_are_named(registry: Registry) -> None:
    assert {pair.band for pair in pairs_of(registry.walk(30))} == {Band.REVIEW, Band.DUPLICATE}


def test_searches_of_one_candidate_name_pairs_from_their_later_side_only(registry: Registry) -> None:
    """Else the test above would not see whether such pairs are lost."""
    first = {key: {one.key for one in others[:1]} for key, others in registry.scan.items()}
    pairs = keys_of(pairs_of(registry.walk(1)))
    assert any(other not in first[key] for key, other in pairs)
    assert any(key in first[other] and other in first[key] for key, other in pairs)


@pytest.mark.parametrize("candidates", [1, 30])
def test_a_walk_goes_on_after_any_step(registry: Registry, candidates: int) -> None:
    whole = registry.walk(candidates)
    assert sum(step.people for step in whole) == len(registry.engine) == 24
    for done in range(1, len(whole) + 1):
        named = keys_of(pairs_of(whole[:done]))
        assert registry.walk(candidates, after=whole[done - 1].last_key, named=named) == whole[done:]


def test_the_size_of_the_steps_changes_nothing_else(registry: Registry) -> None:
    assert pairs_of(registry.walk(30, batch=1)) == pairs_of(registry.walk(30, batch=1000))


def test_people_enrolled_during_a_walk_are_part_of_it(engine: Engine, tmp_path: Path) -> None:
    one, two, three = (of_engine(engine, again(60, (FACE, THUMB), time=time)) for time in (1, 2, 3))
    with opened(tmp_path) as storage:
        (first,) = enrolled(storage, [one])
        walk = walk_of(storage, engine, candidates=30, batch=5)
        assert next(walk).pairs == []
        second, third = enrolled(storage, [two, three], first=2000)
        assert sorted(keys_of(pairs_of(list(walk)))) == [(first, second), (first, third), (second, third)]
