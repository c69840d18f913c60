"""1:N search among made-up people: its time, its memory, and whether it finds what an exact scan finds.

The exact scan is the inner product of float32 rows, one per person: the linear log10 LR of all common positions.
`found_of_exact` is the share of the mates among its ten best that our search by vectors finds too. The peers
(`--against`) have the same task; compare their times with `vectors_…`. The other times are those of whole searches,
minutiae included, and so is `decided_first`, the share of mates that come first.
"""

import json
import os
import resource
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.command_line import parser
from benchmarks.enrolling import Enrolling
from benchmarks.exact_scan import TOP, Exact, FusedRows
from benchmarks.made_up_people import BLOCK, POOL, SPREAD, MadeUpPeople
from benchmarks.mated_probes import Probes, make_probes
from benchmarks.oracle import Oracle, agreement
from benchmarks.peers import PEERS, Peer, measured_peer
from benchmarks.timing import percentiles, timed
from matcher.calibrate import Calibration, read_calibrations
from matcher.extractor import Extractor
from matcher.gallery import Gallery, Stamp, shipped_coders
from matcher.networks import MODELS
from matcher.types import FINGERS, Hypothesis, Template, Vector

BATCH = 256
ADDING_SECONDS = 20  # of searches under additions, so that one delay does not make the 99th percentile
CONSOLE = Console(stderr=True)


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.search --people 100000 --probes 500 --against flat --out search.json")
    cli.add_argument("--people", type=int, default=100_000, help="people enrolled")
    cli.add_argument("--fingers", type=int, default=4, help="fingers per person, beside the face")
    cli.add_argument(
        "--mixed", action="store_true", help="people have different ones of these positions; use with --fingers 10"
    )
    cli.add_argument("--drawn", type=int, default=262_144, help="people drawn; the others are these with other signs")
    cli.add_argument("--minutiae", type=int, default=146, help="minutiae kept per finger; fewer save disk space")
    cli.add_argument(
        "--pool", type=int, default=POOL, help="different prints; people × fingers: no two people share one"
    )
    cli.add_argument("--probes", type=int, default=500, help="mated searches of every kind of probe")
    cli.add_argument("--partial", type=int, help="searches of every kind but the whole probe; all of them unless given")
    cli.add_argument("--singles", type=int, default=200, help="searches timed one at a time")
    cli.add_argument("--worse", type=float, default=0.0, help="taken off the mated mean cosine, as of worse captures")
    cli.add_argument(
        "--against",
        nargs="*",
        default=["flat"],
        choices=[*PEERS],
        help="peers measured in the same run; none after --against alone",
    )
    cli.add_argument(
        "--as-grown",
        action="store_true",
        help="keep the codes of the last training during growth; otherwise they are trained again at the end",
    )
    cli.add_argument("--mapped", action="store_true", help="leave vectors and minutiae on the disk")
    cli.add_argument(
        "--oracle",
        type=int,
        default=0,
        help="searches of every kind compared with the minutiae comparison of all records; slow",
    )
    cli.add_argument("--position-free", type=int, default=20, help="mated searches by mislabelled fingers")
    cli.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="cores used")
    cli.add_argument("--work", type=Path, help="folder of the snapshot; a temporary one otherwise")
    cli.add_argument(
        "--keep", type=Path, help="folder that keeps the gallery; another run with the same settings resumes it"
    )
    cli.add_argument("--seed", type=int, default=1, help="of everything drawn at random")
    cli.add_argument("--out", type=Path, help="also write the JSON there")
    args = cli.parse_args()
    if args.keep and args.against:
        cli.error("--keep skips people enrolled before, whom the peers need: add --against without names")
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.work or args.keep) as work:
        result = {"settings": {**vars(args), "work": None, "out": None, "keep": None}, **measure(args, Path(work))}
    show(result)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


