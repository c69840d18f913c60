"""Made-up people enrolled over HTTP, then enrolled again with other captures: who is caught, who is wrongly flagged.

One finger of FVC2002 (each of its four sets has ten) and one face of LFW make a person. A first round enrols everybody
with one impression and picture, then every further round enrols everybody again with another impression and picture.
"""

import json
import sys
import tempfile
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.progress import track

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
    """Enrol with the impression and picture of this number, from 0; what became of it."""
    captures = {"face": one.faces[impression % len(one.faces)], "right_index": one.fingers[impression]}
    files = enrolment_files(one.name, captures, {"right_index": one.dpi})
    answer = client.post("/v1/enrolments", params={"wait": 60}, files=files)
    found: dict[str, Any] = answer.json()
    return found if answer.status_code == 202 else {"status": "refused", "case": None, **found}


def caught(desk: httpx.Client, outcome: dict[str, Any], first: dict[str, Any]) -> bool:
    """Whether a case names the right person, the number they got the first time, among its candidates."""
    if outcome["case"] is None:
        return False
    case = desk.get(f"/v1/cases/{outcome['case']}").json()
    return first["person_number"] in [one["person"]["number"] for one in case["candidates"]]


def main() -> None:
    cli = ArgumentParser(description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter)
    cli.add_argument("--data", type=Path, required=True, help="has fingerprints/FVC2002_DB?_B, faces/lfw_devtest")
    cli.add_argument("--rounds", type=int, default=4, choices=range(2, 9), help="enrolments of each person")
    cli.add_argument("--faces", type=int, default=2, help="pictures a person must have; rounds take them in turn")
    args = cli.parse_args()
    people = made_up_people(args.data, args.rounds, args.faces)
    result: dict[str, Any] = {"people": len(people)}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as service:
        desk = service.client("admin")
        firsts = [enrol(desk, one, 0) for one in track(people, "first enrolments")]
        result["first_flagged"] = sum(one["status"] == "in_review" for one in firsts)
        result["first_refused"] = sum(one["status"] in ("refused", "unusable") for one in firsts)
        for number in range(1, args.rounds):
            again = [enrol(desk, one, number) for one in track(people, f"again, impression {number + 1}")]
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
