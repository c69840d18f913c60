"""FNIR at two FPIR: how often a search misses the mate when it rarely returns a non-mated person.

The subject of a search is made up of a real face of LFW and real fingers of FVC sets, enrolled into a gallery of
synthetic people and searched with other captures. So each search yields the evidence of the mate and of the strongest
non-mated candidate. FNIR is the share of mates below the threshold or not found. The threshold of a FPIR is a quantile
of the strongest non-mated candidates; beyond the data, an exponential is fitted to their highest fifth. Fingers of
the gallery are synthetic prints with their vectors; its faces are drawn from a Gaussian with the mean and covariance of
LFW's.
"""

import json
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.command_line import parser
from benchmarks.synthetic_people import synthetic_people
from matcher.calibrate import read_calibrations
from matcher.extractor import Capture, Extractor
from matcher.gallery import Gallery, shipped_coders
from matcher.networks import MODELS
from matcher.types import FINGERS, Position, Template, Vector

MATE = 2**40
CONSOLE = Console(stderr=True)
KINDS: Mapping[str, tuple[Position, ...]] = {
    ("face" if face else "") + (" + " if face and count else "") + (f"{count} fingers" if count else ""): (
        *((Position.FACE,) if face else ()),
        *FINGERS[:count],
    )
    for face in (False, True)
    for count in (0, 1, 2, 4, 10)
    if face or count
}


@dataclass(frozen=True, slots=True)
class Captures:
    """Real captures of each finger and of each face that has more than one."""

    fingers: Sequence[Sequence[Template]]
    faces: Sequence[Sequence[Template]]


def main() -> None:
    cli = parser(
        __doc__,
        "python -m benchmarks.identification --fingers FVC2002_DB1_B FVC2002_DB3_B --faces LFW/images --people 50000",
    )
    cli.add_argument("--fingers", type=Path, nargs="+", required=True, help="FVC sets: <finger>_<impression>.png")
    cli.add_argument("--dpi", nargs="*", default=[], metavar="NAME=VALUE", help="resolution of a set; 500 otherwise")
    cli.add_argument("--faces", type=Path, required=True, help="LFW's pictures, NAME_0001.jpg")
    cli.add_argument(
        "--people", type=int, default=100_000, help="synthetic people enrolled, each with a face and ten fingers"
    )
    cli.add_argument("--pool", type=int, default=10_000, help="different synthetic fingers, which these people share")
    cli.add_argument(
        "--impressions", type=int, default=4, help="used of a real finger: the first is enrolled, the others are probes"
    )
    cli.add_argument("--searches", type=int, default=300, help="mated searches of every kind")
    cli.add_argument("--replicates", type=int, default=400, help="bootstrap replicates behind the intervals")
    cli.add_argument("--seed", type=int, default=1, help="of everything drawn at random")
    cli.add_argument("--out", type=Path, help="also write the JSON there")
    args = cli.parse_args()
    result = {"settings": {k: v for k, v in vars(args).items() if isinstance(v, int)}, **measure(args)}
    show(result)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


def measure(args: Namespace) -> dict[str, Any]:
    extractor = Extractor()
    dpi = dict(pair.split("=") for pair in args.dpi)
    fingers = [finger for folder in args.fingers for finger in real_fingers(extractor, folder, dpi, args.impressions)]
    faces = real_faces(extractor, args.faces)
    rng = np.random.default_rng(args.seed)
    gallery = synthetic_gallery(extractor, args, np.stack([one.vector for pictures in faces for one in pictures]), rng)
    captures = Captures(fingers, [pictures for pictures in faces if len(pictures) > 1])
    kinds = {name: searches(gallery, positions, captures, args, rng) for name, positions in KINDS.items()}
    return {"fingers": len(fingers), "faces": len(captures.faces), "kinds": kinds}


def real_fingers(
    extractor: Extractor, folder: Path, dpi: Mapping[str, str], impressions: int
) -> Iterator[list[Template]]:
    """The captures of each finger of a set; refused ones are left out."""
    names = sorted({path.stem.split("_")[0] for path in folder.glob("*.png")}, key=int)
    resolution = float(dpi.get(folder.name, 500))
    for name in track(names, folder.name, console=CONSOLE):
        paths = sorted(folder.glob(f"{name}_*.png"), key=lambda path: int(path.stem.split("_")[1]))[:impressions]
        found = extractor.extract([Capture(Position.RIGHT_THUMB, path.read_bytes(), resolution) for path in paths])
        yield [one for one in found if isinstance(one, Template)]


