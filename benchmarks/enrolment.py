"""Seconds from posting an enrolment of a face and four fingers to its outcome, over HTTP, one at a time.

Ten made-up people: a face of LFW each, and as four fingers one of each set of FVC2002.
"""

import json
import statistics
import tempfile
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from pathlib import Path
from typing import Any

import httpx
from rich.progress import track

from benchmarks.reenrolment import SETS
from scripts.running import enrolment_files, running

POSITIONS = ("right_index", "right_middle", "left_index", "left_middle")


def people(data: Path) -> list[dict[str, Path]]:
    """Captures by position of ten people."""
    faces = sorted((data / "faces" / "lfw_devtest" / "images").glob("*.jpg"))
    return [
        {"face": faces[3 * n]}
        | {
            position: data / "fingerprints" / name / f"{finger}_1.png"
            for position, (name, finger) in zip(POSITIONS, first_fingers(data, n), strict=True)
        }
        for n in range(10)
    ]


def first_fingers(data: Path, place: int) -> list[tuple[str, int]]:
    """The finger at this place of each set."""
    return [
        (name, sorted({int(path.stem.split("_")[0]) for path in (data / "fingerprints" / name).glob("*.png")})[place])
        for name in SETS
    ]


def enrol(client: httpx.Client, captures: dict[str, Path]) -> tuple[float, dict[str, Any]]:
    """Seconds to the outcome, and the outcome."""
    dpi = {position: SETS[path.parent.name] for position, path in captures.items() if position != "face"}
    files = enrolment_files(captures["face"].stem, captures, dpi)
    began = time.monotonic()
    answer = client.post("/v1/enrolments", params={"wait": 60}, files=files)
    return time.monotonic() - began, answer.raise_for_status().json()


def main() -> None:
    cli = ArgumentParser(description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter)
    cli.add_argument("--data", type=Path, required=True, help="has fingerprints/FVC2002_DB?_B, faces/lfw_devtest")
    args = cli.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service:
        client = service.client("enroller")
        enrol(client, people(args.data)[0])  # the first waits for what is compiled or loaded once
        measured = [enrol(client, one) for one in track(people(args.data)[1:], "enrolling")]
        service.stop()
        restart = service.start()
    seconds = sorted(one for one, _ in measured)
    result = {
        "enrolments": len(seconds),
        "median_seconds": round(statistics.median(seconds), 3),
        "slowest_seconds": round(seconds[-1], 3),
        "restart_seconds": round(restart, 3),
    }
    for name, value in result.items():
        print(f"{name.replace('_', ' ')}: {value}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
