"""The compiled loops over records. Imported on first use: Numba takes a second to load.

All release the interpreter lock; none starts threads of its own.
"""

# Numba gives the types of compiled functions, which mypy cannot follow.
# mypy: ignore-errors

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def best_cosines(
    rows, first, positions, faces_before, faces, fingers, scales, column, face_probes, finger_probes, finger_first,
    face_scale, cosines, captures,
):  # fmt: skip
    """Cosines of the best pairs of vectors, of the people in `rows`, by position of the probe.

    column: int64 (11,), the column of a position index, −1 if the probe lacks the position. The probe's finger vectors
    of position index p are finger_probes[finger_first[p]:finger_first[p + 1]], its faces face_probes. Filled in, both
    zeros before: cosines, float32 (len(rows), columns), and captures, int64 of the same shape, a person's captures.
    """
    for at in range(len(rows)):
        row = rows[at]
        face, finger = faces_before[row], first[row] - faces_before[row]
        for capture in range(first[row], first[row + 1]):
            position = positions[capture]
            to = column[position]
            if to >= 0:
                best = np.float32(-2) if captures[at, to] == 0 else cosines[at, to]
                if position == 0:
                    for probe in range(len(face_probes)):
                        best = max(best, dot(faces[face], face_probes[probe]) * face_scale)
                else:
                    for probe in range(finger_first[position], finger_first[position + 1]):
                        best = max(best, dot(fingers[finger], finger_probes[probe]) * scales[finger])
                cosines[at, to] = best
                captures[at, to] += 1
            if position == 0:
                face += 1
            else:
                finger += 1


@njit(cache=True, nogil=True, fastmath=True)
def dot(packed, probe):
    """Inner product of a packed vector, in its own units, and a float32 one; in any order, so that it vectorises."""
    total = np.float32(0)
    for i in range(len(probe)):
        total += np.float32(packed[i]) * probe[i]
    return total


@njit(cache=True, nogil=True)
def fingers_at(rows, start, positions, faces_before, position, fingers, first):
    """Fill `fingers` with all captures of one position (its index), person after person in `rows`; return their number.

    start: the records' `first`. first: int64 (len(rows),), filled with the beginning of each person's captures.
    """
    count = 0
    for at in range(len(rows)):
        row = rows[at]
        first[at] = count
        for capture in range(start[row], start[row + 1]):
            if positions[capture] == position:
                fingers[count] = capture - faces_before[row + 1]  # a person's faces come before the fingers
                count += 1
    return count


@njit(cache=True, nogil=True)
def unpack(minutiae, minutiae_first, fingers, pixel_steps, direction_steps, starts, x, y, direction):
    """Fill x, y (pixels) and direction (radians), float64, with packed minutiae: those of finger i from starts[i] on.

    pixel_steps: steps per pixel. direction_steps: steps per radian. Both float32. As `quantise.unpack_minutiae` does.
    """
    for i in range(len(fingers)):
        begin = minutiae_first[fingers[i]]
        count = (minutiae_first[fingers[i] + 1] - begin) // 7
        for m in range(count):
            to = starts[i] + m
            x[to] = _word(minutiae, begin + 2 * m) / pixel_steps
            y[to] = _word(minutiae, begin + 2 * (count + m)) / pixel_steps
            direction[to] = _word(minutiae, begin + 2 * (2 * count + m)) / direction_steps


@njit(cache=True, nogil=True)
def _word(packed, at):
    return np.float32(np.uint16(packed[at]) | np.uint16(packed[at + 1]) << np.uint16(8))
