"""As much of the FlatBuffers format as reading a TensorFlow Lite network takes."""

import struct

import numpy as np
from numpy.typing import NDArray


class Table:
    """A table; its fields are counted as the schema lists them, and one that is absent is 0 or empty."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content, self._at = content, at

    def number(self, field: int, form: str = "i") -> int:
        """form: of struct: b for a byte, i and I for 32 bits."""
        at = self._place(field)
        return self._read(form, at) if at else 0

    def table(self, field: int) -> "Table":
        return Table(self._content, self._target(self._place(field)))

    def tables(self, field: int) -> list["Table"]:
        starts = range(*self._vector(field, 4))
        return [Table(self._content, self._target(start)) for start in starts]

    def numbers(self, field: int) -> list[int]:
        """Of a list of int32."""
        return [self._read("i", start) for start in range(*self._vector(field, 4))]

    def floats(self, field: int) -> NDArray[np.float32]:
        """Of a list of bytes that holds them, (n,)."""
        start, end, _ = self._vector(field, 1)
        return np.frombuffer(self._content[start:end], "<f4")

    def _read(self, form: str, at: int) -> int:
        return int(struct.unpack_from("<" + form, self._content, at)[0])

    def _target(self, at: int) -> int:
        return at + self._read("I", at)

    def _place(self, field: int) -> int:
        """Where a field's value is; 0 where absent. The layout a table points back to says so."""
        layout = self._at - self._read("i", self._at)
        entry = 4 + 2 * field
        offset = self._read("H", layout + entry) if entry < self._read("H", layout) else 0
        return self._at + offset if offset else 0

    def _vector(self, field: int, size: int) -> tuple[int, int, int]:
        """Start, end and step of a list whose elements have so many bytes."""
        place = self._place(field)
        if not place:
            return 0, 0, size
        at = self._target(place)
        return at + 4, at + 4 + size * self._read("I", at), size


def root(content: bytes) -> Table:
    return Table(content, struct.unpack_from("<I", content)[0])
