"""Templates as bytes, for a database column: with a version and a checksum, read back exactly as they were.

Layout, little-endian: `JT`, version (u8), header length (u32), header (JSON), then for each view of the template its
vector (f4 × d) and for fingers x, y, direction, quality (f4 × n each) and ending (n bits), at the end the CRC-32 of all
bytes before it (u32). Version 1 had one view and its header one number of minutiae.
"""

import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from matcher.errors import TemplateDamaged
from matcher.types import Features, Minutiae, Position, Quality, Template, Vector

_MAGIC, _VERSION = b"JT", 2
_START = struct.Struct("<2sBI")
_CHECK = struct.Struct("<I")


def template_to_bytes(template: Template) -> bytes:
    """About 4 bytes per dimension and 16 per minutia, of each view, and 200 for the rest."""
    header = {
        "position": template.position.value,
        "model": template.model,
        "quality": {
            "score": template.quality.score,
            "reasons": list(template.quality.reasons),
            "components": {name: float(value) for name, value in template.quality.components.items()},
        },
        "dimension": len(template.vector),
        "minutiae": [None if view.minutiae is None else len(view.minutiae) for view in template.views],
    }
    encoded = json.dumps(header, separators=(",", ":")).encode()
    views = [_packed(view) for view in template.views]
    content = b"".join([_START.pack(_MAGIC, _VERSION, len(encoded)), encoded, *views])
    return content + _CHECK.pack(zlib.crc32(content))


def template_from_bytes(content: bytes) -> Template:
    """The template that `template_to_bytes` packed. Raises TemplateDamaged if the bytes are incomplete or altered."""
    body, check = content[: -_CHECK.size], content[-_CHECK.size :]
    if len(body) < _START.size or _CHECK.pack(zlib.crc32(body)) != check:
        raise TemplateDamaged(f"a template of {len(content)} bytes does not match its checksum")
    magic, version, length = _START.unpack_from(body)
    if magic != _MAGIC or version not in (1, _VERSION):
        raise TemplateDamaged(f"a template starts with {magic!r}, version {version}; 1 and {_VERSION} can be read")
    header: dict[str, Any] = json.loads(body[_START.size : _START.size + length])
    quality = header["quality"]
    counts: Sequence[int | None] = [header["minutiae"]] if version == 1 else header["minutiae"]
    (vector, minutiae), *further = _views(body[_START.size + length :], header["dimension"], counts)
    enhanced = [Features(vector, minutiae) for vector, minutiae in further if minutiae is not None]
    return Template(
        position=Position(header["position"]),
        vector=vector,
        quality=Quality(quality["score"], tuple(quality["reasons"]), quality["components"]),
        model=header["model"],
        minutiae=minutiae,
        enhanced=enhanced[0] if enhanced else None,
    )


def _packed(view: Template) -> bytes:
    parts, found = [_floats(view.vector)], view.minutiae
    if found is not None:
        parts += [_floats(column) for column in (found.x, found.y, found.direction, found.quality)]
        parts.append(np.packbits(found.ending).tobytes())
    return b"".join(parts)


def _views(packed: bytes, dimension: int, counts: Sequence[int | None]) -> list[tuple[Vector, Minutiae | None]]:
    """counts: of the minutiae of each view."""
    found: list[tuple[Vector, Minutiae | None]] = []
    at = 0
    for count in counts:
        floats = np.frombuffer(packed, "<f4", dimension + 4 * (count or 0), at).astype(np.float32)
        at += 4 * len(floats)
        if count is None:
            found.append((floats, None))
            continue
        x, y, direction, quality = floats[dimension:].reshape(4, count)
        ending = np.unpackbits(np.frombuffer(packed, np.uint8, -(-count // 8), at), count=count).astype(np.bool_)
        at += -(-count // 8)
        found.append((floats[:dimension], Minutiae(x, y, direction, quality, ending)))
    return found


def _floats(values: np.ndarray[Any, Any]) -> bytes:
    return values.astype("<f4").tobytes()
