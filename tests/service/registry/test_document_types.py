"""Types of documents from a file, and the settings that facts are checked by."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.registry.domain.documents import DOCUMENT_TYPES, DocumentType, document_types_in, normalised
from service.settings import Settings


def test_types_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "types.toml"
    file.write_text('[ration_card]\npattern = "[0-9]{6}"\n')
    rules = Settings(home=tmp_path, document_types=file, phone_region="MA").fact_rules
    assert rules.document_types == {"ration_card": DocumentType("[0-9]{6}")}
    assert rules.phone_region == "MA"
    assert Settings(home=tmp_path).fact_rules.document_types is DOCUMENT_TYPES


@pytest.mark.parametrize(
    "text",
    ["", "[Ration]\npattern = 'x'", "[a]\n", "[a]\npattern = 3", "[a]\npattern = '['", "[a]\npattern='x'\nmore=1", "["],
)
def test_a_file_that_is_not_as_described_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        document_types_in(text)


def test_settings_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for wrong in ({"phone_region": "XX"}, {"document_types": tmp_path / "missing.toml"}):
        with pytest.raises(ValidationError):
            Settings(home=tmp_path, **wrong)


def test_numbers_are_compared_without_what_stands_between() -> None:
    assert normalised(" a-12 / 345 ") == normalised("Ａ١٢۳45") == "A12345"
