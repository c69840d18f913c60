"""The networks of `models/manifest.toml`, opened only if their bytes have the hash that the manifest states."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from matcher.errors import ModelAltered, ModelMissing

MODELS = Path(__file__).resolve().parent.parent / "models"
"""Folder of the manifest, in a checkout and in the container."""

Shape = list[int | str]


@dataclass(frozen=True, slots=True)
class Source:
    """A file inside a published archive. kind: sdist, wheel or npm."""

    package: str
    kind: str
    sha256: str
    path: str
    file_sha256: str


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One `[[model]]` of the manifest. derive: the recipe that made `file` from the source, or None.

    settings: what the code that runs this kind of model must know about it (scaling, colour order).
    """

    name: str
    kind: str
    title: str
    file: str
    sha256: str
    licence: str
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    source: Source | None = None
    derive: str | None = None
    settings: Mapping[str, Any] | None = None


class Network:
    """One loaded network. Calls may come from several threads at once."""

    def __init__(self, entry: ModelEntry, content: bytes, threads: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it never shrinks: one print of 90 mm left 5 GB in it
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.entry = entry
        self._session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        _check_names(entry, self._session)

    def __call__(self, **inputs: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        """Run once. Inputs and results have the names and shapes of the manifest."""
        names = list(self.entry.outputs)
        return dict(zip(names, self._session.run(names, inputs), strict=True))


def read_manifest(models: Path = MODELS) -> dict[str, ModelEntry]:
    """The manifest's entries by name."""
    with (models / "manifest.toml").open("rb") as file:
        rows = tomllib.load(file)["model"]
    entries = [ModelEntry(**{**row, "source": Source(**row["source"]) if "source" in row else None}) for row in rows]
    return {entry.name: entry for entry in entries}


def read_checked(entry: ModelEntry, models: Path = MODELS) -> bytes:
    """The model's bytes. Raises ModelMissing or ModelAltered, naming the model and its file."""
    path = models / entry.file
    if not path.is_file():
        raise ModelMissing(f"model {entry.name!r} is missing: {path}; `python -m scripts.fetch_models` fetches it")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise ModelAltered(
            f"model {entry.name!r} is altered: {path} has SHA-256 {found}, the manifest states {entry.sha256}"
        )
    return content


def open_network(name: str, *, threads: int = 1, models: Path = MODELS) -> Network:
    """Check and load one network. threads: used by one call; callers that run several calls at once pass 1."""
    entry = read_manifest(models)[name]
    return Network(entry, read_checked(entry, models), threads)


def _check_names(entry: ModelEntry, session: ort.InferenceSession) -> None:
    has = {value.name for value in session.get_inputs()}, {value.name for value in session.get_outputs()}
    if has[0] != set(entry.inputs) or not has[1] >= set(entry.outputs):
        raise ModelAltered(f"model {entry.name!r} has inputs and outputs {has}, not those of the manifest")
