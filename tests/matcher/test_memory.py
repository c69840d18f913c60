"""Shares of the pixels: bounded, in order, and never refused to one capture alone."""

import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pillow

from matcher import Capture, CaptureError, Extractor, MatcherBusy, Position
from matcher.memory import PixelBudget, strips

SOON = 0.05


Way = Callable[[], object]


def png(height: int, width: int, value: int = 128) -> bytes:
    file = BytesIO()
    Pillow.fromarray(np.full((height, width), value, np.uint8)).save(file, "PNG")
    return file.getvalue()


class Counted(PixelBudget):
    """Keeps the most pixels that were held at the same time."""

    def __init__(self, pixels: int) -> None:
        super().__init__(pixels)
        self.most = 0

    def _give_out(self) -> None:
        super()._give_out()
        self.most = max(self.most, self._whole - self._free)


def test_no_more_is_held_than_there_is() -> None:
    budget, done = Counted(100), []

    def work(pixels: int) -> None:
        with budget.share(pixels):
            time.sleep(0.001)
        done.append(pixels)

    asked = [1 + 7 * n % 150 for n in range(100)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, asked))
    assert sorted(done) == sorted(asked)
    assert 50 < budget.most <= 100
    with budget.share(100, SOON):
        pass


def test_what_is_larger_than_the_whole_gets_through_alone() -> None:
    budget = PixelBudget(100)
    with budget.share(1000), pytest.raises(MatcherBusy), budget.share(1, SOON):
        raise AssertionError
    with budget.share(1), pytest.raises(MatcherBusy), budget.share(1000, SOON):
        raise AssertionError


def test_small_ones_do_not_overtake_a_large_one() -> None:
    budget, order, threads = PixelBudget(100), [], []

    def work(pixels: int) -> None:
        with budget.share(pixels):
            order.append(pixels)

    with budget.share(50):
        for pixels in (95, 10, 20):
            threads.append(threading.Thread(target=work, args=(pixels,)))
            threads[-1].start()
            time.sleep(SOON)
        assert order == []
    for thread in threads:
        thread.join()
    assert order[0] == 95


def test_who_gives_up_lets_the_next_pass() -> None:
    budget = PixelBudget(100)
    with budget.share(50), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: budget.share(80, 4 * SOON).__enter__())
        time.sleep(SOON)
        with budget.share(10):  # once the first has given up
            assert isinstance(waiting.exception(), MatcherBusy)


def test_an_error_gives_the_share_back() -> None:
    budget = PixelBudget(100)
    with pytest.raises(ZeroDivisionError), budget.share(100):
        raise ZeroDivisionError
    with budget.share(100, SOON):
        pass


@pytest.mark.parametrize(("height", "width", "multiple"), [(1, 1, 1), (1, 40_000_000, 1), (6323, 6323, 3), (7, 5, 4)])
def test_strips_are_the_whole_picture(height: int, width: int, multiple: int) -> None:
    rows = list(strips(height, width, multiple))
    assert [one.start for one in rows] == [0, *[one.stop for one in rows[:-1]]]
    assert rows[-1].stop == height
    assert all((one.stop - one.start) % multiple == 0 for one in rows[:-1])


@pytest.mark.parametrize("position", [Position.FACE, Position.RIGHT_INDEX])
@pytest.mark.parametrize("way", ["check", "quality", "extract", "cut_slap"])
def test_every_way_in_waits_for_its_share(extractor: Extractor, position: Position, way: str) -> None:
    hurried = extractor.hurried(SOON)
    content = png(300, 300)
    ways: dict[str, Way] = {
        "check": lambda: hurried.check(position, content),
        "quality": lambda: hurried.quality(Capture(position, content)),
        "extract": lambda: hurried.extract([Capture(position, content)]),
        "cut_slap": lambda: hurried.cut_slap(content, "plain_thumbs", ()),
    }
    with extractor.budget.share(10**12), pytest.raises(MatcherBusy):
        ways[way]()


def test_a_patient_one_waits_for_a_share(extractor: Extractor) -> None:
    with ThreadPoolExecutor(1) as pool:
        with extractor.budget.share(10**12):
            waiting = pool.submit(extractor.extract, [Capture(Position.FACE, png(300, 300))])
            time.sleep(SOON)
            assert not waiting.done()
        assert isinstance(waiting.result()[0], CaptureError)


def test_a_large_portrait_takes_few_bytes_per_pixel(extractor: Extractor) -> None:
    """Without Pillow's: 3, and what the detector takes of any picture. A copy in floating point would take 12 more."""
    height, width = 4000, 3000
    shot = np.random.default_rng(1).integers(0, 256, (height // 50, width // 50, 3), np.uint8)
    file = BytesIO()
    Pillow.fromarray(shot).resize((width, height), Pillow.Resampling.NEAREST).save(file, "PNG", compress_level=1)
    tracemalloc.start()
    with pytest.raises(CaptureError):
        extractor.check(Position.FACE, file.getvalue())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * height * width
