from collections.abc import Sequence
from dataclasses import replace

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.calibrate import Line
from matcher.gallery import coder as coders
from matcher.gallery import preselection
from matcher.gallery.growable import GrowableArray
from matcher.gallery.layout import EVERY, Layout, Probe, rotated
from matcher.gallery.preselection import Preselection
from matcher.gallery.records import POSITION_INDEX, records_of
from matcher.gallery.store import View
from matcher.gallery.vector_comparison import VectorComparator
from matcher.gallery.ways import Way
from matcher.types import FINGERS, Position, Template
from tests.matcher.made_up import DIMENSIONS, again, person

LINES = {"face": Line(9.0, 3.0), "finger": Line(4.0, 1.5)}
CODERS = {"face": coders.untrained(DIMENSIONS["face"], 4), "finger": coders.untrained(DIMENSIONS["finger"], 6)}
some_positions = st.sets(st.sampled_from(list(Position))).map(sorted)


def probe_of(templates: Sequence[Template]) -> Probe:
    captures: dict[int, list[np.ndarray]] = {}
    for one in templates:
        captures.setdefault(POSITION_INDEX[one.position], []).append(one.vector)
    return Probe({position: np.stack(vectors) for position, vectors in captures.items()})


def linear_ratio(theirs: Sequence[Template], ours: Sequence[Template]) -> float:
    """Σ slope·best cosine − offset over common positions, one pair at a time."""
    total = 0.0
    for position in Position:
        cosines = [float(t.vector @ o.vector) for t in theirs for o in ours if t.position is o.position is position]
        if cosines:
            line = LINES["finger" if position.is_finger else "face"]
            total += line.slope * max(cosines) - line.offset
    return total


@settings(deadline=None)
@given(some_positions, some_positions, st.booleans(), st.booleans())
def test_before_coding_a_row_gives_the_linear_ratio(
    enrolled: list[Position], probed: list[Position], mated: bool, mixed: bool
) -> None:
    theirs, ours = person(1, enrolled), again(1 if mated else 2, probed)
    records = records_of([(5, theirs)], DIMENSIONS)
    layout = Layout(EVERY if mixed else int(records.masks[0]), mixed, CODERS, LINES)
    (row,) = layout.rows(records, rotated(records, CODERS), records.masks)
    product = float(row @ layout.probe_row(probe_of(ours))) + layout.base(probe_of(ours))
    assert product == pytest.approx(linear_ratio(theirs, ours), abs=0.05)


def test_absence_and_presence_are_coded_without_error() -> None:
    layout = Layout(EVERY, True, CODERS, LINES)
    records = records_of([(1, []), (2, person(2, [Position.FACE]))], DIMENSIONS)
    rows = layout.rows(records, rotated(records, CODERS), records.masks)
    index = layout.new_index()
    index.add(rows)
    back = index.reconstruct_n(0, 2)
    np.testing.assert_array_equal(back[0], rows[0])
    np.testing.assert_array_equal(back[1, 16:], rows[1, 16:])


@settings(deadline=None, max_examples=30)
@given(some_positions, some_positions, st.integers(1, 2))
def test_the_vector_comparison_is_the_linear_ratio(
    enrolled: list[Position], probed: list[Position], times: int
) -> None:
    theirs = [*person(1, enrolled), *again(1, enrolled[:3])]
    ours = [one for time in range(times) for one in again(1, probed, time=time + 2)]
    records = records_of([(4, person(3, [Position.FACE])), (5, theirs)], DIMENSIONS)
    view = View([records], np.ones(2, np.bool_))
    compared = VectorComparator(probe_of(ours), LINES, DIMENSIONS).compare(np.array([1]), view)
    stated = np.nansum(compared.linear.stated, axis=1) + np.nan_to_num(compared.linear.face)
    assert stated == pytest.approx([linear_ratio(theirs, ours)], abs=0.05)
    assert compared.captures.tolist() == [[sum(one.position is position for one in theirs) for position in Position]]
    for row, finger in enumerate(compared.linear.fingers):
        moved = [replace(one, position=finger) for one in theirs if one.position is Position.LEFT_RING]
        alone = [one for one in ours if one.position is finger]
        column = FINGERS.index(Position.LEFT_RING)
        pair = compared.linear.pairs[0, row, column]
        assert pair == pytest.approx(linear_ratio(moved, alone), abs=0.05) if moved else np.isnan(pair)


@pytest.mark.parametrize("codes", [2, 4])
def test_a_trained_coder_keeps_vectors_better_than_an_untrained_one(codes: int) -> None:
    rng = np.random.default_rng(1)
    spread = np.diag(np.linspace(1, 0.05, 16)) @ np.linalg.qr(rng.normal(size=(16, 16)))[0]
    vectors = coders.unit((rng.normal(size=(8000, 16)) @ spread).astype(np.float32))

    def error(coder: coders.Coder) -> float:
        whole = coder.rotated(vectors[4000:])
        words = coder.words
        parts = whole.reshape(len(whole), len(words), 1, 4)
        chosen = ((parts - words) ** 2).sum(-1).argmin(-1)
        coded = words[np.arange(len(words)), chosen].reshape(len(whole), -1) @ coder.rotation.T
        return float(((coded - vectors[4000:]) ** 2).sum(1).mean())

    assert error(coders.train(vectors[:4000], codes)) < 0.9 * error(coders.untrained(16, codes))


