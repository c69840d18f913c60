import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks import enrolling, search
from benchmarks.exact_scan import Exact, FusedRows
from benchmarks.made_up_people import BLOCK, SPREAD, MadeUpPeople
from benchmarks.mated_probes import KINDS, make_probes
from benchmarks.oracle import Oracle, agreement, same_candidates
from benchmarks.report import growth
from matcher import exact as plain_scan
from matcher.calibrate import read_calibrations
from matcher.networks import MODELS
from matcher.types import Hypothesis, Position
from tests.matcher.made_up import CALIBRATIONS

_PATH = MODELS / "calibration.json"
SHIPPED = read_calibrations(_PATH, {name: one["model"] for name, one in json.loads(_PATH.read_text()).items()})


@pytest.fixture(scope="module")
def people() -> MadeUpPeople:
    return MadeUpPeople(BLOCK + 500, 2, seed=3, calibrations=CALIBRATIONS, drawn=BLOCK)


def test_scores_are_spread_as_stated(people: MadeUpPeople) -> None:
    block = people.block(0)
    for position, rows in block.vectors.items():
        spread = SPREAD["finger" if position.is_finger else "face"]
        cosines = rows[:1000] @ rows[1000:2000].T
        assert cosines.mean() == pytest.approx(spread.non_mated, abs=0.01)
        mated = [people.mate(block, row, [position])[0].vector @ rows[row] for row in range(600)]
        assert np.mean(mated) == pytest.approx(spread.mated[0], abs=0.04)
        assert np.std(mated) == pytest.approx(spread.mated[1], abs=0.04)


def test_people_beyond_those_drawn_are_other_people(people: MadeUpPeople) -> None:
    first, second = people.block(0), people.block(BLOCK)
    assert len(second.prints) == 500
    for position, rows in second.vectors.items():
        kind = "finger" if position.is_finger else "face"
        same_row = (rows * first.vectors[position][:500]).sum(axis=1)
        assert same_row.mean() == pytest.approx(SPREAD[kind].non_mated, abs=0.12)


@pytest.mark.parametrize("mixed", [False, True])
def test_the_exact_scan_is_that_of_one_product(mixed: bool) -> None:
    people = MadeUpPeople(BLOCK + 500, 6, seed=3, calibrations=CALIBRATIONS, drawn=BLOCK, mixed=mixed)
    rows = FusedRows(people, CALIBRATIONS)
    probes = make_probes(people, 12, 3, 0, Console(quiet=True))
    exact = Exact(people, CALIBRATIONS, probes)
    blocks = list(people.blocks())
    for block in blocks:
        exact.see(block)
    everyone = np.concatenate([rows.of(block) for block in blocks])
    has = np.concatenate([block.has for block in blocks])
    assert set(probes) == set(KINDS) - (set() if mixed else {"other positions"})
    for name, of_kind in probes.items():
        scores = np.stack([rows.probe(one) for one in of_kind.templates]) @ everyone.T
        shown = np.array(
            [
                [position in {one.position for one in some} for position in people.positions]
                for some in of_kind.templates
            ]
        )
        scores[shown @ has.T == 0] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
        assert exact.found(name).tolist() == [mate in row for mate, row in zip(of_kind.mates, best, strict=True)]
        assert exact.share(name, best.tolist()) == 1
    assert exact.found("whole").mean() > 0.9
    assert exact.share("whole", [[-1]] * len(probes["whole"].mates)) == 0


def test_records_hold_what_is_in_the_blocks(people: MadeUpPeople) -> None:
    block = people.block(BLOCK)
    records = people.records(block)
    assert len(records) == 500
    assert records.keys[0] == BLOCK
    np.testing.assert_allclose(records.face_vectors, block.vectors[Position.FACE], atol=1e-4)
    templates = records.templates(7, {"face": "a", "finger": "b"})
    assert [one.position for one in templates] == list(people.positions)
    np.testing.assert_allclose(templates[2].vector, block.vectors[people.positions[2]][7], atol=3e-3)


def test_in_a_mixed_gallery_people_have_what_is_in_the_block() -> None:
    people = MadeUpPeople(400, 6, seed=3, calibrations=CALIBRATIONS, mixed=True)
    block = people.block(0)
    records = people.records(block)
    assert 0 < block.has.mean() < 1
    for row in range(400):
        templates = records.templates(row, {"face": "a", "finger": "b"})
        indexes = [index for index in range(7) if block.has[row, index]]
        assert [one.position for one in templates] == [people.positions[index] for index in indexes]
        for one in templates:
            np.testing.assert_allclose(one.vector, block.vectors[one.position][row], atol=3e-3)
            if one.position.is_finger:
                wanted = people.minutiae_of(block, row, one.position)
                assert one.minutiae is not None
                np.testing.assert_allclose(one.minutiae.x, wanted.x, atol=1 / 32)


