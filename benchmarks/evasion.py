"""Are people who try to enrol twice found? Each way of trying, among N others.

The subject of a try has a real face (LFW) and four real fingers: index and middle finger of both hands, of FVC sets.
They are enrolled into a gallery of N synthetic people with a face and the same fingers, and enrolled again in one of
the ways, with other captures. A try is caught if the service's policy opens a case that names the subject, or if the
probe's own fingers show that one was given at several positions. The search and the decision are those of the service;
its database and queue are left out. Wrong fingers and faces are those of other real people who are not enrolled.

Synthetic fingers come from a pool that the people share. They resemble real ones less than real ones resemble each
other, so `fpir_review` is too favourable; `fpir_real_only` is measured among real people alone, in a gallery of a
quarter as many people as there are fingers. Intervals are over tries, which share fingers and faces: with few of them
they are too narrow.
"""

import json
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import beta

from benchmarks.command_line import parser
from benchmarks.identification import real_faces, synthetic_gallery
from matcher.calibrate import read_calibrations
from matcher.extractor import Capture, Extractor
from matcher.gallery import Gallery, shipped_coders
from matcher.networks import MODELS
from matcher.types import Position, Template
from matcher.within import same_fingers
from service.adjudication.domain.evidence import Band
from service.deduplication.domain import SearchPolicy, decide
from service.deduplication.steps.candidates import to_candidate

MATE = 2**40
CONSOLE = Console(stderr=True)
POSITIONS = (Position.RIGHT_INDEX, Position.RIGHT_MIDDLE, Position.LEFT_INDEX, Position.LEFT_MIDDLE)
SWAPPED = (*POSITIONS[2:], *POSITIONS[:2])
SHIFTED = (*POSITIONS[1:], POSITIONS[0])
PERMUTED = (POSITIONS[1], POSITIONS[2], POSITIONS[0], POSITIONS[3])
POLICY = SearchPolicy(fpir_review=0.01, fpir_duplicate=0.0001, candidates=20)
WRONG_DPI = (300, 400, 600, 1000)
FINGERS_NEEDED, FACES_NEEDED = 8, 2  # by one try: the subject's and another person's
NEWCOMERS = 5  # searches by people not enrolled, for each try of a way


@dataclass(frozen=True, slots=True)
class Impression:
    """A capture of a finger and its template. dpi: the true resolution."""

    content: bytes
    dpi: float
    template: Template


