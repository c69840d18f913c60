"""Seconds from posting an enrolment of a face and four fingers to its outcome, over HTTP, one at a time.

Ten made-up people enrol, each with a face of LFW and one finger of each set of FVC2002. The first is not measured: it
waits for what is compiled or loaded once. Then the service is stopped, and the seconds until it is ready again are
measured. It runs on a fresh registry in a temporary folder.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from rich.progress import track

from benchmarks.command_line import parser
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


def first_fingers(data: Path, number: int) -> list[tuple[str, int]]:
    """The finger of this number, from 0, in each set; with the name of the set."""
    return [
        (name, sorted({int(path.stem.split("_")[0]) for path in (data / "fingerprints" / name).glob("*.png")})[number])
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
    cli = parser(__doc__, "python -m benchmarks.enrolment --data DIR")
    cli.add_argument(
        "--data", type=Path, required=True, help="folder that has fingerprints/FVC2002_DB?_B and faces/lfw_devtest"
    )
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
