"""Mated searches of a made-up gallery: by all positions of the mate, or by some of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks.made_up_people import BLOCK, MadeUpPeople
from matcher.types import Position, Template

Positions = Sequence[Position]
AMONG = 1_000_000  # mates are drawn from the first people, at most that many, whatever the gallery's size


def _without_face(enrolled: Positions) -> Positions:
    return [position for position in enrolled if position.is_finger]


def _with_face(enrolled: Positions, most: int) -> Positions:
    """The face and some fingers, where there is a face."""
    return enrolled[:most] if Position.FACE in enrolled else ()


def _other(enrolled: Positions, never: Positions) -> Positions:
    """Two of those enrolled, and three of those never enrolled."""
    return (*enrolled[:2], *never[:3]) if len(enrolled) > 1 and len(never) > 2 else ()


# From the positions enrolled and those never enrolled to those of the probe; none where that kind cannot be.
KINDS: Mapping[str, Callable[[Positions, Positions], Positions]] = {
    "whole": lambda enrolled, never: enrolled,
    "face only": lambda enrolled, never: _with_face(enrolled, 1),
    "face and one finger": lambda enrolled, never: _with_face(enrolled, 2) if len(enrolled) > 1 else (),
    "two fingers": lambda enrolled, never: fingers[:2] if len(fingers := _without_face(enrolled)) > 1 else (),
    "fingers only": lambda enrolled, never: _without_face(enrolled),
    "one finger bandaged": lambda enrolled, never: enrolled[:-1],
    "other positions": _other,
}


@dataclass(frozen=True, slots=True)
class Probes:
    """Searches of one kind. mates: int64 (q,), the key of each probe's mate. templates: of each probe."""

    mates: NDArray[np.int64]
    templates: list[list[Template]]

    def first(self, count: int | None) -> "Probes":
        """The first of them; None: all."""
        return Probes(self.mates[:count], self.templates[:count])


def make_probes(people: MadeUpPeople, count: int, seed: int, worse: float, console: Console) -> dict[str, Probes]:
    """The same mates for every kind of probe that their positions allow; a kind that none allows is left out."""
    among = min(people.count, AMONG)
    drawn = np.sort(np.random.default_rng((seed, 4)).choice(among, count, replace=False))
    mates: dict[str, list[int]] = {name: [] for name in KINDS}
    templates: dict[str, list[list[Template]]] = {name: [] for name in KINDS}
    for first in track(np.unique(drawn // BLOCK * BLOCK).tolist(), "probes", console=console):
        block = people.block(first)
        for row in (drawn[drawn // BLOCK * BLOCK == first] - first).tolist():
            enrolled = [position for position, has in zip(people.positions, block.has[row], strict=True) if has]
            never = [position for position in people.positions if position not in enrolled]
            mate = {one.position: one for one in people.mate(block, row, people.positions, worse)}
            for name, part in KINDS.items():
                if positions := part(enrolled, never):
                    mates[name].append(first + row)
                    templates[name].append([mate[position] for position in positions])
    return {name: Probes(np.array(mates[name]), templates[name]) for name in KINDS if mates[name]}
