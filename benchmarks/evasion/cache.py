"""The service's extractor, which extracts each capture once, and keeps what it found for the next run."""

import hashlib
import os
import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import matcher
from matcher import MODELS, Capture, CaptureError, Extractor, Template

VERSION = "1"
CODE = ("extractor.py", "parameters.py", "quality.py", "types.py", "decode", "face", "finger")
"""What templates depend on, beside the networks."""

Result = Template | CaptureError


class CachedExtractor(Extractor):
    """folder: where results are kept between runs; None: nowhere.

    Results are kept by content, kind (face or finger) and dpi stated, and apart for other networks and other code.
    """

    def __init__(self, folder: Path | None = None, models: Path = MODELS, threads: int | None = None) -> None:
        super().__init__(models, threads)
        self._results: dict[str, Result] = {}
        self._folder = folder / f"{VERSION}-{self._digest()}" if folder else None
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)

    def extract(self, captures: Sequence[Capture]) -> list[Result]:
        named = {_name(one): one for one in captures}
        missing = {name: one for name, one in named.items() if self._found(name) is None}
        for name, result in zip(missing, super().extract(list(missing.values())), strict=True):
            self._keep(name, result)
        return [_at(self._results[_name(one)], one) for one in captures]

    def _found(self, name: str) -> Result | None:
        if name not in self._results and self._folder and (file := self._folder / name).exists():
            self._results[name] = pickle.loads(file.read_bytes())
        return self._results.get(name)

    def _keep(self, name: str, result: Result) -> None:
        self._results[name] = result
        if self._folder:
            partial = self._folder / f"{name}.{os.getpid()}"
            partial.write_bytes(pickle.dumps(result))
            partial.replace(self._folder / name)

    def _digest(self) -> str:
        """Of the networks, and of all code that turns a capture into a template."""
        digest = hashlib.sha256(repr(sorted(self.models.items())).encode())
        root = Path(matcher.__file__).parent
        for part in CODE:
            files = sorted((root / part).rglob("*.py")) if (root / part).is_dir() else [root / part]
            for file in files:
                digest.update(file.read_bytes())
        return digest.hexdigest()[:16]


def _name(capture: Capture) -> str:
    kind = "finger" if capture.position.is_finger else "face"
    return f"{hashlib.sha256(capture.content).hexdigest()}-{kind}-{capture.dpi}"


def _at(result: Result, capture: Capture) -> Result:
    return replace(result, position=capture.position) if isinstance(result, Template) else result
