"""How long does the gallery need to hold nothing of a person who was erased, and how long do searches wait for it?

A gallery of made-up people is written to a snapshot; one of them is removed; it is compacted and written anew, as the
worker does. Meanwhile a thread searches.
"""

import json
import tempfile
import threading
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from rich.progress import track

from benchmarks.command_line import parser
from benchmarks.made_up_people import BLOCK, MadeUpPeople
from matcher import Extractor
from matcher.calibrate import read_calibrations
from matcher.gallery import Gallery, Stamp, shipped_coders
from matcher.networks import MODELS


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.erasure --people 1000000")
    cli.add_argument("--people", type=int, default=100_000, help="enrolled, each with a face and the fingers")
    cli.add_argument("--fingers", type=int, default=2, help="of each person")
    cli.add_argument("--seed", type=int, default=1)
    cli.add_argument("--threads", type=int, default=2, help="cores of the gallery")
    cli.add_argument("--work", type=Path, help="folder for the snapshot; a temporary one by default")
    args = cli.parse_args()
    with tempfile.TemporaryDirectory(dir=args.work) as work:
        result = measure(args, Path(work))
    print(json.dumps({**vars(args), "work": None, **result}))


def measure(args: Namespace, work: Path) -> dict[str, Any]:
    extractor = Extractor()
    calibrations = read_calibrations(MODELS / "calibration.json", extractor.models)
    dimensions = extractor.format.dimensions
    people = MadeUpPeople(args.people, args.fingers, args.seed, calibrations, drawn=65_536)
    gallery = Gallery(dimensions, calibrations, shipped_coders(dimensions, MODELS), args.threads)
    for block in track(people.blocks(), "enrol", total=-(-args.people // BLOCK)):
        gallery.add_records(people.records(block))
    while gallery.rebuilding:
        time.sleep(1)
    stamp = Stamp(1, extractor.models)
    gallery.save(work / "gallery", stamp)
    first = people.block(0)
    gallery.remove(first.first)
    waits: list[float] = []
    stop = threading.Event()
    probe = people.mate(first, 1, people.positions)

    def search() -> None:
        while not stop.is_set():
            began = time.monotonic()
            gallery.search(probe)
            waits.append(time.monotonic() - began)

    searching = threading.Thread(target=search)
    searching.start()
    began = time.monotonic()
    gallery.compact()
    compacted = time.monotonic()
    gallery.save(work / "gallery", stamp)
    saved = time.monotonic()
    stop.set()
    searching.join()
    return {
        "compact_seconds": round(compacted - began, 2),
        "save_seconds": round(saved - compacted, 2),
        "searches_meanwhile": len(waits),
        "longest_search_seconds": round(max(waits), 2),
    }


if __name__ == "__main__":
    main()
