"""One search in the gallery: its time, and whether it finds whom a plain scan of everybody finds.

People are made up: unit vectors whose mates have the stated mean cosine, random minutiae whose mates are jittered.
Ratios within one run can be trusted; the recall of real captures is another question.
"""

import json
import time
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from matcher import exact
from matcher.calibrate import Calibration, Curve, Line
from matcher.gallery import Gallery
from matcher.types import FINGERS, Minutiae, Position, Quality, Template, Vector

DIMENSIONS = {"face": 128, "finger": 256}
CALIBRATIONS = {
    "face": Calibration("made up", "", (), 0, 0, Curve((0.2, 0.6), (-1.7, 3.5)), Line(12, 4)),
    "finger": Calibration("made up", "", (), 0, 0, Curve((0.02, 0.25), (-1.7, 4.0)), Line(8, 3)),
}
PROBES = {"whole": 0, "face only": 1, "fingers only": 2}


def main() -> None:
    cli = ArgumentParser(description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter)
    cli.add_argument("--people", type=int, default=2_000, help="enrolled, each with a face and all fingers")
    cli.add_argument("--fingers", type=int, default=2, help="fingers a person")
    cli.add_argument("--probes", type=int, default=100, help="searches timed, one at a time")
    cli.add_argument("--oracle", type=int, default=2, help="probes also searched by plain scan")
    cli.add_argument("--cosine", type=float, default=0.65, help="mean cosine of mated vectors")
    cli.add_argument("--seed", type=int, default=1)
    args = cli.parse_args()
    print(json.dumps({"settings": vars(args), **measure(args)}))


def measure(args: Namespace) -> dict[str, object]:
    rng = np.random.default_rng(args.seed)
    positions = [Position.FACE, *FINGERS[: args.fingers]]
    people = {key: [made_up(rng, position) for position in positions] for key in track(range(args.people), "make up")}
    gallery = Gallery(DIMENSIONS, CALIBRATIONS)
    began = time.perf_counter()
    gallery.add_many(people.items())
    result: dict[str, object] = {"bulk_add_per_second": round(args.people / (time.perf_counter() - began))}
    mates = rng.choice(args.people, args.probes, replace=False)
    for name, of_whole in PROBES.items():
        probes = [part(again(rng, people[mate], args.cosine), of_whole) for mate in mates.tolist()]
        gallery.search(probes[0])
        seconds, first = [], 0
        for mate, probe in zip(mates, track(probes, f"search, {name}"), strict=True):
            began = time.perf_counter()
            found = gallery.search(probe)
            seconds.append(time.perf_counter() - began)
            first += found[0].key == mate
        result[name] = {
            "single_ms_p50": round(float(np.percentile(seconds, 50)) * 1e3, 2),
            "single_ms_p99": round(float(np.percentile(seconds, 99)) * 1e3, 2),
            "mate_first": first / args.probes,
            "found_of_exact": agreement(gallery, people, probes[: args.oracle]),
        }
    return result


def agreement(gallery: Gallery, people: dict[int, list[Template]], probes: list[list[Template]]) -> float | None:
    """Share of probes for which the plain scan's best candidate is the gallery's."""
    pairs = [(gallery.search(probe, 1)[0], exact.search(people, probe, CALIBRATIONS, 1)[0]) for probe in probes]
    same = [abs(ours.log10_lr - theirs.log10_lr) < 1e-3 for ours, theirs in pairs]
    return sum(same) / len(same) if same else None


def part(whole: list[Template], which: int) -> list[Template]:
    return [whole, whole[:1], whole[1:]][which]


def made_up(rng: np.random.Generator, position: Position) -> Template:
    size = DIMENSIONS["finger" if position.is_finger else "face"]
    return Template(position, unit(rng.normal(size=size)), Quality(80), "made up", minutiae(rng, position))


def again(rng: np.random.Generator, whole: list[Template], cosine: float) -> list[Template]:
    """Another capture of every position."""
    return [
        Template(one.position, near(rng, one.vector, cosine), one.quality, one.model, jittered(rng, one.minutiae))
        for one in whole
    ]


def minutiae(rng: np.random.Generator, position: Position, count: int = 40) -> Minutiae | None:
    if not position.is_finger:
        return None
    x, y, direction = (rng.uniform(0, high, count).astype(np.float32) for high in (250, 300, 2 * np.pi))
    return Minutiae(x, y, direction, np.full(count, 0.9, np.float32), rng.random(count) < 0.5)


def jittered(rng: np.random.Generator, one: Minutiae | None) -> Minutiae | None:
    """The same print with moved, turned and lost minutiae."""
    if one is None:
        return None
    keep = rng.random(len(one)) < 0.8
    x, y, direction = (
        (values + rng.normal(0, spread, len(one))).astype(np.float32)[keep]
        for values, spread in ((one.x, 3), (one.y, 3), (one.direction, 0.12))
    )
    return Minutiae(x, y, np.mod(direction, np.float32(2 * np.pi)), one.quality[keep], one.ending[keep])


def near(rng: np.random.Generator, vector: Vector, cosine: float) -> Vector:
    """A unit vector at the given mean cosine, spread 0.1."""
    aimed = float(np.clip(rng.normal(cosine, 0.1), -1, 1))
    across = rng.normal(size=len(vector))
    across -= (across @ vector) * vector
    return unit(aimed * vector + np.sqrt(1 - aimed**2) * unit(across))


def unit(vector: NDArray[np.floating]) -> Vector:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


if __name__ == "__main__":
    main()