def test_a_stopped_run_is_resumed(people: MadeUpPeople, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolling, "SAVE_EVERY", BLOCK)
    settings = {
        "people": people.count,
        "fingers": 2,
        "mixed": False,
        "seed": 3,
        "drawn": BLOCK,
        "minutiae": 146,
        "pool": 4096,
    }
    args = Namespace(**settings, probes=6, worse=0, threads=1, mapped=True, as_grown=False)
    stamp = search.stamp_of(CALIBRATIONS)
    probes = make_probes(people, 6, 3, 0, Console(quiet=True))
    whole = Exact(people, CALIBRATIONS, probes)
    for block in people.blocks():
        whole.see(block)
    gallery, exact = search.empty_gallery(args, CALIBRATIONS), Exact(people, CALIBRATIONS, probes)
    stopped = enrolling.Enrolling(gallery, exact, args, stamp, tmp_path)
    stopped.add(people.block(0), people.records(people.block(0)))
    gallery, exact = search.empty_gallery(args, CALIBRATIONS), Exact(people, CALIBRATIONS, probes)
    resumed = enrolling.Enrolling(gallery, exact, args, stamp, tmp_path)
    assert resumed.done == len(gallery) == BLOCK
    for block in people.blocks(resumed.done):
        resumed.add(block, people.records(block))
    resumed.finish()
    assert len(gallery) == people.count
    for name, best in whole.best.items():
        np.testing.assert_array_equal(best, exact.best[name])
    args.seed = 4
    with pytest.raises(SystemExit, match="made with"):
        enrolling.Enrolling(search.empty_gallery(args, CALIBRATIONS), exact, args, stamp, tmp_path)


def test_a_search_finds_what_comparing_all_minutiae_finds() -> None:
    people = MadeUpPeople(60, 4, seed=5, calibrations=SHIPPED, mixed=True, pool=240)
    args = Namespace(threads=2, mapped=False, position_free=4, seed=5)
    gallery = search.empty_gallery(args, SHIPPED)
    gallery.add_records(people.records(people.block(0)))
    everyone = dict(gallery.people())
    oracle = Oracle(everyone.items(), SHIPPED, 2)
    probes = make_probes(people, 12, 5, 0, Console(quiet=True))
    for templates in probes["whole"].templates:
        scanned = plain_scan.search(everyone, templates, SHIPPED, among=[Hypothesis.AS_STATED])
        wanted = sorted(scanned, key=lambda one: (-one.log10_lr, one.key))[:10]  # people differ in their positions
        found = oracle.best(templates, 10)[: len(wanted)]
        assert [key for key, _ in found] == [one.key for one in wanted]
        assert [ratio for _, ratio in found] == pytest.approx([one.log10_lr for one in wanted], abs=1e-4)
    for name, of_kind in probes.items():
        shares = agreement(gallery, oracle, of_kind.templates[:4], name, Console(quiet=True))
        assert shares == {"probes": min(4, len(of_kind.mates)), "may_be_shown": 1, "above_zero": 1}
    assert search.position_free(gallery, probes["whole"], args)["decided_first"] == 1


def test_candidates_are_the_same_from_a_level_on() -> None:
    wanted = [(7, 5.0), (3, 2.0), (4, 0.4)]
    assert same_candidates([(7, 5.01), (3, 1.99), (4, 0.4)], wanted, 0)
    assert same_candidates([(7, 5.0), (3, 2.0)], wanted, 1)
    assert not same_candidates([(7, 5.0), (3, 2.0)], wanted, 0)
    assert not same_candidates([(7, 5.0), (9, 2.0), (4, 0.4)], wanted, 1)
    assert not same_candidates([(3, 5.0), (7, 2.0)], wanted, 1)
    assert not same_candidates([(7, 5.0), (3, 2.1)], wanted, 1)
    assert not same_candidates([(7, 5.0), (3, 2.0), (9, 1.5)], wanted, 1)
    assert same_candidates(
        [(7, 5.0), (3, 2.0)], [(7, 5.0), (3, 2.0), (4, 1.01)], 1
    )  # nearer to the level than evidence is exact


def test_the_law_of_growth() -> None:
    runs = [{"settings": {"people": n}, "ms": 2 + 3e-6 * n} for n in (10**5, 10**6, 10**7)]
    assert growth(runs, "ms") == pytest.approx((2, 3e-6), rel=1e-6)
