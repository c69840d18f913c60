"""The evaluation material beside the checkout, which is no part of the project."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"


def evaluation_data(path: str) -> Path:
    """A file or folder of ../shared/data. Skips the test, saying what is missing, where it is absent."""
    wanted = FOLDER / path
    if not wanted.exists():
        pytest.skip(f"evaluation data absent: ../shared/data/{path}")
    return wanted
