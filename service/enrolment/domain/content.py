"""What makes two posts the same post.

A counter that was not answered sends again, perhaps after an upgrade on either side. The hash is therefore of what was
meant, not of the bytes: instants are compared in UTC, exceptions and captures have no order, and a field that has its
default is left out, so that a field added later changes no hash of a client that does not use it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from service.enrolment.domain.enrolments import EnrolCommand, SentCapture
from service.kit.canonical import canonical

VERSION = "1"
"""Raise it if the form below must ever change; hashes of other versions are then compared by their own form."""


def content_hash(command: EnrolCommand, captures: Sequence[SentCapture]) -> str:
    """`VERSION:` and the SHA-256, in hexadecimal, over everything sent."""
    meant = {
        "command": replace(command, exceptions=()),
        "exceptions": frozenset(command.exceptions),
        "captures": {one.position: one for one in captures},
    }
    return f"{VERSION}:{hashlib.sha256(canonical(meant)).hexdigest()}"