def real_faces(extractor: Extractor, folder: Path) -> list[list[Template]]:
    """The pictures of each person, two at most."""
    people: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.jpg")):
        people.setdefault(path.stem.rsplit("_", 1)[0], []).append(path)
    found = []
    for paths in track(people.values(), "faces", console=CONSOLE):
        templates = extractor.extract([Capture(Position.FACE, path.read_bytes()) for path in paths[:2]])
        found.append([one for one in templates if isinstance(one, Template)])
    return [templates for templates in found if templates]


def synthetic_gallery(extractor: Extractor, args: Namespace, faces: Vector, rng: np.random.Generator) -> Gallery:
    """A gallery of synthetic people with a face and ten fingers each. faces: float32 (n, d), real ones to imitate."""
    calibrations = read_calibrations(MODELS / "calibration.json", extractor.models)
    dimensions = extractor.dimensions
    gallery = Gallery(dimensions, calibrations, shipped_coders(dimensions), threads=2)
    for records in synthetic_people(args.people, faces, rng, pool=args.pool):
        gallery.add_records(records)
    gallery.rebuild()
    return gallery


def searches(
    gallery: Gallery, positions: Sequence[Position], captures: Captures, args: Namespace, rng: np.random.Generator
) -> dict[str, Any]:
    """FNIR of one kind of probe at two FPIR, with intervals by resampling the searches."""
    mates, others = [], []
    for _ in track(range(args.searches), ", ".join(positions[:3]), console=CONSOLE):
        enrolled, probe = made_up(positions, captures, rng)
        gallery.add(MATE, enrolled)
        found = {one.key: one.log10_lr for one in gallery.search(probe)}
        gallery.remove(MATE)
        mates.append(found.pop(MATE, -np.inf))
        others.append(max(found.values(), default=-np.inf))
    mated, top = np.array(mates), np.array(others)
    result: dict[str, Any] = {"not_in_list": float(np.isneginf(mated).mean())}
    for name, fpir in (("fnir_at_fpir_1e2", 0.01), ("fnir_at_fpir_1e3", 0.001)):
        result[name] = float((mated < threshold(top, fpir)).mean())
        again = rng.integers(0, len(mated), (args.replicates, len(mated)))
        drawn = [float((mated[rows] < threshold(top[rows], fpir)).mean()) for rows in again]
        result[f"{name}_ci95"] = np.percentile(drawn, [2.5, 97.5]).tolist()
        result[f"threshold_{name[8:]}"] = threshold(top, fpir)
    return result


def made_up(
    positions: Sequence[Position], captures: Captures, rng: np.random.Generator
) -> tuple[list[Template], list[Template]]:
    """The captures enrolled of one person, and the probe."""
    enrolled: list[Template] = []
    probe: list[Template] = []
    fingers, faces = captures.fingers, captures.faces
    chosen = iter(rng.permutation(len(fingers)).tolist())
    for position in positions:
        found = fingers[next(chosen)] if position.is_finger else faces[int(rng.integers(len(faces)))]
        while len(found) < 2:
            found = fingers[next(chosen)]
        first, second = (found[0], found[int(rng.integers(1, len(found)))])
        for into, one in ((enrolled, first), (probe, second)):
            into.append(replace(one, position=position))
    return enrolled, probe


def threshold(top: NDArray[np.float64], fpir: float) -> float:
    """The evidence that a search's strongest non-mated candidate exceeds with probability `fpir`.

    top: (n,), that candidate's evidence in each search. Beyond the data: along the exponential fitted to the tail.
    """
    top = np.sort(top[np.isfinite(top)])
    if not len(top):
        return 0.0
    if fpir * len(top) >= 5:
        return float(np.quantile(top, 1 - fpir))
    tail = top[-max(len(top) // 5, 2) :]
    return float(tail[0] + (tail - tail[0]).mean() * np.log(len(tail) / len(top) / fpir))


def show(result: Mapping[str, Any]) -> None:
    """FNIR by kind of probe."""
    table = Table("probe", "FNIR % at FPIR 1 %", "FNIR % at FPIR 0.1 %", "thresholds", "not in the list %")
    for name, row in result["kinds"].items():
        cells = [
            f"{100 * row[key]:.2f} ({100 * row[f'{key}_ci95'][0]:.2f}–{100 * row[f'{key}_ci95'][1]:.2f})"
            for key in ("fnir_at_fpir_1e2", "fnir_at_fpir_1e3")
        ]
        limits = f"{row['threshold_fpir_1e2']:.2f}, {row['threshold_fpir_1e3']:.2f}"
        table.add_row(name, *cells, limits, f"{100 * row['not_in_list']:.2f}")
    CONSOLE.print(table)


if __name__ == "__main__":
    main()
