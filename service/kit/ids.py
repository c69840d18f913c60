"""Identifiers that the service makes for itself. Numbers that people carry are the registry's."""

import secrets
import time
from uuid import UUID


def new_uuid() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by time of making, so that an index on it stays compact."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return UUID(int=value)