Finger = Sequence[Impression]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a try is about. fingers, faces: captures of the subject, the first of each is enrolled. other_…: another
    person's, not enrolled.
    """

    fingers: Sequence[Finger]
    faces: Sequence[Template]
    other_fingers: Sequence[Finger]
    other_faces: Sequence[Template]

    @property
    def enrolled(self) -> list[Template]:
        """The face and four fingers as they are kept."""
        return [self.faces[0], *placed([finger[0].template for finger in self.fingers])]


class Tries:
    """Probes of a subject in every way. Draws which impressions are used."""

    def __init__(self, extractor: Extractor, rng: np.random.Generator) -> None:
        self._extractor, self._rng = extractor, rng

    def ways(self) -> Mapping[str, Callable[[Subject], list[Template]]]:
        """By the name of the way."""
        fingers = self.fingers
        wrong_dpi = {f"dpi_{dpi}": self.stating(dpi) for dpi in WRONG_DPI}
        return {
            "honest_f4": lambda one: [one.faces[1], *placed(fingers(one.fingers))],
            "honest_f1": lambda one: [one.faces[1], *placed(fingers(one.fingers[:1]))],
            "face_wrong_1": lambda one: [one.faces[1], *placed(fingers(one.other_fingers[:1]))],
            "wrong_2_of_4": lambda one: [
                one.faces[1],
                *placed(fingers([*one.fingers[:2], *one.other_fingers[2:]])),
            ],
            "wrong_4_true_face": lambda one: [one.faces[1], *placed(fingers(one.other_fingers))],
            "other_face": lambda one: [one.other_faces[0], *placed(fingers(one.fingers))],
            "swapped": lambda one: placed(fingers(one.fingers), SWAPPED),
            "shifted": lambda one: placed(fingers(one.fingers), SHIFTED),
            "permuted": lambda one: placed(fingers(one.fingers), PERMUTED),
            "one_finger_all": lambda one: placed(self.different(one.fingers[0], 4)),
            "one_of_four_true": lambda one: placed(fingers([one.fingers[0], *one.other_fingers[1:]])),
            **wrong_dpi,
            "mirrored": lambda one: self.changed(one.fingers, mirrored),
            "slap_as_finger": lambda one: self.joined(one.fingers),
            "low_quality_all": lambda one: placed([worst(finger).template for finger in one.fingers]),
        }

    def fingers(self, some: Sequence[Finger]) -> list[Template]:
        """One impression of each, never the first."""
        return [finger[int(self._rng.integers(1, len(finger)))].template for finger in some]

    def different(self, finger: Finger, count: int) -> list[Template]:
        """As many impressions of one finger, not the first; different ones as far as there are so many."""
        order = self._rng.permutation(len(finger) - 1)
        return [finger[1 + int(order[at % len(order)])].template for at in range(count)]

    def stating(self, dpi: int) -> Callable[[Subject], list[Template]]:
        """Four fingers whose header states this resolution."""
        return lambda one: self.changed(one.fingers, lambda impression: (impression.content, float(dpi)))

    def changed(self, some: Sequence[Finger], change: Callable[[Impression], tuple[bytes, float]]) -> list[Template]:
        """One changed impression of each finger, extracted; refused ones are left out."""
        drawn = [finger[int(self._rng.integers(1, len(finger)))] for finger in some]
        captures = [
            Capture(position, *change(impression)) for position, impression in zip(POSITIONS, drawn, strict=False)
        ]
        return [one for one in self._extractor.extract(captures) if isinstance(one, Template)]

    def joined(self, some: Sequence[Finger]) -> list[Template]:
        """Fingers of one resolution side by side in one picture, sent as the first finger."""
        alike = [finger[1] for finger in some if finger[1].dpi == some[0][1].dpi]
        pictures = [np.asarray(Pillow.open(BytesIO(one.content)).convert("L")) for one in alike]
        height = max(len(one) for one in pictures)
        padded = [np.pad(one, ((0, height - len(one)), (0, 0)), constant_values=255) for one in pictures]
        capture = Capture(POSITIONS[0], png(np.hstack(padded)), alike[0].dpi)
        return [one for one in self._extractor.extract([capture]) if isinstance(one, Template)]


def main() -> None:
    cli = parser(
        __doc__,
        "python -m benchmarks.evasion --fingers FVC2002_DB1_B FVC2002_DB2_B --dpi FVC2002_DB2_B=569 "
        "--faces LFW/pairs.txt LFW/images --people 10000",
    )
    cli.add_argument("--fingers", type=Path, nargs="+", required=True, help="folders of <finger>_<impression>.png")
    cli.add_argument("--dpi", nargs="*", default=[], metavar="NAME=VALUE", help="resolution of a set; 500 otherwise")
    cli.add_argument(
        "--faces", type=Path, nargs=2, required=True, metavar=("PAIRS", "IMAGES"),
        help="LFW's pairs.txt, which is not needed, and the folder of its pictures NAME_0001.jpg",
    )  # fmt: skip
    cli.add_argument("--people", type=int, default=10_000, help="synthetic people enrolled")
    cli.add_argument("--pool", type=int, default=10_000, help="different synthetic fingers, which these people share")
    cli.add_argument(
        "--searches", type=int, default=100, help="tries of every way, and five times as many searches by newcomers"
    )
    cli.add_argument(
        "--ways",
        nargs="*",
        default=[],
        metavar="WAY",
        help="only these; wrong resolutions and changed pictures are slow",
    )
    cli.add_argument("--replicates", type=int, default=1000, help="bootstrap replicates behind the intervals")
    cli.add_argument("--seed", type=int, default=1, help="of everything drawn at random")
    cli.add_argument("--out", type=Path, help="also write the JSON there")
    args = cli.parse_args()
    result = measure(args)
    show(result)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


def measure(args: Namespace) -> dict[str, Any]:
    extractor, rng = Extractor(), np.random.default_rng(args.seed)
    dpi = {name: float(value) for name, _, value in (item.partition("=") for item in args.dpi)}
    fingers = [one for folder in args.fingers for one in real_impressions(extractor, folder, dpi.get(folder.name, 500))]
    everyone = real_faces(extractor, args.faces[1])
    faces = [pictures for pictures in everyone if len(pictures) > 1]
    if len(fingers) < FINGERS_NEEDED or len(faces) < FACES_NEEDED:
        raise SystemExit(
            f"{len(fingers)} fingers and {len(faces)} faces have two usable captures; a try needs {FINGERS_NEEDED} and "
            f"{FACES_NEEDED}"
        )
    gallery = synthetic_gallery(
        extractor, args, np.stack([one.vector for some in everyone for one in some]), rng, POSITIONS
    )
    tries = Tries(extractor, rng).ways()
    if unknown := set(args.ways) - set(tries):
        raise SystemExit(f"no such way: {', '.join(sorted(unknown))}; there are {', '.join(tries)}")
    tries = {way: probe_of for way, probe_of in tries.items() if way in args.ways or not args.ways}
    caught: dict[str, list[bool]] = {way: [] for way in tries}
    handed_on: dict[str, list[bool]] = {way: [] for way in tries}
    seconds = []
    for _ in track(range(args.searches), "tries", console=CONSOLE):
        subject = draw(fingers, faces, rng)
        gallery.add(MATE, subject.enrolled)
        for way, probe_of in tries.items():
            probe = probe_of(subject)
            handed_on[way].append(MATE in gallery.preselected_many([probe])[0])
            began = time.perf_counter()
            found = in_case(gallery, probe)
            seconds.append(time.perf_counter() - began)
            caught[way].append(MATE in found or bool(same_fingers(probe)))
        gallery.remove(MATE)
    flagged = [
        bool(in_case(gallery, draw(fingers, faces, rng).enrolled))
        for _ in track(range(NEWCOMERS * args.searches), "newcomers", console=CONSOLE)
    ]
    real = real_only(extractor, fingers, faces, rng, args.searches)
    return {
        "people": args.people,
        "searches": args.searches,
        "fingers": len(fingers),
        "faces": len(faces),
        "fpir_review": float(np.mean(flagged)),
        "fpir_ci95": exact_interval(sum(flagged), len(flagged)),
        "fpir_real_only": float(np.mean(real)),
        "fpir_real_only_ci95": exact_interval(sum(real), len(real)),
        "caught": {way: float(np.mean(some)) for way, some in caught.items()},
        "ci95": {way: bootstrapped(some, args.replicates, args.seed) for way, some in caught.items()},
        "preselection_recall": {way: float(np.mean(some)) for way, some in handed_on.items()},
        "ms_p50": float(np.percentile(seconds, 50)) * 1e3,
        "ms_p95": float(np.percentile(seconds, 95)) * 1e3,
        "hot_bytes_per_person": gallery.bytes_held[0] / len(gallery),
    }


def real_impressions(extractor: Extractor, folder: Path, dpi: float) -> Iterator[list[Impression]]:
    """The impressions of each finger of a set; refused ones are left out, and fingers with fewer than two."""
    files = sorted(folder.glob("*_*.png"))
    if not files:
        raise SystemExit(f"{folder} has no files <finger>_<impression>.png")
    for name in track(sorted({file.stem.partition("_")[0] for file in files}), folder.name, console=CONSOLE):
        contents = [file.read_bytes() for file in files if file.stem.partition("_")[0] == name]
        found = extractor.extract([Capture(POSITIONS[0], content, dpi) for content in contents])
        kept = [Impression(content, dpi, one) for content, one in zip(contents, found, strict=True)
                if isinstance(one, Template)]  # fmt: skip
        if len(kept) > 1:
            yield kept
        else:
            CONSOLE.print(f"{folder.name}: finger {name} is left out, it has fewer than two usable impressions")


def draw(fingers: Sequence[Finger], faces: Sequence[Sequence[Template]], rng: np.random.Generator) -> Subject:
    """Somebody of eight different fingers, four of them another's, and two faces."""
    some = [fingers[at] for at in rng.permutation(len(fingers))[:8]]
    own, other = (faces[at] for at in rng.permutation(len(faces))[:2])
    return Subject(some[:4], own, some[4:], other)


