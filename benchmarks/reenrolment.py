"""Is a person who enrols again found, and no other person flagged?

Each made-up person has one finger of FVC2002 (each of its four sets has ten) and one face of LFW. A first round enrols
all of them over HTTP, with one impression and picture each. Every further round enrols them again, with another. Caught
are those whose case names their first number. The service runs on a fresh registry in a temporary folder.
"""

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.progress import track

from benchmarks.command_line import parser
from scripts.running import enrolment_files, running

SETS = {"FVC2002_DB1_B": 500, "FVC2002_DB2_B": 569, "FVC2002_DB3_B": 500, "FVC2002_DB4_B": 500}


@dataclass(frozen=True)
class MadeUp:
    """fingers: impressions of one finger. faces: pictures of one face. Both at least as many as there are rounds."""

    name: str
    dpi: int
    fingers: list[Path]
    faces: list[Path]


def made_up_people(data: Path, impressions: int, faces_each: int) -> list[MadeUp]:
    """Forty people: all fingers of the four sets, and the first forty LFW people with enough pictures."""
    fingers = [
        (dpi, [data / "fingerprints" / name / f"{finger}_{n}.png" for n in range(1, impressions + 1)])
        for name, dpi in SETS.items()
        for finger in sorted({int(p.stem.split("_")[0]) for p in (data / "fingerprints" / name).glob("*.png")})
    ]
    pictures: dict[str, list[Path]] = {}
    for path in sorted((data / "faces" / "lfw_devtest" / "images").glob("*.jpg")):
        pictures.setdefault(path.stem[:-5], []).append(path)
    faces = [(name, paths) for name, paths in pictures.items() if len(paths) >= faces_each]
    return [MadeUp(name, dpi, prints, paths) for (name, paths), (dpi, prints) in zip(faces, fingers, strict=False)]


def enrol(client: httpx.Client, one: MadeUp, impression: int) -> dict[str, Any]:
    """The outcome of an enrolment with the impression and picture of this number, from 0."""
    captures = {"face": one.faces[impression % len(one.faces)], "right_index": one.fingers[impression]}
    files = enrolment_files(one.name, captures, {"right_index": one.dpi})
    answer = client.post("/v1/enrolments", params={"wait": 60}, files=files)
    found: dict[str, Any] = answer.json()
    return found if answer.status_code == 202 else {"status": "refused", "case": None, **found}


def caught(desk: httpx.Client, outcome: dict[str, Any], first: dict[str, Any]) -> bool:
    """Whether the case has a candidate with the number that the person was given the first time."""
    if outcome["case"] is None:
        return False
    case = desk.get(f"/v1/cases/{outcome['case']}").json()
    return first["person_number"] in [one["person"]["number"] for one in case["candidates"]]


def main() -> None:
    cli = parser(__doc__, "python -m benchmarks.reenrolment --data DIR")
    cli.add_argument(
        "--data", type=Path, required=True, help="folder that has fingerprints/FVC2002_DB?_B and faces/lfw_devtest"
    )
    cli.add_argument("--rounds", type=int, default=4, choices=range(2, 9), help="enrolments of each person")
    cli.add_argument(
        "--faces", type=int, default=2, help="fewest pictures of each face; rounds take them one after another"
    )
    args = cli.parse_args()
    people = made_up_people(args.data, args.rounds, args.faces)
    result: dict[str, Any] = {"people": len(people)}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service:
        counter, desk = service.client("enroller"), service.client("adjudicator")
        firsts = [enrol(counter, one, 0) for one in track(people, "first enrolments")]
        result["first_flagged"] = sum(one["status"] == "in_review" for one in firsts)
        result["first_refused"] = sum(one["status"] in ("refused", "unusable") for one in firsts)
        for number in range(1, args.rounds):
            again = [enrol(counter, one, number) for one in track(people, f"again, impression {number + 1}")]
            found = [caught(desk, outcome, first) for outcome, first in zip(again, firsts, strict=True)]
            result[f"caught_with_impression_{number + 1}"] = sum(found)
            for one, outcome, right in zip(people, again, found, strict=True):
                if not right:
                    print(f"missed: {one.name}, {one.fingers[number]}: {outcome['status']}", file=sys.stderr)
    for name, value in result.items():
        print(f"{name.replace('_', ' ')}: {value}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
