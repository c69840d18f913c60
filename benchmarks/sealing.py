"""What sealing costs the index: snapshots saved and loaded, plain and sealed, and searches of mapped files of each.

Both kinds are measured in turn in one process, so that ratios hold whatever else the machine does. Those of the time on
all cores (`…_cpu_ratio`) hold on a busy machine too. Probes are templates of the gallery's own people; both kinds must
find the same.
"""

import json
import os
import shutil
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.command_line import parser
from benchmarks.made_up_people import MadeUpPeople
from benchmarks.timing import percentiles, timed
from matcher import Candidate, Extractor, Seal, SearchIndex, Template, Unseal
from matcher.calibrate import read_calibrations
from matcher.gallery.records import Records
from matcher.networks import MODELS
from service.kit.errors import SealBroken
from service.kit.sealing import KeyClass, new_key, open_with

CONSOLE = Console(stderr=True)
Seals = dict[str, tuple[Seal | None, Unseal | None]]
"""By kind, plain and sealed: what seals and what opens."""
Times = dict[str, list[tuple[float, float]]]
"""Seconds, and seconds of all cores, by kind."""


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.sealing --people 100000 --out sealing.json")
    cli.add_argument("--people", type=int, default=100_000, help="people enrolled, with a face and four fingers")
    cli.add_argument("--gallery", type=Path, help="folder of a plain gallery, as benchmarks.evasion keeps it")
    cli.add_argument("--rounds", type=int, default=3, help="times that each is saved, loaded and searched")
    cli.add_argument("--searches", type=int, default=50, help="searches of each kind per round")
    cli.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="cores used")
    cli.add_argument("--work", type=Path, help="folder of the snapshots; a temporary one otherwise")
    cli.add_argument("--seed", type=int, default=1, help="of everything drawn at random")
    cli.add_argument("--out", type=Path, help="also write the JSON there")
    args = cli.parse_args()
    with tempfile.TemporaryDirectory(dir=args.work) as work:
        unsaid = {"work": None, "out": None, "gallery": None} | ({"people": None} if args.gallery else {})
        result = {"settings": {**vars(args), **unsaid}, **measure(args, Path(work))}
    table = Table("figure", "value")
    for name, value in result.items():
        if isinstance(value, float):
            table.add_row(name, f"{value:.4g}")
    CONSOLE.print(table)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


class KeptIndex(SearchIndex):
    """The service's index, filled with people who are packed already."""

    def fill(self, people: Iterator[Records]) -> None:
        for records in people:
            self._gallery.add_records(records)
        while self._gallery.rebuilding:
            time.sleep(0.1)
        self._gallery.rebuild()

    def some(self, count: int, seed: int) -> list[tuple[Template, ...]]:
        """The templates of so many people."""
        rng = np.random.default_rng(seed)
        view = self._gallery._store.view()
        drawn = rng.choice(np.flatnonzero(view.alive), count, replace=False)
        return [view.person(slot, self._format.models)[1] for slot in drawn.tolist()]


class OwnKey:
    """A seal as the service's, with a key of its own."""

    def __init__(self) -> None:
        self._key = new_key("gallery/benchmark", KeyClass.SNAPSHOT)

    def seal(self, content: bytes) -> bytes:
        return self._key.seal(content, "benchmark")

    def unseal(self, sealed: bytes) -> bytes | None:
        try:
            return open_with(self._key.secret, sealed, "benchmark")
        except SealBroken:
            return None


def measure(args: Namespace, work: Path) -> dict[str, Any]:
    own = OwnKey()
    seals: Seals = {"plain": (None, None), "sealed": (own.seal, own.unseal)}
    save, people = saved(args, work, seals)
    load = empty_times()
    for _ in range(args.rounds):
        for name, (_, unseal) in seals.items():
            index = empty(args, mapped=False)
            load[name].append(clocked(index.load, work / name, unseal))
            require(index, people)
            del index
    result = {"people": people, **figures("save", save), **figures("load", load)}
    result |= {f"{name}_disk_bytes": bytes_in(work / name) for name in seals}
    result |= peaks(args, work, seals)
    write_for_mapping(args, work, seals)
    return result | searched(args, work, seals, people)


