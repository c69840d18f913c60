"""What can go wrong before a request reaches the registry.

Refused
└── Malformed                not as described; every field that is wrong is named
TooLarge
└── RequestTooLarge          more bytes than are read
TooSlow
└── RequestTooSlow           its bytes do not come
TooMany
└── TooOften                 more per minute than is let through; states when to ask again
    ├── TooManyRequests      with one token
    └── TooManyWrongTokens   from one address, with tokens that are none
Unavailable
├── NotReady                 the service cannot answer yet
└── Overloaded               other requests hold all there is of memory, threads or connections
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.kit.errors import Refused, TooLarge, TooMany, TooSlow, Unavailable

MOST_ERRORS = 50
"""Wrong fields that an answer names. A person corrects no more at once, and a request may have any number."""
LONGEST_FIELD, LONGEST_SENTENCE, LONGEST_DETAIL = 100, 400, 2000
"""Characters. An answer repeats what was sent, such as the name of an unknown field, which may be a megabyte long."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing to correct. field: where, in dotted notation. code: stable. detail: a sentence."""

    field: str
    code: str
    detail: str


class Malformed(Refused):
    """The request is not as described."""

    def __init__(self, errors: Sequence[FieldError], more: int = 0) -> None:
        """errors: one or more; the first of them are named. more: how many there are besides."""
        self.errors = errors[:MOST_ERRORS]
        self.more = more + len(errors) - len(self.errors)
        super().__init__(_joined(self.errors, self.more), errors[0].field)


def shortened(text: str, most: int) -> str:
    """The first `most` characters of what may repeat a client's own text, and all of them can be written as UTF-8."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return cut.encode(errors="replace").decode()


def _joined(errors: Sequence[FieldError], more: int) -> str:
    """As many errors as one sentence has room for, and how many more there are."""
    lines: list[str] = []
    room = LONGEST_DETAIL - 2 * LONGEST_SENTENCE
    for one in errors:
        if room < 0:
            break
        lines.append(f"{shortened(one.field, LONGEST_FIELD)}: {shortened(one.detail, LONGEST_SENTENCE)}")
        room -= len(lines[-1])
    left = more + len(errors) - len(lines)
    return "; ".join(lines) + (f"; and {left:,} more" if left else "")


class RequestTooLarge(TooLarge):
    """The request has more bytes than are read."""


class RequestTooSlow(TooSlow):
    """The request's bytes do not come."""


class TooOften(TooMany):
    """More per minute than is let through. seconds: after which to ask again."""

    def __init__(self, detail: str, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds


class TooManyRequests(TooOften):
    """The token is used more often than it may be."""


class TooManyWrongTokens(TooOften):
    """From this address came too many tokens that are none; a right one is let in all the same."""


class Overloaded(Unavailable):
    """The service is busy with other requests; the same request may succeed in a moment."""


class NotReady(Unavailable):
    """The service cannot answer yet."""
