"""What can go wrong before a request reaches the registry.

JisrError
└── RequestError
    ├── Unauthenticated       no bearer token, an unknown or a revoked one
    ├── Forbidden             a token of another role
    ├── RequestTooLarge       more bytes than are read
    ├── Malformed             not as described; every field that is wrong is named
    └── NotReady
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.errors import JisrError


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to mend. field: where, in dotted notation. code: stable. detail: a sentence."""

    field: str
    code: str
    detail: str


class RequestError(JisrError):
    """The request does not reach the registry."""


class Unauthenticated(RequestError):
    """A bearer token is needed, and this is not one."""


class Forbidden(RequestError):
    """The token's role does not allow this."""


class RequestTooLarge(RequestError):
    """The request has more bytes than are read."""


class NotReady(RequestError):
    """The service cannot answer yet."""


class Malformed(RequestError):
    """The request is not as described."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{one.field}: {one.detail}" for one in errors))
        self.errors = errors
