"""Templates as bytes, for a database column: with a version and a checksum, read back exactly as they were.

Layout, little-endian: `JT`, version (u8), header length (u32), header (JSON), vector (f4 × d), then for fingers
x, y, direction, quality (f4 × n each) and ending (n bits), at the end the CRC-32 of all bytes before it (u32).
"""

import json
import struct
import zlib
from typing import Any

import numpy as np

from matcher.errors import TemplateDamaged
from matcher.types import Minutiae, Position, Quality, Template

_MAGIC, _VERSION = b"JT", 1
_START = struct.Struct("<2sBI")
_CHECK = struct.Struct("<I")


def template_to_bytes(template: Template) -> bytes:
    """About 4 bytes per dimension, 16 per minutia and 200 for the rest."""
    header = {
        "position": template.position.value,
        "model": template.model,
        "quality": {
            "score": template.quality.score,
            "reasons": list(template.quality.reasons),
            "components": {name: float(value) for name, value in template.quality.components.items()},
        },
        "dimension": len(template.vector),
        "minutiae": None if template.minutiae is None else len(template.minutiae),
    }
    encoded = json.dumps(header, separators=(",", ":")).encode()
    parts = [_START.pack(_MAGIC, _VERSION, len(encoded)), encoded, _floats(template.vector)]
    if template.minutiae is not None:
        found = template.minutiae
        parts += [_floats(column) for column in (found.x, found.y, found.direction, found.quality)]
        parts.append(np.packbits(found.ending).tobytes())
    content = b"".join(parts)
    return content + _CHECK.pack(zlib.crc32(content))


def template_from_bytes(content: bytes) -> Template:
    """The template that `template_to_bytes` packed. Raises TemplateDamaged if the bytes are incomplete or altered."""
    body, check = content[: -_CHECK.size], content[-_CHECK.size :]
    if len(body) < _START.size or _CHECK.pack(zlib.crc32(body)) != check:
        raise TemplateDamaged(f"a template of {len(content)} bytes does not match its checksum")
    magic, version, length = _START.unpack_from(body)
    if (magic, version) != (_MAGIC, _VERSION):
        raise TemplateDamaged(f"a template starts with {magic!r}, version {version}; version {_VERSION} can be read")
    header: dict[str, Any] = json.loads(body[_START.size : _START.size + length])
    quality = header["quality"]
    vector, minutiae = _arrays(body[_START.size + length :], header["dimension"], header["minutiae"])
    return Template(
        position=Position(header["position"]),
        vector=vector,
        quality=Quality(quality["score"], tuple(quality["reasons"]), quality["components"]),
        model=header["model"],
        minutiae=minutiae,
    )


def _arrays(packed: bytes, dimension: int, minutiae: int | None) -> tuple[np.ndarray[Any, Any], Minutiae | None]:
    columns = 0 if minutiae is None else 4 * minutiae
    floats = np.frombuffer(packed, "<f4", dimension + columns).astype(np.float32)
    vector, rest = floats[:dimension], floats[dimension:]
    if minutiae is None:
        return vector, None
    x, y, direction, quality = rest.reshape(4, minutiae)
    bits = np.frombuffer(packed, np.uint8, offset=4 * len(floats))
    ending = np.unpackbits(bits, count=minutiae).astype(np.bool_)
    return vector, Minutiae(x, y, direction, quality, ending)


def _floats(values: np.ndarray[Any, Any]) -> bytes:
    return values.astype("<f4").tobytes()
