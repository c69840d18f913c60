"""Walks over a small registry, by the real index, against a plain scan of all pairs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import matcher
from matcher import MODELS, Candidate, Position, SearchIndex, Template, exact
from matcher.calibrate import Calibration, read_calibrations
from matcher.fuse import modality
from matcher.gallery import Gallery, untrained
from service.adjudication.domain.evidence import Band, Hypothesis, from_the_other_side
from service.adjudication.ports import CaseQuery
from service.bootstrap import Recognition
from service.deduplication.domain.search import SearchPolicy, Walk, WalkStatus
from service.deduplication.errors import WalkDiffers
from service.deduplication.ports import PairRow
from service.deduplication.steps.candidates import to_evidence
from service.deduplication.steps.replica import Replica
from service.deduplication.usecases.search_all import BeginWalk, begin_walk, walk_on
from service.kit.sql.database import open_database
from service.storage.unit import SqlStorage
from tests.matcher.made_up import again, person
from tests.service.conftest import Noon
from tests.service.made_up import TESTER, enrolled, of_extractor, storage_of

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
    index: SearchIndex
    scan: Scan

    def walk(self, candidates: int, batch: int = 5) -> list[PairRow]:
        """What a walk from the beginning to the end finds."""
        walk = begun(self.storage, restart=True)
        *_, walk = walk_of(self.storage, self.index, walk, candidates, batch)
        assert walk.status is WalkStatus.FINISHED
        return rows_of(self.storage, walk)


def as_kept(people: Mapping[int, Sequence[Template]], calibrations: Mapping[str, Calibration]) -> dict[int, Templates]:
    """What a gallery keeps of them, which is a little less."""
    sizes = {modality(one.position): len(one.vector) for templates in people.values() for one in templates}
    gallery = Gallery(sizes, calibrations, {name: untrained(size, 4) for name, size in sizes.items()})
    gallery.add_many((key, templates) for key, templates in people.items() if templates)
    return dict(gallery.people())


def begun(storage: SqlStorage, *, restart: bool = False, opens_cases: bool = False) -> Walk:
    return begin_walk(BeginWalk({}, opens_cases, restart), actor=TESTER, storage=storage, clock=Noon())


def walk_of(
    storage: SqlStorage, index: SearchIndex, walk: Walk, candidates: int = 30, batch: int = 5
) -> Iterator[Walk]:
    """The rest of a walk, by an index that reads everyone from the database."""
    return walk_on(
        walk.key,
        actor=TESTER,
        storage=storage,
        replica=Replica(index, Path("no snapshots")),
        clock=Noon(),
        policy=policy(candidates),
        batch=batch,
    )


def rows_of(storage: SqlStorage, walk: Walk) -> list[PairRow]:
    with storage.read() as uow:
        return list(uow.walks.rows(walk.key))


def policy(candidates: int) -> SearchPolicy:
    return SearchPolicy(fpir_review=0.5, fpir_duplicate=0.005, candidates=candidates)


def people() -> list[list[Template]]:
    """Seven people three times, some well captured and some not, and three other people, in no order of likeness."""
    made = [again(seed, KINDS[seed % 3], time=time, noise=0.5 + 0.15 * seed) for time in (1, 2, 3) for seed in range(7)]
    return [*made[:10], person(50, (FACE, THUMB)), [], *made[10:], person(51, (FACE,)), person(52, (THUMB,))]


@pytest.fixture(scope="module")
def registry(loaded_recognition: Recognition, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    extractor = loaded_recognition.extractor
    made = [of_extractor(extractor, one) for one in people()]
    calibrations = read_calibrations(MODELS / "calibration.json", extractor.models)
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'jisr.db'}")
    storage = storage_of(database)
    by_key = dict(zip(enrolled(storage, made), made, strict=True))
    kept = as_kept(by_key, calibrations)
    scan = {
        key: exact.search({other: kept[other] for other in kept if other != key}, templates, calibrations)
        for key, templates in by_key.items()
    }
    yield Registry(storage, loaded_recognition.index, scan)
    database.dispose()


@pytest.fixture(autouse=True)
def _emptied(loaded_recognition: Recognition) -> None:
    loaded_recognition.index.clear()


def keys_of(pairs: Sequence[PairRow]) -> list[tuple[int, int]]:
    return [(pair.person_key, pair.other_key) for pair in pairs]


def wanted(scan: Scan, candidates: int, least: float) -> dict[tuple[int, int], Candidate]:
    """By pair, what its earlier side found; what its later side found where only that has it among its first."""
    found = {
        (min(key, one.key), max(key, one.key), one.key < key): one
        for key, others in scan.items()
        for one in others[:candidates]
        if one.rarity >= least
    }
    return {key[:2]: found[key] for key in sorted(found, reverse=True)}


@pytest.mark.parametrize("candidates", [1, 2, 30])
def test_every_pair_is_found_once_as_a_plain_scan_would(registry: Registry, candidates: int) -> None:
    pairs = registry.walk(candidates)
    assert len(set(keys_of(pairs))) == len(pairs) > 0
    thresholds = policy(candidates).thresholds(len(registry.index))
    perhaps = wanted(registry.scan, candidates, thresholds.review_at - ROUNDING)
    surely = wanted(registry.scan, candidates, thresholds.review_at + ROUNDING)
    assert surely.keys() <= set(keys_of(pairs)) <= perhaps.keys()
    for pair in pairs:
        one = perhaps[pair.person_key, pair.other_key]
        assert pair.person_key < pair.other_key
        assert pair.log10_lr == pytest.approx(one.log10_lr, abs=ROUNDING)
        assert pair.rarity == pytest.approx(one.rarity, abs=ROUNDING)
        assert pair.hypothesis is Hypothesis(one.hypothesis)
        evidence = to_evidence(one.evidence)
        from_below = evidence if one.key == pair.other_key else from_the_other_side(evidence)
        assert pair.evidence.keys() == from_below.keys()
        assert pair.band is thresholds.band(pair.rarity)
        assert (pair.person_number, pair.other_number) == (str(999 + pair.person_key), str(999 + pair.other_key))


def test_both_bands_are_found(registry: Registry) -> None:
    assert {pair.band for pair in registry.walk(30)} == {Band.REVIEW, Band.DUPLICATE}


def test_searches_of_one_candidate_find_pairs_from_their_later_side_only(registry: Registry) -> None:
    """Else the test above would not see whether such pairs are lost."""
    first = {key: {one.key for one in others[:1]} for key, others in registry.scan.items()}
    pairs = keys_of(registry.walk(1))
    assert any(other not in first[key] for key, other in pairs)
    assert any(key in first[other] and other in first[key] for key, other in pairs)


@pytest.mark.parametrize("candidates", [1, 30])
def test_a_walk_goes_on_after_any_step(registry: Registry, candidates: int) -> None:
    """With what its first steps found, and without losing or doubling a pair."""
    whole = registry.walk(candidates)
    steps = len(list(walk_of(registry.storage, registry.index, begun(registry.storage, restart=True), candidates)))
    for done in range(1, steps):
        first = begun(registry.storage, restart=True)
        walking = walk_of(registry.storage, registry.index, first, candidates)
        for _ in range(done):
            next(walking)  # and no further, as if it was killed
        again = begun(registry.storage)
        assert again.key == first.key
        *_, last = walk_of(registry.storage, registry.index, again, candidates)
        assert rows_of(registry.storage, last) == whole
        assert (last.people, last.pairs) == (24, len(whole))


def test_the_size_of_the_steps_changes_nothing_else(registry: Registry) -> None:
    assert registry.walk(30, batch=1) == registry.walk(30, batch=1000)


def test_people_enrolled_during_a_walk_are_part_of_it(recognition: Recognition, storage: SqlStorage) -> None:
    extractor, index = recognition.extractor, recognition.index
    one, two, three = (of_extractor(extractor, again(60, (FACE, THUMB), time=time)) for time in (1, 2, 3))
    (first,) = enrolled(storage, [one])
    walk = begun(storage)
    walking = walk_of(storage, index, walk)
    assert next(walking).pairs == 0
    second, third = enrolled(storage, [two, three], first=2000)
    assert list(walking)[-1].pairs == 3
    assert sorted(keys_of(rows_of(storage, walk))) == [(first, second), (first, third), (second, third)]


SOMEWHAT_RARE = 1.0
"""Of three people, in the band `review`."""


class PositionFreeIndex(SearchIndex):
    """The real index, whose searches take fingers to be of any position, and all that they find to be somewhat rare."""

    def __init__(self, whole: SearchIndex) -> None:
        vars(self).update(vars(whole))

    def search_many(
        self,
        templates_of_many: Sequence[Templates],
        limit: int = 20,
        *,
        hypotheses: Sequence[matcher.Hypothesis] = tuple(matcher.Hypothesis),
        readings: matcher.Readings | None = None,
    ) -> list[list[Candidate]]:
        rated: dict[str, Any] = {"rarity": SOMEWHAT_RARE, "hypothesis": matcher.Hypothesis.ANY_POSITION}
        found = super().search_many(templates_of_many, limit, hypotheses=[matcher.Hypothesis.ANY_POSITION])
        return [[replace(one, **rated) for one in some] for some in found]


@pytest.mark.parametrize("batch", [1, 5])
def test_evidence_is_by_the_positions_of_the_earlier_side_whichever_found_it(
    recognition: Recognition, storage: SqlStorage, batch: int
) -> None:
    """The first person has more in common with the third: only the second's search finds the first and second."""
    first, third = (again(60, (FACE, THUMB), time=time) for time in (1, 3))
    second = [replace(one, position=Position.LEFT_INDEX) for one in again(60, (THUMB,), time=2)]
    made = [of_extractor(recognition.extractor, one) for one in (first, second, third)]
    keys = enrolled(storage, made)
    walk = begun(storage)
    list(walk_of(storage, PositionFreeIndex(recognition.index), walk, candidates=1, batch=batch))
    rows = {(row.person_key, row.other_key): row for row in rows_of(storage, walk)}
    assert rows.keys() == {(keys[0], keys[1]), (keys[0], keys[2])}
    row = rows[keys[0], keys[1]]
    assert {position: one.found_at for position, one in row.evidence.items()} == {"right_thumb": "left_index"}
    assert (row.band, row.rarity, row.hypothesis) == (Band.REVIEW, SOMEWHAT_RARE, Hypothesis.ANY_POSITION)
    assert row.log10_lr > policy(1).thresholds(3).duplicate_at


