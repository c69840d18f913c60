"""The entry models/mobilefacenet.md offers, read by the code that would use it."""

from pathlib import Path

from matcher.face.embed import DEFAULTS
from matcher.networks import MODELS, read_manifest
from scripts.derive_models import RECIPES


def test_the_entry_of_the_card_can_be_appended_as_it_is(tmp_path: Path) -> None:
    _, entry, _ = (MODELS / "mobilefacenet.md").read_text().split("```")
    (tmp_path / "manifest.toml").write_text((MODELS / "manifest.toml").read_text() + entry.removeprefix("toml"))
    added = read_manifest(tmp_path)
    *own, second = [name for name, model in added.items() if model.kind == "face_embedding"]
    assert (own, second) == (["sface"], "mobilefacenet")
    assert added[second].derive in RECIPES
    assert set(added[second].settings or {}) <= set(DEFAULTS)