def in_case(gallery: Gallery, probe: Sequence[Template]) -> set[int]:
    """Keys of the people whom the case of this probe would name; none if no case is opened."""
    found = [to_candidate(one) for one in gallery.search(probe, POLICY.candidates)]
    band, shown = decide(found, POLICY.thresholds(len(gallery)))
    return set() if band is Band.UNIQUE else {one.person_key for one in shown}


def real_only(
    extractor: Extractor,
    fingers: Sequence[Finger],
    faces: Sequence[Sequence[Template]],
    rng: np.random.Generator,
    searches: int,
) -> list[bool]:
    """Whether honest newcomers get a case, each in a gallery of real people with none of their fingers and faces."""
    found, calibrations = [], read_calibrations(MODELS / "calibration.json", extractor.models)
    for _ in track(range(searches), "real people alone", console=CONSOLE):
        gallery = Gallery(extractor.dimensions, calibrations, shipped_coders(extractor.dimensions), threads=2)
        shuffled = [fingers[at] for at in rng.permutation(len(fingers))]
        people = [shuffled[start : start + 4] for start in range(0, len(shuffled) - 3, 4)]
        pictures = [faces[at] for at in rng.permutation(len(faces))[: len(people)]]
        templates = [
            [face[0], *placed([finger[0].template for finger in some])]
            for some, face in zip(people, pictures, strict=True)
        ]
        gallery.add_many(enumerate(templates[1:]))
        found.append(bool(in_case(gallery, templates[0])))
    return found


