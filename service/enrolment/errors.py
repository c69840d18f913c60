"""What can go wrong when an enrolment is received.

Refused
├── UnknownPosition          a capture named after no position
├── RepeatedPosition         two captures of one position
├── ContradictedException    a position both captured and declared impossible
├── NothingToEnrol           neither a capture nor an exception
├── OtherSite                a site that is not the one the sender is bound to
├── OtherDevice              a device that is not the one the sender is bound to
├── CaptureRefused           the matcher cannot use a capture; see `reason`
└── CapturesRefused          one or several of these, each with its reason
Conflict
├── EnrolmentDiffers         the same enrolment UUID with other content
└── NotGivenUp               only what failed can be processed again
TooMany
└── QueueFull                as many enrolments wait as may
NotFound
└── NoSuchEnrolment
Gone
└── EnrolmentErased          its UUID is not used again
"""

from collections.abc import Sequence

from service.kit.errors import Conflict, Gone, NotFound, Refused, TooMany


class UnknownPosition(Refused):
    """A capture is named after no known position."""


class RepeatedPosition(Refused):
    """One position was captured twice."""


class ContradictedException(Refused):
    """A position is both captured and declared impossible to capture."""


class NothingToEnrol(Refused):
    """Neither a capture nor an exception was given."""


class OtherSite(Refused):
    """The sender is bound to another site."""


class OtherDevice(Refused):
    """The sender is bound to another device."""


class CaptureRefused(Refused):
    """A capture cannot be used. reason: a stable code, `no_face`."""

    def __init__(self, detail: str, field: str, reason: str) -> None:
        super().__init__(detail, field)
        self.reason = reason


class CapturesRefused(Refused):
    """Captures cannot be used. refused: each of them, one or more."""

    def __init__(self, refused: Sequence[CaptureRefused]) -> None:
        super().__init__("; ".join(f"{one.field}: {one}" for one in refused), refused[0].field)
        self.refused = refused


class EnrolmentDiffers(Conflict):
    """This enrolment UUID was already used with other content."""


class NotGivenUp(Conflict):
    """Only an enrolment whose processing failed can be processed again."""


class QueueFull(TooMany):
    """As many enrolments wait for their outcome as may; send this one again later."""


class NoSuchEnrolment(NotFound):
    """No enrolment has this UUID."""


class EnrolmentErased(Gone):
    """The enrolment that had this UUID was erased."""
