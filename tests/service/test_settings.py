"""Settings that contradict each other are refused, with their names."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import Settings


def test_keys_are_in_one_place(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="give only one of JISR_KEY, JISR_PKCS11_MODULE"):
        Settings.model_validate({"key": "x", "pkcs11_module": tmp_path})
    file = Settings(home=tmp_path, key_file=tmp_path / "elsewhere")
    assert (file.key_path, file.place_of_keys) == (tmp_path / "elsewhere", str(tmp_path / "elsewhere"))
    token = Settings(home=tmp_path, pkcs11_module=Path("/m.so"))
    assert (token.key_path, token.place_of_keys) == (None, "the token jisr of /m.so")
