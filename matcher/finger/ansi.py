"""Minutiae records of ANSI INCITS 378, known by their lengths: they begin as those of ISO/IEC 19794-2 do.

They are named and not read: their angles have other units, and few devices still write them.
"""

import struct

_LENGTH = slice(8, 12)
_VERSION = slice(4, 8)
_V2004, _V2009, _V2009_AM1 = b" 20\x00", b"030\x00", b"035\x00"
_HEADER_2004, _HEADER_2009 = 26, struct.Struct(">12xH5xBB")
"""2009: the vendor, which is never 0, the number of views, zero."""
_VIEW, _MINUTIA, _EXTENDED = struct.Struct(">16xB"), 6, struct.Struct(">H")
"""Of 2009. View: its last byte is the number of minutiae. Extended: bytes of extended data, at the end of a view."""


def is_ansi_record(content: bytes) -> bool:
    """Whether a minutiae record is of ANSI INCITS 378-2004, 378-2009 or its amendment. content: begins with FMR, 0."""
    version = content[_VERSION]
    if version == _V2004:
        return _is_of_2004(content)
    return version == _V2009_AM1 or (version == _V2009 and _is_of_2009(content))


def _is_of_2004(content: bytes) -> bool:
    """The length has two bytes, or two zeros and four more, where ISO's has four."""
    short, iso, long = (int.from_bytes(content[8:end]) for end in (10, 12, 14))
    if short:
        return _HEADER_2004 <= short <= len(content)
    return iso < _HEADER_2004 <= long <= len(content)


def _is_of_2009(content: bytes) -> bool:
    """Walked as ANSI's, the views end where the record does."""
    try:
        vendor, views, zero = _HEADER_2009.unpack_from(content)
        if not vendor or not views or zero:
            return False
        at = _HEADER_2009.size
        for _ in range(views):
            at += _VIEW.size + _MINUTIA * _VIEW.unpack_from(content, at)[0]
            at += _EXTENDED.size + _EXTENDED.unpack_from(content, at)[0]
    except struct.error:
        return False
    return at == int.from_bytes(content[_LENGTH]) <= len(content)
