"""The compiled loop of the second look. Imported on first use: Numba takes a second to load."""

# Numba gives the types of compiled functions, which mypy cannot follow.
# mypy: ignore-errors

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def linear_ratios(
    rows, first, positions, faces_before, faces, fingers, scales, has, face_probes, finger_probes, finger_first,
    slopes, offsets, face_scale, out,
):  # fmt: skip
    """Linear log10 LR of the people in `rows`: their best pair of vectors a position, summed over common positions.

    has: bool (11,), the probe's positions; its finger vectors of place p are finger_probes[finger_first[p]:
    finger_first[p + 1]], its faces face_probes. slopes, offsets: float32 (11,). out: float32 (len(rows),).
    """
    for at in range(len(rows)):
        row = rows[at]
        face, finger = faces_before[row], first[row] - faces_before[row]
        total = np.float32(0)
        place, best = -1, np.float32(-2)
        for capture in range(first[row], first[row + 1]):
            if positions[capture] != place:
                if place >= 0 and has[place]:
                    total += slopes[place] * best - offsets[place]
                place, best = positions[capture], np.float32(-2)
            if place == 0:
                if has[0]:
                    for probe in range(len(face_probes)):
                        best = max(best, dot(faces[face], face_probes[probe]) * face_scale)
                face += 1
            else:
                if has[place]:
                    for probe in range(finger_first[place], finger_first[place + 1]):
                        best = max(best, dot(fingers[finger], finger_probes[probe]) * scales[finger])
                finger += 1
        if place >= 0 and has[place]:
            total += slopes[place] * best - offsets[place]
        out[at] = total


@njit(cache=True, nogil=True, fastmath=True)
def dot(packed, probe):
    """Inner product of a packed vector, in its own units, and a float32 one; in any order, so that it vectorises."""
    total = np.float32(0)
    for i in range(len(probe)):
        total += np.float32(packed[i]) * probe[i]
    return total
