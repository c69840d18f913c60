"""An array that grows at its end, for one writer and any number of readers."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]


class GrowableArray:
    """Rows of one dtype and shape, appended in amortised constant time.

    `rows` is a view of the rows at the moment of asking. Appending never changes such a view: it writes beyond the
    view's end, or into a longer copy.
    """

    def __init__(self, dtype: DTypeLike, width: tuple[int, ...] = (), start: Array | None = None) -> None:
        self._data: Array = np.zeros((0, *width), dtype) if start is None else np.array(start, dtype)
        self._length = len(self._data)

    def __len__(self) -> int:
        return self._length

    @property
    def rows(self) -> Array:
        """Everything appended so far: (n, *width)."""
        return self._data[: self._length]

    def append(self, rows: Array) -> None:
        """Add rows (k, *width) at the end."""
        needed = self._length + len(rows)
        if needed > len(self._data):
            larger = np.zeros((max(needed, 2 * len(self._data), 256), *self._data.shape[1:]), self._data.dtype)
            larger[: self._length] = self.rows
            self._data = larger
        self._data[self._length : needed] = rows
        self._length = needed
