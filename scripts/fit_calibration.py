"""Fit models/calibration.json: the evidence of comparison scores, measured on real captures.

Fingers: folders of `<finger>_<impression>.png`; every pair of impressions is compared, also across folders, which hold
different people but for SAME_PEOPLE. Faces: a folder of LFW's `<person>_<number>.jpg`; every pair of pictures. Before
the curves are written, each is judged on captures it was not fitted on: other collections for fingers, other people
for faces.

Run it again, with the same command, whenever networks or the minutiae comparison change:
    python -m scripts.fit_calibration --fingers FOLDER... --faces FOLDER --cache FOLDER
"""

import zlib
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from matcher.calibrate import Calibration, Curve, cllr, write_calibrations
from matcher.decode import decode
from matcher.errors import CaptureError
from matcher.extractor import finger_model
from matcher.face import FaceExtractor
from matcher.finger import FingerExtractor, compare, prepare
from matcher.finger.vector import FingerVector
from matcher.fit import fit_curve, fit_line, fit_rate
from matcher.networks import MODELS
from matcher.packing import template_from_bytes, template_to_bytes
from matcher.parameters import FACE_HARDNESS, FINGER_DPI, TAIL_SAFETY
from matcher.types import Minutiae, Position, Template, Vector

OTHER_DPI = {"FVC2002_DB2_B": 569}
"""Sets of another resolution than the usual one, which their files do not state correctly."""

SAME_PEOPLE = {"FVC2000_DB2_B": "FVC2000_DB1_B"}
"""Sets of the same fingers by another scanner. This is not documented, but the scores of all ten show it (0.03 to 0.53;
those of other people end at 0.06). Taken for different people, they would set the curve's upper half."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A capture. owner: ID of the person. fold: curves are judged on a fold that they were not fitted on."""

    path: Path
    owner: str
    fold: str


@dataclass(frozen=True, slots=True)
class Scores:
    """All pairs of n samples, the upper triangle in rows. score, cosine: float32 (p,). mated: bool (p,)."""

    samples: Sequence[Sample]
    score: NDArray[np.float32]
    cosine: NDArray[np.float32]
    mated: NDArray[np.bool_]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


def main() -> None:
    cli = ArgumentParser(description=__doc__, formatter_class=ArgumentDefaultsHelpFormatter)
    cli.add_argument("--fingers", type=Path, nargs="+", required=True, help="folders of <finger>_<impression>.png")
    cli.add_argument("--faces", type=Path, required=True, help="folder of <person>_<number>.jpg, at any depth")
    cli.add_argument("--cache", type=Path, required=True, help="folder that keeps extracted templates for the next run")
    cli.add_argument("--out", type=Path, default=MODELS / "calibration.json")
    args = cli.parse_args()
    fingers, finger_hash = finger_scores(args.fingers, args.cache)
    faces, face_hash = face_scores(args.faces, args.cache)
    report("finger", fingers, 0.0)
    report("face", faces, FACE_HARDNESS)
    write_calibrations(
        args.out,
        {
            "finger": calibration("finger", fingers, finger_hash, [folder.name for folder in args.fingers], 0.0),
            "face": calibration("face", faces, face_hash, [args.faces.name], FACE_HARDNESS),
        },
    )
    print(f"written: {args.out}")


def calibration(name: str, scores: Scores, model: str, data: Sequence[str], hardness: float) -> Calibration:
    mated, non_mated, safety = scores.mated, ~scores.mated, TAIL_SAFETY[name]
    return Calibration(
        model=model,
        fitted=datetime.now(UTC).date().isoformat(),
        data=tuple(data),
        mated=int(mated.sum()),
        non_mated=int(non_mated.sum()),
        curve=fit_curve(scores.score[mated], scores.score[non_mated], hardness, safety),
        rate=fit_rate(scores.score[non_mated], safety),
        line=fit_line(scores.cosine[mated], scores.cosine[non_mated], hardness),
    )