def measure(args: Namespace, work: Path) -> dict[str, Any]:
    calibrations = read_calibrations(MODELS / "calibration.json", Extractor().models)
    people = MadeUpPeople(
        args.people,
        args.fingers,
        args.seed,
        calibrations,
        drawn=args.drawn,
        minutiae=args.minutiae,
        mixed=args.mixed,
        pool=args.pool,
    )
    gallery = empty_gallery(args, calibrations)
    rows = FusedRows(people, calibrations)
    probes = make_probes(people, args.probes, args.seed, args.worse, CONSOLE)
    exact = Exact(people, calibrations, probes)
    peers, missing = installed(args, rows.dimension)
    enrolling = Enrolling(gallery, exact, args, stamp_of(calibrations), args.keep or (work if args.mapped else None))
    blocks = people.blocks(enrolling.done)
    for block in track(blocks, "enrol", total=-(-(args.people - enrolling.done) // BLOCK), console=CONSOLE):
        enrolling.add(block, people.records(block))
        for peer in peers.values():
            peer.add(rows.of(block))
    enrolling.finish()
    result: dict[str, Any] = {
        "bulk_add_per_second": args.people / enrolling.add_seconds,
        **({"rebuild_seconds": enrolling.rebuild_seconds} if enrolling.rebuild_seconds else {}),
        **memory(gallery),
    }
    result |= searched(gallery, probes, exact, args)
    if args.oracle:
        CONSOLE.print("preparing the minutiae of all records")
        oracle = Oracle(gallery.people(), calibrations, args.threads)
        result["as_the_oracle"] = {
            name: agreement(gallery, oracle, of_kind.templates[: args.oracle], name, CONSOLE)
            for name, of_kind in probes.items()
        }
    if args.position_free:
        result["position_free"] = position_free(gallery, probes["whole"], args)
    result |= grown(gallery, people, probes["whole"].templates, args)
    result |= {"start_seconds": enrolling.load_seconds} if args.keep else started(gallery, args, calibrations, work)
    show({**result, "peers": {}})
    queries = {name: np.stack(list(map(rows.probe, of_kind.templates))) for name, of_kind in probes.items()}
    result["peers"] = compared(peers, exact, queries, result["found_of_exact"], args)
    result["missing_peers"] = missing
    flat = result["peers"].get("flat")
    if flat:
        result["single_speedup_over_flat"] = flat["single_ms_p50"] / result["vectors_single_ms_p50"]
        result["batch_speedup_over_flat"] = flat["batch_ms"] / result["vectors_batch_ms"]
    return result


def empty_gallery(args: Namespace, calibrations: Mapping[str, Calibration]) -> Gallery:
    dimensions = {name: spread.dimension for name, spread in SPREAD.items()}
    return Gallery(dimensions, calibrations, shipped_coders(dimensions), args.threads, mapped=args.mapped)


def searched(gallery: Gallery, probes: Mapping[str, Probes], exact: Exact, args: Namespace) -> dict[str, Any]:
    """Recall of every kind of probe, and times of the whole ones."""
    whole = probes["whole"].templates
    first_time = [timed(gallery.nearest_many, [one], TOP) for one in whole[: args.singles]]
    partial: dict[str, Any] = {}
    for name, everyone in probes.items():
        of_kind = everyone if name == "whole" else everyone.first(args.partial)
        batches = [of_kind.templates[start : start + BATCH] for start in range(0, len(of_kind.templates), BATCH)]
        nearest = [keys for batch in batches for keys in gallery.nearest_many(batch, TOP)]
        began = time.perf_counter()
        found = [candidates for batch in batches for candidates in gallery.search_many(batch, TOP)]
        seconds = time.perf_counter() - began
        partial[name] = {
            "probes": (count := len(of_kind.mates)),
            "exact_in_10": float(exact.found(name)[:count].mean()),
            "found_of_exact": exact.share(name, [[key for key, _ in some] for some in nearest]),
            "exact_first": float(exact.first(name)[:count].mean()),
            "decided_first": float((np.array([some[0].key if some else -1 for some in found]) == of_kind.mates).mean()),
            "batch_ms": seconds / count * 1e3,
        }
    batch = (whole * BATCH)[:BATCH]
    return {
        **percentiles("single_ms", [timed(gallery.search, one) for one in whole[: args.singles]]),
        **percentiles("vectors_single_ms", [timed(gallery.nearest_many, [one], TOP) for one in whole[: args.singles]]),
        **percentiles("vectors_single_first_time_ms", first_time),
        "batch_ms": timed(gallery.search_many, batch) / BATCH * 1e3,
        "vectors_batch_ms": timed(gallery.nearest_many, batch, TOP) / BATCH * 1e3,
        "found_of_exact": partial["whole"]["found_of_exact"],
        "rank1": partial["whole"]["decided_first"],
        "partial": partial,
    }


def position_free(gallery: Gallery, whole: Probes, args: Namespace) -> dict[str, float]:
    """Position-free searches, by fingers whose positions are drawn at random."""
    rng = np.random.default_rng((args.seed, 6))
    seconds, first = [], []
    for mate, templates in list(zip(whole.mates.tolist(), whole.templates, strict=True))[: args.position_free]:
        labels = iter(rng.permutation(np.array(FINGERS, object)).tolist())
        probe = [replace(one, position=next(labels)) if one.position.is_finger else one for one in templates]
        began = time.perf_counter()
        found = gallery.search(probe, TOP, [Hypothesis.ANY_POSITION, Hypothesis.AS_STATED])
        seconds.append(time.perf_counter() - began)
        first.append(bool(found) and found[0].key == mate)
    return {"decided_first": float(np.mean(first)), **percentiles("single_ms", seconds)}


def grown(
    gallery: Gallery, people: MadeUpPeople, whole: Sequence[Sequence[Template]], args: Namespace
) -> dict[str, Any]:
    """Additions one by one: alone, and at up to 200 per second during searches."""
    block = people.block(0)
    subjects = [people.mate(block, row, people.positions) for row in range(400)]
    alone = sum(timed(gallery.add, args.people + row, one) for row, one in enumerate(subjects[:200]))
    done = threading.Event()
    first, added = args.people + 200, 0

    def add_steadily() -> None:
        nonlocal added
        began = time.perf_counter()
        while not done.wait(max(began + added / 200 - time.perf_counter(), 0)):
            gallery.add(first + added, subjects[200 + added % 200])
            added += 1

    adding = threading.Thread(target=add_steadily)
    adding.start()
    seconds: list[float] = []
    while len(seconds) < args.singles or sum(seconds) < ADDING_SECONDS:
        seconds.append(timed(gallery.nearest_many, [whole[len(seconds) % len(whole)]], TOP))
    done.set()
    adding.join()
    for key in range(args.people, first + added):
        gallery.remove(key)
    return {
        "add_per_second": 200 / alone,
        "add_per_second_under_searches": added / sum(seconds),
        **percentiles("vectors_single_ms_under_additions", seconds),
    }


def started(gallery: Gallery, args: Namespace, calibrations: Mapping[str, Calibration], work: Path) -> dict[str, Any]:
    """Seconds to save all records, to save them again after little changed, and to start from that snapshot."""
    stamp = stamp_of(calibrations)
    first = timed(gallery.save, work / "one", stamp)
    again = timed(gallery.save, work / "two", stamp)
    other = empty_gallery(args, calibrations)
    seconds = timed(other.load, work / "two", stamp.models)
    size = sum(path.stat().st_size for path in (work / "two").iterdir())
    return {
        "save_seconds": first,
        "save_again_seconds": again,
        "start_seconds": seconds,
        "disk_bytes_per_person": size / args.people,
    }


def stamp_of(calibrations: Mapping[str, Calibration]) -> Stamp:
    return Stamp(1, {name: one.model for name, one in calibrations.items()})


def memory(gallery: Gallery) -> dict[str, float]:
    hot, resident, total = gallery.bytes_held
    return {
        "hot_bytes_per_person": hot / len(gallery),
        "resident_bytes_per_person_mapped": resident / len(gallery),
        "total_bytes_per_person": total / len(gallery),
        "process_peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def installed(args: Namespace, dimension: int) -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers asked for, and by name the reason why one is missing."""
    peers: dict[str, Peer] = {}
    missing: dict[str, str] = {}
    for name in args.against:
        try:
            peers[name] = PEERS[name](dimension, args.threads)
        except ImportError as error:
            missing[name] = str(error)
            CONSOLE.print(f"{name} is missing: {error}")
    return peers, missing


def compared(
    peers: Mapping[str, Peer], exact: Exact, queries: Mapping[str, Vector], wanted: float, args: Namespace
) -> dict[str, Any]:
    """Every peer's figures, tuned to find as many mates by whole probes as our vectors do. queries: by kind."""

    def judge(search: Callable[[Vector], NDArray[np.int64]]) -> dict[str, float]:
        return {name: exact.share(name, search(rows).tolist()) for name, rows in queries.items()}

    found: dict[str, Any] = {}
    for name, peer in peers.items():
        building = timed(peer.finish)
        CONSOLE.print(f"searching with {name}")
        found[name] = measured_peer(peer, queries["whole"], judge, wanted, args.singles)
        found[name]["finish_seconds"] = building
    return found


def show(result: Mapping[str, Any]) -> None:
    """The figures as tables."""
    plain = Table("figure", "value")
    for name, value in result.items():
        if isinstance(value, float):
            plain.add_row(name, f"{value:.4g}")
    kinds = Table("probe", *next(iter(result["partial"].values())))
    for name, row in result["partial"].items():
        kinds.add_row(name, *(f"{value:.4g}" for value in row.values()))
    CONSOLE.print(plain, kinds)
    if not result["peers"]:
        return
    names = list(result["partial"])
    others = Table("peer", "effort", "single ms", "batch ms", *names)
    for name, row in result["peers"].items():
        recall = (f"{row['found_of_exact'][kind]:.3f}" for kind in names)
        others.add_row(name, str(row["effort"]), f"{row['single_ms_p50']:.3g}", f"{row['batch_ms']:.3g}", *recall)
    CONSOLE.print(others)


if __name__ == "__main__":
    main()
