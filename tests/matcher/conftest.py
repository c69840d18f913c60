"""What the tests of the matcher share: one extractor, and real templates of two people."""

import pytest

from matcher import Capture, Extractor, Position, Template
from tests.captures import capture


@pytest.fixture(scope="session")
def extractor() -> Extractor:
    return Extractor()


def templates(extractor: Extractor, face: str, index: str) -> list[Template]:
    captures = [Capture(Position.FACE, capture(face)), Capture(Position.RIGHT_INDEX, capture(index))]
    return [template for template in extractor.extract(captures) if isinstance(template, Template)]


@pytest.fixture(scope="session")
def first(extractor: Extractor) -> list[Template]:
    """One person's face and finger."""
    return templates(extractor, "obama.jpg", "p1_1.png")


@pytest.fixture(scope="session")
def again(extractor: Extractor) -> list[Template]:
    """Other captures of the same."""
    return templates(extractor, "obama2.jpg", "p1_2.png")


@pytest.fixture(scope="session")
def second(extractor: Extractor) -> list[Template]:
    """Another person's."""
    return templates(extractor, "biden.jpg", "p2_1.png")
