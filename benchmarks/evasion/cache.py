"""The service's extractor, which checks and extracts each capture once, and keeps what it found for the next run."""

import hashlib
import os
import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import get_ident
from typing import Any, NamedTuple, TypeVar

import matcher
from matcher import MODELS, Capture, CaptureError, CaptureWarning, Extractor, Position, Template, parameters

T = TypeVar("T")
VERSION = "1"
CODE = ("extractor.py", "quality.py", "types.py", "decode")
"""What templates depend on, beside their modality's folder and network."""
COMPARING = {"cylinder_kernels.py", "cylinders.py", "matching.py", "matching_kernels.py", "scoring_kernels.py"}
"""Of the code of fingers, what only compares templates. All else counts, so that new files do."""

Result = Template | CaptureError
Checked = tuple[CaptureWarning, ...] | CaptureError


class Name(NamedTuple):
    """Of a capture. kind: its modality. file: of what was found in it."""

    kind: str
    file: str


class CachedExtractor(Extractor):
    """folder: where results are kept between runs; None: nowhere.

    Results are kept by content, modality and dpi stated, and apart for other networks and other code.
    """

    def __init__(self, folder: Path | None = None, models: Path = MODELS, threads: int | None = None) -> None:
        super().__init__(models, threads)
        self._results: dict[Name, Any] = {}
        self._folders = {kind: folder / f"{kind}-{self._digest(kind)}" for kind in self.models} if folder else {}
        for one in self._folders.values():
            one.mkdir(parents=True, exist_ok=True)

    def check(self, position: Position, content: bytes, dpi: float | None = None) -> tuple[CaptureWarning, ...]:
        name = _name(Capture(position, content, dpi), "-check")
        found: Checked | None = self._found(name)
        if found is None:
            found = self._keep(name, self._checked(position, content, dpi))
        if isinstance(found, CaptureError):
            raise found
        return found

    def _checked(self, position: Position, content: bytes, dpi: float | None) -> Checked:
        try:
            return super().check(position, content, dpi)
        except CaptureError as error:
            return error

    def extract(self, captures: Sequence[Capture]) -> list[Result]:
        named = {_name(one): one for one in captures}
        missing = {name: one for name, one in named.items() if self._found(name) is None}
        for name, result in zip(missing, super().extract(list(missing.values())), strict=True):
            self._keep(name, result)
        return [_at(self._results[_name(one)], one) for one in captures]

    def _found(self, name: Name) -> Any:
        if name not in self._results and self._folders and (file := self._folders[name.kind] / name.file).exists():
            self._results[name] = pickle.loads(file.read_bytes())
        return self._results.get(name)

    def _keep(self, name: Name, result: T) -> T:
        self._results[name] = result
        if self._folders:
            partial = self._folders[name.kind] / f"{name.file}.{os.getpid()}.{get_ident()}"
            partial.write_bytes(pickle.dumps(result))
            partial.replace(partial.with_name(name.file))
        return result

    def _digest(self, kind: str) -> str:
        """Of the network, of all code that turns a capture into a template, and of the parameters that it names."""
        root = Path(matcher.__file__).parent
        files = [file for part in (*CODE, kind) for file in sorted((root / part).rglob("*.py")) or [root / part]]
        code = "".join(file.read_text() for file in files if file.name not in COMPARING)
        named = {name: value for name, value in vars(parameters).items() if name.isupper() and name in code}
        return hashlib.sha256(f"{VERSION} {self.models[kind]} {named} {code}".encode()).hexdigest()[:16]


def _name(capture: Capture, suffix: str = "") -> Name:
    file = f"{hashlib.sha256(capture.content).hexdigest()}-{capture.dpi}{suffix}"
    return Name("finger" if capture.position.is_finger else "face", file)


def _at(result: Result, capture: Capture) -> Result:
    return replace(result, position=capture.position) if isinstance(result, Template) else result