def finger_scores(folders: Sequence[Path], cache: Path) -> tuple[Scores, str]:
    """Minutiae scores and vector cosines of all pairs of impressions."""
    extractor, vector = FingerExtractor(), FingerVector()
    samples = [
        Sample(
            path, f"{SAME_PEOPLE.get(folder.name, folder.name)}/{path.stem.split('_')[0]}", folder.name.split("_")[0]
        )
        for folder in folders
        for path in sorted(folder.glob("*_*.png"))
    ]

    def extract(path: Path) -> Template:
        image = decode(path.read_bytes(), dpi=OTHER_DPI.get(path.parent.name, FINGER_DPI))
        minutiae, quality, _ = extractor.extract(image, twice=False)  # one comparison; the best of several pays
        return Template(Position.RIGHT_INDEX, np.zeros(0, np.float32), quality, extractor.model, minutiae)

    kept = extracted("fingers", samples, extract, cache / extractor.model)
    found = [template.minutiae for _, template in kept if template.minutiae is not None]
    vectors = [vector(minutiae) for minutiae in track(found, "finger vectors")]
    scores = all_pairs([sample for sample, _ in kept], vectors, minutiae_scores(found))
    return scores, finger_model(extractor.model, vector.model)


def minutiae_scores(found: Sequence[Minutiae]) -> NDArray[np.float32]:
    """Of all pairs, in the order of `np.triu_indices`."""
    prepared = [prepare(minutiae) for minutiae in found]
    rows = [compare(one, prepared[index + 1 :]) for index, one in enumerate(track(prepared, "compare minutiae"))]
    return np.concatenate(rows)


def face_scores(folder: Path, cache: Path) -> tuple[Scores, str]:
    """Cosines of all pairs of pictures."""
    extractor = FaceExtractor()
    pictures = [(path, path.stem.rsplit("_", 1)[0]) for path in sorted(folder.rglob("*.jpg"))]
    samples = [Sample(path, owner, f"half {zlib.crc32(owner.encode()) % 2}") for path, owner in pictures]

    def extract(path: Path) -> Template:
        vector, quality = extractor.extract(decode(path.read_bytes()))
        return Template(Position.FACE, vector, quality, extractor.model)

    kept = extracted("faces", samples, extract, cache / extractor.model)
    return all_pairs([sample for sample, _ in kept], [template.vector for _, template in kept], None), extractor.model


def extracted(
    what: str, samples: Iterable[Sample], extract: Callable[[Path], Template], cache: Path
) -> list[tuple[Sample, Template]]:
    """Templates of all samples that give one, from the cache where it has them."""
    found, refused = [], []
    for sample in track(list(samples), f"extract {what}"):
        kept = cache / sample.path.parent.name / f"{sample.path.stem}.template"
        try:
            if not kept.exists():
                packed = template_to_bytes(extract(sample.path))
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(packed)
            found.append((sample, template_from_bytes(kept.read_bytes())))
        except CaptureError as error:
            refused.append(type(error).__name__)
    print(f"{what}: {len(found)} captures used, {len(refused)} refused: {dict(Counter(refused))}")
    return found


def all_pairs(samples: Sequence[Sample], vectors: Sequence[Vector], score: NDArray[np.float32] | None) -> Scores:
    """score: None where the cosine itself is the deciding score."""
    rows, columns = np.triu_indices(len(samples), 1)
    stacked = np.stack(vectors)
    cosine = (stacked @ stacked.T)[rows, columns]
    owners = np.unique([sample.owner for sample in samples], return_inverse=True)[1]
    return Scores(samples, cosine if score is None else score, cosine, owners[rows] == owners[columns], rows, columns)


def report(name: str, scores: Scores, hardness: float) -> None:
    """Print how well curves fitted without a fold describe that fold."""
    folds = np.array([sample.fold for sample in scores.samples])
    first, second = folds[scores.rows], folds[scores.columns]
    print(f"\n{name}: {scores.mated.sum():,} mated, {(~scores.mated).sum():,} non-mated comparisons")
    for fold in np.unique(folds):
        inside, outside = (first == fold) & (second == fold), (first != fold) & (second != fold)
        if not (outside & scores.mated).any():
            continue
        curve = fit_curve(
            scores.score[outside & scores.mated], scores.score[outside & ~scores.mated], hardness, TAIL_SAFETY[name]
        )
        judged = curve(scores.score[inside & scores.mated]), curve(scores.score[inside & ~scores.mated])
        print(f"  fitted without {fold}, judged on it: {judgement(curve, *judged)}")


def judgement(curve: Curve, mated: NDArray[Any], non_mated: NDArray[Any]) -> str:
    """Cllr, and for t = 1, 2, 3 the share of non-mated comparisons whose LR reaches 10^t; 10^-t is the limit."""
    tails = [f"LR≥10^{t} non-mated {np.mean(non_mated >= t):.1e} mated {np.mean(mated >= t):.3f}" for t in (1, 2, 3)]
    return f"cap {curve.log10_lr[-1]:.2f}, Cllr {cllr(mated, non_mated):.3f}; " + "; ".join(tails)


if __name__ == "__main__":
    main()
