"""One process's extractor, comparator and search index behind one name."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from matcher.comparator import Comparator, Comparison
from matcher.errors import CaptureError
from matcher.extractor import Capture, Extractor
from matcher.networks import MODELS
from matcher.parameters import CANDIDATES_RETURNED
from matcher.search_index import SearchIndex
from matcher.types import Candidate, Position, Quality, Template


class Engine:
    """A facade; see Extractor, Comparator and SearchIndex. Raises what these raise."""

    def __init__(self, models: Path = MODELS, threads: int | None = None, *, mapped: bool = False) -> None:
        self._extractor = Extractor(models, threads)
        self._comparator = Comparator(self._extractor.format, models)
        self._index = SearchIndex(self._extractor.format, models, threads, mapped=mapped)

    @property
    def models(self) -> Mapping[str, str]:
        return self._extractor.models

    def model_of(self, position: Position) -> str:
        return self._extractor.model_of(position)

    def check(self, position: Position, content: bytes, dpi: float | None = None) -> None:
        self._extractor.check(position, content, dpi)

    def cut_slap(
        self, content: bytes, part: str, missing: Collection[Position], dpi: float | None = None
    ) -> list[tuple[Position, bytes]]:
        return self._extractor.cut_slap(content, part, missing, dpi)

    def quality(self, capture: Capture) -> Quality:
        return self._extractor.quality(capture)

    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]:
        return self._extractor.extract(captures)

    def warm_up(self) -> None:
        self._comparator.warm_up()

    def compare(self, probe: Sequence[Template], reference: Sequence[Template]) -> Comparison:
        return self._comparator.compare(probe, reference)

    def __len__(self) -> int:
        return len(self._index)

    def add(self, key: int, templates: Sequence[Template]) -> None:
        self._index.add(key, templates)

    def replace(self, key: int, templates: Sequence[Template]) -> None:
        self._index.replace(key, templates)

    def remove(self, key: int) -> None:
        self._index.remove(key)

    def clear(self) -> None:
        self._index.clear()

    def compact(self) -> None:
        self._index.compact()

    def search(
        self, templates: Sequence[Template], limit: int = CANDIDATES_RETURNED, *, any_finger: bool = False
    ) -> list[Candidate]:
        return self._index.search(templates, limit, position_free=any_finger)

    def search_many(
        self, templates_of_many: Sequence[Sequence[Template]], limit: int = CANDIDATES_RETURNED
    ) -> list[list[Candidate]]:
        return self._index.search_many(templates_of_many, limit)

    def save(self, folder: Path, sequence: int) -> None:
        self._index.save(folder, sequence)

    def load(self, folder: Path) -> int | None:
        return self._index.load(folder)
