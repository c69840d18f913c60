"""What the gallery keeps of people, in columns: exact enough to decide, small enough for a whole country.

Faces decide by their cosine, so their vectors are kept in 16-bit fixed point, exact to 1.5e-5 a number; those of
fingers only say whom to look at, so they are kept in 8 bits with a scale each. Minutiae take 7 bytes each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matcher.fuse import modality
from matcher.parameters import GALLERY_MINUTIAE, GALLERY_PLACES
from matcher.types import Minutiae, Position, Quality, Template, Vector

POSITIONS = tuple(Position)
PLACE = {position: index for index, position in enumerate(POSITIONS)}
FACE = PLACE[Position.FACE]
FACE_SCALE = np.float32(1 / 32767)
TURN = 65536 / (2 * np.pi)
COLD = ("faces", "fingers", "minutiae")
"""Columns that a mapped gallery reads from the disk as they are needed."""

SEEN = Quality(0)
"""A gallery's templates carry no quality: it said at enrolment what it had to say."""


@dataclass(frozen=True, slots=True)
class Records:
    """n people with c captures, f of them faces and g fingers, everyone's captures together and ordered by position.

    keys: int64 (n,). first: int64 (n + 1,), person i has captures first[i] to first[i + 1].
    positions: uint8 (c,), rows of POSITIONS. faces_before: int64 (n + 1,), how many faces people before i have.
    faces: int16 (f, d), in units of FACE_SCALE. fingers: int8 (g, d), in units of their scales, float32 (g,).
    minutiae: uint8 (b,); finger j has bytes minutiae_first[j] to minutiae_first[j + 1] (int64 (g + 1,)).
    """

    keys: NDArray[np.int64]
    first: NDArray[np.int64]
    positions: NDArray[np.uint8]
    faces_before: NDArray[np.int64]
    faces: NDArray[np.int16]
    fingers: NDArray[np.int8]
    scales: NDArray[np.float32]
    minutiae: NDArray[np.uint8]
    minutiae_first: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, rows: slice) -> Self:
        """People start to stop, as views but for the offsets."""
        start, stop, _ = rows.indices(len(self))
        captures = slice(self.first[start], self.first[stop])
        faces = slice(self.faces_before[start], self.faces_before[stop])
        fingers = slice(captures.start - faces.start, captures.stop - faces.stop)
        bytes_first = self.minutiae_first[fingers.start : fingers.stop + 1]
        return type(self)(
            self.keys[rows],
            self.first[start : stop + 1] - captures.start,
            self.positions[captures],
            self.faces_before[start : stop + 1] - faces.start,
            self.faces[faces],
            self.fingers[fingers],
            self.scales[fingers],
            self.minutiae[bytes_first[0] : bytes_first[-1]],
            bytes_first - bytes_first[0],
        )

    @property
    def masks(self) -> NDArray[np.uint16]:
        """Who has which positions: bit p of (n,) is POSITIONS[p]."""
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
        return self.faces.astype(np.float32) * FACE_SCALE

    @property
    def finger_vectors(self) -> Vector:
        """float32 (g, d)."""
        return self.fingers.astype(np.float32) * self.scales[:, None]

    def without(self, gone: NDArray[np.bool_]) -> Self:
        """Everyone keeps their row, but those `gone` (bool (n,)) have key −1 and no captures."""
        kept = np.repeat(~gone, np.diff(self.first))
        is_face = self.positions == FACE
        finger_kept = kept[~is_face]
        lengths = np.diff(self.minutiae_first)
        return type(self)(
            np.where(gone, -1, self.keys),
            np.concatenate([[0], np.cumsum(np.where(gone, 0, np.diff(self.first)))]),
            self.positions[kept],
            np.concatenate([[0], np.cumsum(np.where(gone, 0, np.diff(self.faces_before)))]),
            self.faces[kept[is_face]],
            self.fingers[finger_kept],
            self.scales[finger_kept],
            self.minutiae[np.repeat(finger_kept, lengths)],
            np.concatenate([[0], np.cumsum(lengths[finger_kept])]),
        )

    def _face(self, row: int) -> Vector:
        return np.asarray(self.faces[row] * FACE_SCALE, np.float32)

    def _finger(self, row: int) -> tuple[Vector, Minutiae]:
        packed = self.minutiae[self.minutiae_first[row] : self.minutiae_first[row + 1]]
        return self.fingers[row].astype(np.float32) * self.scales[row], unpack_minutiae(packed)

    def templates(self, row: int, models: Mapping[str, str]) -> tuple[Template, ...]:
        """One person's, as exact as they were kept. models: by modality, for their name."""
        captures = range(int(self.first[row]), int(self.first[row + 1]))
        faces = int(self.faces_before[row])
        finger = captures.start - faces
        result = []
        for capture in captures:
            position = POSITIONS[self.positions[capture]]
            vector, minutiae = self._finger(finger) if position.is_finger else (self._face(faces), None)
            result.append(Template(position, vector, SEEN, models[modality(position)], minutiae))
            finger += position.is_finger
            faces += not position.is_finger
        return tuple(result)


