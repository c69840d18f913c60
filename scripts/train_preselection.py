"""Train models/preselection.npz, the codes an empty gallery starts with, on synthetic vectors alone.

    python -m scripts.train_preselection

Fingers: vectors of synthetic prints by models/finger_vector.onnx; run it again whenever that changes. Faces: unit
vectors of uniform direction, since nothing of real faces may be shipped. A gallery that grows trains its own.
"""

import hashlib
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from pathlib import Path

import numpy as np
from rich.progress import track

from matcher.finger.vector import FingerVector
from matcher.gallery.coder import train, untrained, write_coders
from matcher.networks import MODELS
from matcher.parameters import FACE_CODES, FINGER_CODES
from matcher.types import Vector
from scripts.synthetic_minutiae import draw_masters, draw_prints


def synthetic_fingers(count: int, seed: int) -> Vector:
    """float32 (count, d), one impression of each of `count` fingers that do not exist."""
    network, rng = FingerVector(), np.random.default_rng(seed)
    prints = draw_prints(draw_masters(count, rng), rng)
    return np.stack([network(prints.minutiae(row)) for row in track(range(count), "synthetic fingers")])


def main() -> None:
    cli = ArgumentParser(description=__doc__.splitlines()[0], formatter_class=ArgumentDefaultsHelpFormatter)
    cli.add_argument("--fingers", type=int, default=12_000, help="synthetic fingers")
    cli.add_argument("--face-dimension", type=int, default=128, help="of the face embedding")
    cli.add_argument("--seed", type=int, default=7)
    cli.add_argument("--out", type=Path, default=MODELS / "preselection.npz")
    args = cli.parse_args()
    fingers = train(synthetic_fingers(args.fingers, args.seed), FINGER_CODES)
    write_coders(args.out, {"face": untrained(args.face_dimension, FACE_CODES), "finger": fingers})
    print(args.out, hashlib.sha256(args.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