def saved(args: Namespace, work: Path, seals: Seals) -> tuple[Times, int]:
    """Times of writing everything, by kind; the last of each stays in `work`. And how many people there are."""
    index = empty(args, mapped=False)
    if args.gallery is None:
        index.fill(made_up(args))
    elif index.load(args.gallery) is None:
        raise SystemExit(f"{args.gallery} holds no gallery that can be read")
    times = empty_times()
    for _ in range(args.rounds):
        for name, (seal, _) in seals.items():
            shutil.rmtree(work / name, ignore_errors=True)
            times[name].append(clocked(index.save, work / name, 1, seal))
    return times, len(index)


def write_for_mapping(args: Namespace, work: Path, seals: Seals) -> None:
    """In small blocks, in place of what was sealed in large ones."""
    index = empty(args, mapped=True)
    index.load(work / "plain")
    shutil.rmtree(work / "sealed")
    index.save(work / "sealed", 1, seals["sealed"][0])


def searched(args: Namespace, work: Path, seals: Seals, people: int) -> dict[str, Any]:
    """Searches of mapped files, one at a time and in a batch, by kind in turn."""
    indexes, loading = {name: empty(args, mapped=True) for name in seals}, empty_times()
    for name, index in indexes.items():
        loading[name].append(clocked(index.load, work / name, seals[name][1]))
        require(index, people)
    probes = indexes["plain"].some(args.searches, args.seed)
    single, batch = empty_times(), empty_times()
    for turn in range(args.rounds + 1):  # the first warms up
        for probe in probes:
            for name, index in indexes.items():
                single[name] += [clocked(index.search, probe)] * (turn > 0)
        for name, index in indexes.items():
            batch[name] += [clocked(index.search_many, probes)] * (turn > 0)
    plain, sealed = ([keys(found) for found in indexes[name].search_many(probes)] for name in seals)
    if plain != sealed:
        raise SystemExit("plain and sealed files lead to different candidates")
    return {
        **figures("mapped_load", loading),
        **figures("mapped_search", single),
        **figures("mapped_batch", batch),
        **percentiles("plain_mapped_search_ms", [wall for wall, _ in single["plain"]]),
        **percentiles("sealed_mapped_search_ms", [wall for wall, _ in single["sealed"]]),
    }


def peaks(args: Namespace, work: Path, seals: Seals) -> dict[str, float]:
    """The most memory that a process of its own has while it loads, by kind, GiB."""
    found = {}
    for name, (_, unseal) in seals.items():
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            found[f"{name}_load_peak_gib"] = pool.submit(peak, args, work / name, unseal).result()
    return found


def peak(args: Namespace, folder: Path, unseal: Unseal | None) -> float:
    """Of this process alone: what getrusage states may be that of the process it was made by."""
    empty(args, mapped=False).load(folder, unseal)
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


def empty(args: Namespace, *, mapped: bool) -> KeptIndex:
    return KeptIndex(Extractor().format, MODELS, args.threads, mapped=mapped)


def made_up(args: Namespace) -> Iterator[Records]:
    calibrations = read_calibrations(MODELS / "calibration.json", Extractor().models)
    people = MadeUpPeople(args.people, 4, args.seed, calibrations)
    return (people.records(block) for block in people.blocks(0))


def empty_times() -> Times:
    return {"plain": [], "sealed": []}


def clocked(call: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """Seconds a call takes, and those of all cores it uses."""
    cores = time.process_time()
    return timed(call, *arguments), time.process_time() - cores


def figures(name: str, times: Times) -> dict[str, float]:
    """Medians, and the medians of what each sealed one took of the plain one before it."""
    plain, sealed = (np.array(some) for some in times.values())
    ratios = np.median(sealed / plain, axis=0)
    return {
        f"plain_{name}_seconds": float(np.median(plain[:, 0])),
        f"sealed_{name}_seconds": float(np.median(sealed[:, 0])),
        f"{name}_ratio": float(ratios[0]),
        f"{name}_cpu_ratio": float(ratios[1]),
    }


def keys(candidates: Sequence[Candidate]) -> list[tuple[int, float]]:
    return [(one.key, one.log10_lr) for one in candidates]


def require(index: SearchIndex, people: int) -> None:
    if len(index) != people:
        raise SystemExit(f"{len(index)} of {people} people came back")


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