def placed(templates: Sequence[Template], positions: Sequence[Position] = POSITIONS) -> list[Template]:
    """Fingers given at these positions."""
    return [replace(one, position=position) for one, position in zip(templates, positions, strict=False)]


def worst(finger: Finger) -> Impression:
    """The impression of the lowest quality, but for the one enrolled."""
    return min(finger[1:], key=lambda one: one.template.quality.score)


def mirrored(impression: Impression) -> tuple[bytes, float]:
    """The picture flipped left to right."""
    pixels = np.asarray(Pillow.open(BytesIO(impression.content)).convert("L"))
    return png(pixels[:, ::-1]), impression.dpi


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def exact_interval(count: int, of: int) -> list[float]:
    """Clopper and Pearson's, 95 %."""
    low = 0.0 if count == 0 else float(beta.ppf(0.025, count, of - count + 1))
    high = 1.0 if count == of else float(beta.ppf(0.975, count + 1, of - count))
    return [low, high]


def bootstrapped(some: Sequence[bool], replicates: int, seed: int) -> list[float]:
    """95 % over tries; where all or none are caught, Clopper and Pearson's."""
    if all(some) or not any(some):
        return exact_interval(sum(some), len(some))
    rows = np.random.default_rng(seed).integers(0, len(some), (replicates, len(some)))
    low, high = np.percentile(np.array(some, np.float64)[rows].mean(axis=1), [2.5, 97.5])
    return [float(low), float(high)]


def show(result: Mapping[str, Any]) -> None:
    """The figures as a table."""
    table = Table("way", "caught %", "95 %", "preselected %", title=f"among {result['people']:,} people")
    for way, share in result["caught"].items():
        low, high = (round(100 * edge, 1) for edge in result["ci95"][way])
        table.add_row(way, f"{100 * share:.1f}", f"{low}–{high}", f"{100 * result['preselection_recall'][way]:.1f}")
    CONSOLE.print(table)
    low, high = result["fpir_ci95"]
    CONSOLE.print(
        f"newcomers with a case {100 * result['fpir_review']:.1f} % ({100 * low:.1f}–{100 * high:.1f}), among real "
        f"people alone {100 * result['fpir_real_only']:.1f} %; a search takes {result['ms_p50']:.0f} ms (p50), "
        f"{result['ms_p95']:.0f} (p95); {result['hot_bytes_per_person']:.0f} bytes per person are read by each"
    )


if __name__ == "__main__":
    main()
