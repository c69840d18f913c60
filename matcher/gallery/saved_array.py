"""Arrays as the bytes that NumPy's own files have, whole and in pieces."""

from __future__ import annotations

from io import BytesIO
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from matcher.gallery.sealed_file import Content, Pieces

LONGEST_HEADER = 2**14
"""Bytes; the header of an array is shorter, padded or not."""
_PARSING = Lock()
"""NumPy has Python parse a header. In threads that load at once this ended in a SystemError of Python 3.11.7."""
_START = 10
"""Bytes before the text of a header: magic, version, and the text's length in two bytes."""


def pieces_of(rows: NDArray[Any], header: int = 0) -> Pieces:
    """What `np.save` writes, without a copy. header: bytes of the header, padded; 0: as many as it has."""
    rows = np.ascontiguousarray(rows)
    start = BytesIO()
    np.lib.format.write_array_header_1_0(start, np.lib.format.header_data_from_array_1_0(rows))
    stated = start.getvalue()
    text = stated[_START:-1].ljust(header - _START - 1) + b"\n"
    padded = stated[: _START - 2] + len(text).to_bytes(2, "little") + text
    return [memoryview(padded), rows.reshape(-1).view(np.uint8).data]


def header_of(start: Content) -> tuple[int, tuple[int, ...], DTypeLike]:
    """Bytes of the header of such a file, and the array's shape and dtype. start: of the file, as far as the header."""
    stream = BytesIO(start[:LONGEST_HEADER].tobytes())
    with _PARSING:
        np.lib.format.read_magic(stream)
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream, max_header_size=LONGEST_HEADER)
    return stream.tell(), shape, dtype


def array_in(content: Content) -> NDArray[Any]:
    """The array of such a file, as a view of its bytes."""
    start, shape, dtype = header_of(content)
    return content[start:].view(dtype).reshape(shape)
