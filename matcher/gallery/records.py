"""What the gallery keeps of people, in columns: exact enough to decide, small enough for a whole country."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from matcher.fuse import modality
from matcher.gallery.quantise import FACE_SCALE, pack_faces, pack_fingers, pack_minutiae, unpack_minutiae
from matcher.gallery.sealed_rows import SealedRows, joined
from matcher.types import Minutiae, Position, Quality, Template, Vector

POSITIONS = tuple(Position)
POSITION_INDEX = {position: index for index, position in enumerate(POSITIONS)}
FACE = POSITION_INDEX[Position.FACE]
"""The least index, so that a person's faces come before the fingers."""
COLD = ("faces", "fingers", "minutiae")
"""Columns that a mapped gallery reads from the disk as they are needed."""
Column = NDArray[Any] | SealedRows

NOT_KEPT = Quality(0)
"""The quality of the gallery's templates: it serves at enrolment only."""


@dataclass(frozen=True, slots=True)
class Records:
    """n people with c captures, f of them faces and g fingers. A person's captures are adjacent, ordered by position.

    keys: int64 (n,). first: int64 (n + 1,), person i has captures first[i] to first[i + 1].
    positions: uint8 (c,), position indexes. faces_before: int64 (n + 1,), number of faces of all people before i.
    faces: int16 (f, d), in units of FACE_SCALE. fingers: int8 (g, d), in units of their scales, float32 (g,).
    minutiae: uint8 (b,); finger j has bytes minutiae_first[j] to minutiae_first[j + 1] (int64 (g + 1,)).
    """

    keys: NDArray[np.int64]
    first: NDArray[np.int64]
    positions: NDArray[np.uint8]
    faces_before: NDArray[np.int64]
    faces: NDArray[np.int16] | SealedRows
    fingers: NDArray[np.int8] | SealedRows
    scales: NDArray[np.float32]
    minutiae: NDArray[np.uint8] | SealedRows
    minutiae_first: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, people: slice) -> Self:
        """A range of people, as views; only the offsets are copied."""
        start, stop, _ = people.indices(len(self))
        captures = slice(self.first[start], self.first[stop])
        faces = slice(self.faces_before[start], self.faces_before[stop])
        fingers = slice(captures.start - faces.start, captures.stop - faces.stop)
        minutiae = slice(self.minutiae_first[fingers.start], self.minutiae_first[fingers.stop])
        return type(self)(
            keys=self.keys[people],
            first=self.first[start : stop + 1] - captures.start,
            positions=self.positions[captures],
            faces_before=self.faces_before[start : stop + 1] - faces.start,
            faces=self.faces[faces],
            fingers=self.fingers[fingers],
            scales=self.scales[fingers],
            minutiae=self.minutiae[minutiae],
            minutiae_first=self.minutiae_first[fingers.start : fingers.stop + 1] - minutiae.start,
        )

    def vectors_of(self, people: NDArray[np.int64], *, faces: bool, fingers: bool) -> tuple[Self, NDArray[np.int64]]:
        """Records whose vectors need not be opened, and the rows of these people there.

        Of sealed vectors those of these people are opened, into records without minutiae. faces, fingers: which are
        wanted; the other column is then empty.
        """
        if not isinstance(self.faces, SealedRows) or not isinstance(self.fingers, SealedRows):
            return self, people
        first, stop = self.first[people], self.first[people + 1]
        first_face, last_face = self.faces_before[people], self.faces_before[people + 1]
        first_finger, last_finger = first - first_face, stop - last_face
        scales = self.scales[joined(first_finger, last_finger)]
        some = type(self)(
            keys=self.keys[people],
            first=_offsets(stop - first),
            positions=self.positions[joined(first, stop)],
            faces_before=_offsets(last_face - first_face),
            faces=self.faces.ranges(first_face, last_face if faces else first_face),
            fingers=self.fingers.ranges(first_finger, last_finger if fingers else first_finger),
            scales=scales,
            minutiae=np.zeros(0, np.uint8),
            minutiae_first=np.zeros(len(scales) + 1, np.int64),
        )
        return some, np.arange(len(people))

    def minutiae_of(self, fingers: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
        """Minutiae that need not be opened, as `minutiae` and `minutiae_first`, and the rows of these fingers there.

        Of sealed minutiae those of these fingers are opened.
        """
        if not isinstance(self.minutiae, SealedRows):
            return self.minutiae, self.minutiae_first, fingers
        first, stop = self.minutiae_first[fingers], self.minutiae_first[fingers + 1]
        return self.minutiae.ranges(first, stop), _offsets(stop - first), np.arange(len(fingers))

    def without(self, gone: NDArray[np.bool_]) -> Self:
        """Everyone keeps their row, but those `gone` (bool (n,)) have key −1 and no captures."""
        kept = np.repeat(~gone, np.diff(self.first))
        is_face = self.positions == FACE
        faces, fingers = kept[is_face], kept[~is_face]
        minutiae = np.diff(self.minutiae_first)
        return type(self)(
            keys=np.where(gone, -1, self.keys),
            first=_offsets(np.where(gone, 0, np.diff(self.first))),
            positions=self.positions[kept],
            faces_before=_offsets(np.where(gone, 0, np.diff(self.faces_before))),
            faces=self.faces[faces],
            fingers=self.fingers[fingers],
            scales=self.scales[fingers],
            minutiae=self.minutiae[np.repeat(fingers, minutiae)],
            minutiae_first=_offsets(minutiae[fingers]),
        )

    @property
    def in_memory(self) -> bool:
        """Whether no column is read from the disk as it is needed."""
        return isinstance(self.faces, np.ndarray) and not isinstance(self.faces, np.memmap)

    @property
    def masks(self) -> NDArray[np.uint16]:
        """The positions of each person: bit p of (n,) is set for a capture of POSITIONS[p]."""
        masks = np.zeros(len(self), np.uint16)
        np.bitwise_or.at(masks, self.owners, np.uint16(1) << self.positions.astype(np.uint16))
        return masks

    @property
    def owners(self) -> NDArray[np.int64]:
        """The row of each capture's person, (c,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    @property
    def face_vectors(self) -> Vector:
        """float32 (f, d)."""
        return np.asarray(self.faces).astype(np.float32) * FACE_SCALE

    @property
    def finger_vectors(self) -> Vector:
        """float32 (g, d)."""
        return np.asarray(self.fingers).astype(np.float32) * self.scales[:, None]

    def templates(self, row: int, models: Mapping[str, str]) -> tuple[Template, ...]:
        """One person's templates, to the precision of the columns. models: by modality; not kept per template."""
        start, stop = self.first[row : row + 2].tolist()
        first_face, last_face = self.faces_before[row : row + 2].tolist()
        faces = [self._face(face) for face in range(first_face, last_face)]
        fingers = [self._finger(finger) for finger in range(start - first_face, stop - last_face)]
        positions = [POSITIONS[index] for index in self.positions[start:stop]]
        return tuple(
            Template(position, vector, NOT_KEPT, models[modality(position)], minutiae)
            for position, (vector, minutiae) in zip(positions, [*faces, *fingers], strict=True)
        )

    def _face(self, row: int) -> tuple[Vector, None]:
        return np.asarray(self.faces[row] * FACE_SCALE, np.float32), None

    def _finger(self, row: int) -> tuple[Vector, Minutiae]:
        packed = np.asarray(self.minutiae[self.minutiae_first[row] : self.minutiae_first[row + 1]])
        return self.fingers[row].astype(np.float32) * self.scales[row], unpack_minutiae(packed)


def records_of(people: Sequence[tuple[int, Sequence[Template]]], dimensions: Mapping[str, int]) -> Records:
    """Pack (key, templates) of many people; each view of a template counts as a capture. dimensions: by modality."""
    views = [[view for one in templates for view in one.views] for _, templates in people]
    by_person = [sorted(theirs, key=lambda one: POSITION_INDEX[one.position]) for theirs in views]
    captures = [one for templates in by_person for one in templates]
    faces = [one for one in captures if not one.position.is_finger]
    fingers = [one for one in captures if one.position.is_finger]
    packed, scales = pack_fingers(_vectors(fingers, dimensions["finger"]))
    minutiae = [pack_minutiae(one.minutiae) for one in fingers if one.minutiae is not None]
    return Records(
        keys=np.array([key for key, _ in people], np.int64),
        first=_offsets([len(templates) for templates in by_person]),
        positions=np.array([POSITION_INDEX[one.position] for one in captures], np.uint8),
        faces_before=_offsets([sum(not one.position.is_finger for one in templates) for templates in by_person]),
        faces=pack_faces(_vectors(faces, dimensions["face"])),
        fingers=packed,
        scales=scales,
        minutiae=np.concatenate([np.zeros(0, np.uint8), *minutiae]),
        minutiae_first=_offsets([len(one) for one in minutiae]),
    )


def columns() -> Iterator[str]:
    """The names of a record's columns."""
    return (field.name for field in fields(Records))


def _vectors(templates: Iterable[Template], dimension: int) -> Vector:
    return np.asarray([one.vector for one in templates], np.float32).reshape(-1, dimension)


def _offsets(lengths: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """0, and the sums of the lengths up to each: int64 (n + 1,)."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
