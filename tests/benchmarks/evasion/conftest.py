"""What several tests of the evasion benchmark use."""

import pytest

from benchmarks.evasion.cache import CachedExtractor


@pytest.fixture(scope="package")
def extractor(tmp_path_factory: pytest.TempPathFactory) -> CachedExtractor:
    return CachedExtractor(tmp_path_factory.mktemp("cache"))