def test_pairs_and_their_cases_are_kept_together(recognition: Recognition, storage: SqlStorage) -> None:
    templates = [of_extractor(recognition.extractor, again(60, (FACE, THUMB), time=time)) for time in (1, 2, 3)]
    enrolled(storage, templates)
    for step in walk_of(storage, recognition.index, begun(storage, opens_cases=True), batch=1):
        assert step.cases == step.pairs
        with storage.read() as uow:
            assert len(uow.cases.page(CaseQuery())) == step.cases
    assert step.cases == 3


def test_a_walk_that_was_stopped_does_not_go_on_under_other_settings(storage: SqlStorage) -> None:
    def begin(review: str, cases: bool = False, restart: bool = False) -> Walk:
        command = BeginWalk({"JISR_FPIR_REVIEW": review}, cases, restart)
        return begin_walk(command, actor=TESTER, storage=storage, clock=Noon())

    first = begin("0.01")
    assert begin("0.01").key == first.key
    with pytest.raises(WalkDiffers, match=r"JISR_FPIR_REVIEW was 0\.01 and is 0\.02"):
        begin("0.02")
    with pytest.raises(WalkDiffers, match="--cases was False and is True"):
        begin("0.01", cases=True)
    second = begin("0.02", restart=True)
    assert second.key != first.key
    with storage.read() as uow:
        assert uow.walks.by_key(first.key).status is WalkStatus.ABANDONED
    assert (second.begun_by, second.begun_at) == (TESTER.id, Noon().now())
