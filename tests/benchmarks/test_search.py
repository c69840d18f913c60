import numpy as np
import pytest

from benchmarks.made_up_people import BLOCK, SPREAD, MadeUpPeople
from benchmarks.report import growth
from benchmarks.search import KINDS, Exact, FusedRows, Probes
from matcher.types import Position
from tests.matcher.made_up import CALIBRATIONS


@pytest.fixture(scope="module")
def people() -> MadeUpPeople:
    return MadeUpPeople(BLOCK + 500, 2, seed=3, calibrations=CALIBRATIONS, drawn=BLOCK)


def test_scores_are_spread_as_stated(people: MadeUpPeople) -> None:
    block = people.block(0)
    for position, rows in block.vectors.items():
        spread = SPREAD["finger" if position.is_finger else "face"]
        cosines = rows[:1000] @ rows[1000:2000].T
        assert cosines.mean() == pytest.approx(spread.strangers, abs=0.01)
        mated = [people.mate(block, row, [position])[0].vector @ rows[row] for row in range(600)]
        assert np.mean(mated) == pytest.approx(spread.mates[0], abs=0.04)
        assert np.std(mated) == pytest.approx(spread.mates[1], abs=0.04)


def test_people_beyond_those_drawn_are_strangers_to_them(people: MadeUpPeople) -> None:
    first, second = people.block(0), people.block(BLOCK)
    assert len(second.prints) == 500
    for position, rows in second.vectors.items():
        kind = "finger" if position.is_finger else "face"
        same_row = (rows * first.vectors[position][:500]).sum(axis=1)
        assert same_row.mean() == pytest.approx(SPREAD[kind].strangers, abs=0.12)


def test_the_exact_scan_is_that_of_one_product(people: MadeUpPeople) -> None:
    rows = FusedRows(people, CALIBRATIONS)
    mates = np.array([5, 77, 4000])
    blocks = list(people.blocks())
    probes = {
        name: Probes(mates, [people.mate(blocks[0], row, part(people.positions)) for row in mates.tolist()])
        for name, part in KINDS.items()
    }
    exact = Exact(rows, probes)
    everybody = np.concatenate([rows.of(block) for block in blocks])
    for block in blocks:
        exact.see(block.first, rows.of(block))
    for name, of_kind in probes.items():
        scores = np.stack([rows.probe(one) for one in of_kind.templates]) @ everybody.T
        best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
        assert exact.found(name).tolist() == [mate in row for mate, row in zip(mates, best, strict=True)]
        assert exact.share(name, best.tolist()) == 1
    assert exact.found("whole").all()
    assert exact.share("whole", [[-1]] * 3) == 0


def test_records_hold_what_the_blocks_say(people: MadeUpPeople) -> None:
    block = people.block(BLOCK)
    records = people.records(block)
    assert len(records) == 500
    assert records.keys[0] == BLOCK
    np.testing.assert_allclose(records.face_vectors, block.vectors[Position.FACE], atol=1e-4)
    templates = records.templates(7, {"face": "a", "finger": "b"})
    assert [one.position for one in templates] == list(people.positions)
    np.testing.assert_allclose(templates[2].vector, block.vectors[people.positions[2]][7], atol=3e-3)


def test_the_law_of_growth() -> None:
    runs = [{"settings": {"people": n}, "ms": 2 + 3e-6 * n} for n in (10**5, 10**6, 10**7)]
    assert growth(runs, "ms") == pytest.approx((2, 3e-6), rel=1e-6)
