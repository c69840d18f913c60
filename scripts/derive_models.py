"""Recipes that turn a network's file as shipped into the one we load. Same input and versions, same bytes."""

from collections.abc import Callable

import onnx
from onnx import ModelProto

from scripts.fold_constants import fold_constants
from scripts.free_size import free_size
from scripts.leader import rebuild_leader
from scripts.mobilefacenet import rebuild_mobilefacenet
from scripts.spell_out_prelu import spell_out_prelu

Recipe = Callable[[bytes], ModelProto]


def _of_onnx(*changes: Callable[[ModelProto], ModelProto]) -> Recipe:
    """From a file in ONNX, by these changes in turn."""

    def derive(content: bytes) -> ModelProto:
        model = onnx.load_model_from_string(content)
        for change in changes:
            model = change(model)
        return model

    return derive


RECIPES: dict[str, Recipe] = {
    "quick_sface": _of_onnx(fold_constants, spell_out_prelu),
    "free_size": _of_onnx(free_size),
    "rebuild_leader": _of_onnx(rebuild_leader),
    "rebuild_mobilefacenet": lambda content: spell_out_prelu(rebuild_mobilefacenet(content)),
}
"""By the name that models/manifest.toml gives as `derive`."""
