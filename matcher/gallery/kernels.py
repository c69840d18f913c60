"""The compiled loops over records. Imported on first use: Numba takes a second to load.

All release the interpreter lock; none starts threads of its own.
"""

# Numba gives the types of compiled functions, which mypy cannot follow.
# mypy: ignore-errors

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def best_cosines(
    rows, first, positions, faces_before, faces, fingers, scales, face_probes, finger_probes, owners, face_scale,
    face_cosines, finger_cosines, captures,
):  # fmt: skip
    """Cosines of the best pairs of vectors, of the people in `rows`.

    owners: int64 (k,), which of the probe's p fingers each row of finger_probes (k, d) is a capture of. Filled in:
    face_cosines, float32 (n,), and finger_cosines, float32 (n, p, 10), by finger of the person, both −2 before; and
    captures, int64 (n, 11), the captures of a person by position index, 0 before.
    """
    for at in range(len(rows)):
        row = rows[at]
        face, finger = faces_before[row], first[row] - faces_before[row]
        for capture in range(first[row], first[row + 1]):
            position = positions[capture]
            captures[at, position] += 1
            if position == 0:
                for probe in range(len(face_probes)):
                    cosine = dot(faces[face], face_probes[probe]) * face_scale
                    face_cosines[at] = max(face_cosines[at], cosine)
                face += 1
            else:
                for probe in range(len(finger_probes)):
                    cosine = dot(fingers[finger], finger_probes[probe]) * scales[finger]
                    of, to = owners[probe], position - 1
                    finger_cosines[at, of, to] = max(finger_cosines[at, of, to], cosine)
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
def unpack(minutiae, minutiae_first, fingers, pixel_steps, direction_steps, starts, x, y, direction, quality):
    """Fill x, y (pixels), direction (radians) and quality (in 127ths), float64, with packed minutiae: those of finger i
    from starts[i] on.

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
            quality[to] = minutiae[begin + 6 * count + m] & 127


@njit(cache=True, nogil=True)
def _word(packed, at):
    return np.float32(np.uint16(packed[at]) | np.uint16(packed[at + 1]) << np.uint16(8))