@settings(deadline=None, max_examples=60)
@given(st.lists(some_positions, min_size=1, max_size=40), st.integers(1, 30), some_positions)
def test_across_blocks_and_layouts_the_best_rows_are_those_of_one_scan(
    having: list[list[Position]], count: int, probed: list[Position]
) -> None:
    """Blocks and layouts are small, so that all kinds occur; the oracle is the estimate of every single row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preselection, "BLOCK_ROWS", 8)
        patch.setattr(preselection, "LAYOUT_LEAST", 3)
        patch.setattr(preselection, "_BLOCKS_AT_ONCE", 2)
        patch.setattr(preselection, "PRESELECTED_AT_ONCE", 2 * count)
        records = records_of([(key, person(key, positions)) for key, positions in enumerate(having)], DIMENSIONS)
        some = Preselection(CODERS, LINES)
        for start in range(0, len(having), 5):
            some.add(records[start : start + 5], np.arange(start, min(start + 5, len(having))))
        probe = probe_of(again(0, probed))
        alive = np.arange(len(having)) % 4 != 3
        other, short = probe_of(again(0, [Position.FACE])), max(count // 2, 1)
        alone, shorter = (some.search([way], lambda: alive, map)[0] for way in (Way(other, count), Way(probe, short)))
        ways = [Way(probe, count), Way(other, count), Way(probe, short), Way(probe, count)]
        found, beside, shortened, again_found = some.search(ways, lambda: alive, map)
    assert again_found.tolist() == found.tolist()
    assert sorted(beside.tolist()) == sorted(alone.tolist())
    assert sorted(shortened.tolist()) == sorted(shorter.tolist())
    shown = set(found.tolist())
    assert len(shown) == len(found)
    layouts: dict[tuple[int, bool], dict[int, float]] = {}
    for block in some.blocks:
        rows = block.index.reconstruct_n(0, len(block)) @ block.layout.probe_row(probe) + block.layout.base(probe)
        of_layout = layouts.setdefault((block.layout.mask, block.layout.mixed), {})
        of_layout |= dict(zip(block.slots.tolist(), rows.tolist(), strict=True))
    common = {slot for slot in range(len(having)) if alive[slot] and records.masks[slot] & probe.mask}
    assert shown <= common
    for estimates in layouts.values():
        ours = shown & estimates.keys()
        left_out = [estimates[slot] for slot in (common & estimates.keys()) - ours]
        assert len(ours) == min(count, len(common & estimates.keys()))
        if ours and left_out:  # FAISS rounds its tables to 8 bits
            assert min(estimates[slot] for slot in ours) > max(left_out) - 0.5


def test_faiss_still_scans_with_at_most_two_hundred_and_fifty_seven_codes() -> None:
    """Sums of that many 8-bit table entries fit 16 bits; the mixed layout has 255 with codes of full length."""
    assert faiss.IndexPQFastScan(4 * 255, 255, 4, faiss.METRIC_INNER_PRODUCT).M == 255


def test_searches_never_see_an_empty_or_half_written_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search at any moment while a row is added scans complete blocks only."""
    monkeypatch.setattr(preselection, "BLOCK_ROWS", 2)
    some, probe = Preselection(CODERS, LINES), probe_of(again(0, [Position.FACE]))
    lengths: list[int] = []
    whole_add, append = preselection.Block.add, GrowableArray.append
    adding: list[preselection.Block] = []

    def slots_last(array: GrowableArray, rows: np.ndarray) -> None:
        """Once its slots are appended, a block may be full and be read without the lock."""
        if array is adding[-1]._slots:
            assert adding[-1].index.ntotal == len(array) + len(rows)
            assert adding[-1]._lock.locked()
        append(array, rows)

    def search() -> None:
        (found,) = some.search([Way(probe, 9)], lambda: np.ones(9, np.bool_), map)
        lengths.append(len(found))

    def search_before_and_after(block: preselection.Block, *added: np.ndarray) -> None:
        adding.append(block)
        search()
        whole_add(block, *added)
        search()

    monkeypatch.setattr(GrowableArray, "append", slots_last)
    monkeypatch.setattr(preselection.Block, "add", search_before_and_after)
    for slot in range(5):
        some.add(records_of([(slot, person(slot, [Position.FACE]))], DIMENSIONS), np.array([slot]))
    assert lengths == [0, 0, 1, 2, 2, 2, 3, 4, 4, 4]
