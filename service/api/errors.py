"""What can go wrong before a request reaches the registry.

Refused
└── Malformed                not as described; every field that is wrong is named
TooLarge
└── RequestTooLarge          more bytes than are read
TooSlow
└── RequestTooSlow           its bytes do not come
Unavailable
├── NotReady                 the service cannot answer yet
└── Overloaded               other requests hold all there is of memory, threads or connections
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.kit.errors import Refused, TooLarge, TooSlow, Unavailable


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to correct. field: where, in dotted notation. code: stable. detail: a sentence."""

    field: str
    code: str
    detail: str


class Malformed(Refused):
    """The request is not as described."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{one.field}: {one.detail}" for one in errors), errors[0].field)
        self.errors = errors


class RequestTooLarge(TooLarge):
    """The request has more bytes than are read."""


class RequestTooSlow(TooSlow):
    """The request's bytes do not come."""


class Overloaded(Unavailable):
    """The service is busy with other requests; the same request may succeed in a moment."""


class NotReady(Unavailable):
    """The service cannot answer yet."""