def records_of(people: Sequence[tuple[int, Sequence[Template]]], dimensions: Mapping[str, int]) -> Records:
    """Pack (key, templates) of many people. dimensions: by modality."""
    ordered = [sorted(templates, key=lambda one: PLACE[one.position]) for _, templates in people]
    faces = [one.vector for templates in ordered for one in templates if not one.position.is_finger]
    fingers = [one for templates in ordered for one in templates if one.position.is_finger]
    packed = [pack_minutiae(one.minutiae) for one in fingers if one.minutiae is not None]
    values, scales = pack_fingers(_rows([one.vector for one in fingers], dimensions["finger"]))
    return Records(
        np.array([key for key, _ in people], np.int64),
        _offsets([len(templates) for templates in ordered]),
        np.array([PLACE[one.position] for templates in ordered for one in templates], np.uint8),
        _offsets([sum(not one.position.is_finger for one in templates) for templates in ordered]),
        pack_faces(_rows(faces, dimensions["face"])),
        values,
        scales,
        np.concatenate([np.zeros(0, np.uint8), *packed]),
        _offsets([len(one) for one in packed]),
    )


def pack_faces(vectors: Vector) -> NDArray[np.int16]:
    """Unit vectors (f, d) in units of FACE_SCALE."""
    return np.rint(np.clip(vectors, -1, 1) * 32767).astype(np.int16)


def pack_fingers(vectors: Vector) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Vectors (g, d) in 8 bits, and the scale of each (g,)."""
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0.0), 1e-12) / 127
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def pack_minutiae(found: Minutiae) -> NDArray[np.uint8]:
    """7 bytes each: x and y in 32nds of a pixel up to 2047, direction in 65536ths of a turn, quality in 127ths, ending.

    Of more than GALLERY_MINUTIAE the surest are kept.
    """
    kept = slice(None)
    if len(found) > GALLERY_MINUTIAE:
        kept = np.sort(np.argsort(-found.quality, kind="stable")[:GALLERY_MINUTIAE])  # type: ignore[assignment]
    words = np.stack(
        [
            np.clip(np.rint(found.x[kept] * GALLERY_PLACES), 0, 65535),
            np.clip(np.rint(found.y[kept] * GALLERY_PLACES), 0, 65535),
            np.rint(found.direction[kept] * TURN) % 65536,
        ]
    ).astype("<u2")
    sure = np.rint(np.clip(found.quality[kept], 0, 1) * 127).astype(np.uint8) | (
        found.ending[kept].astype(np.uint8) << 7
    )
    return np.concatenate([words.view(np.uint8).ravel(), sure])


def unpack_minutiae(packed: NDArray[np.uint8]) -> Minutiae:
    """What `pack_minutiae` was given, as exact as it says."""
    count = len(packed) // 7
    x, y, direction = packed[: 6 * count].view("<u2").reshape(3, count).astype(np.float32)
    sure = packed[6 * count :]
    return Minutiae(
        x / np.float32(GALLERY_PLACES),
        y / np.float32(GALLERY_PLACES),
        np.asarray(direction / np.float32(TURN), np.float32),
        (sure & 127).astype(np.float32) / np.float32(127),
        sure >= 128,
    )


def columns() -> Iterator[str]:
    """The names of a record's columns."""
    return (field.name for field in fields(Records))


def _rows(vectors: Sequence[Vector], dimension: int) -> Vector:
    return np.asarray(vectors, np.float32).reshape(-1, dimension)


def _offsets(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
