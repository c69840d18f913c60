from pathlib import Path

import pytest

from service.storage.unit import SqlStorage
from tests.service.audit.noted import Audit


@pytest.fixture
def audit(storage: SqlStorage, tmp_path: Path) -> Audit:
    return Audit(storage, tmp_path / "audit")
