"""What can go wrong in a registry's own terms. The HTTP status of each is the API's business.

JisrError
├── Refused                      the request cannot be taken as it is; names the field
│   ├── MalformedRequest         a part of the enrolment is missing or not as described
│   ├── UnknownPosition          a capture named after no position
│   ├── RepeatedPosition         two captures of one position
│   ├── ContradictedException    a position both captured and declared impossible
│   ├── NothingToEnrol           neither a capture nor an exception
│   ├── UnknownHousehold         a registry ID that was never issued
│   ├── MalformedHousehold       neither a UUID nor a registry ID with right check digits
│   ├── CaptureRefused           the matcher cannot use a capture; see `reason`
│   ├── UnknownSurvivor          a survivor that the case does not name
│   └── NothingToCompare         no position in common, or none given
├── CapturesRefused              one or several captures, each with its reason
├── Conflict
│   ├── EnrolmentDiffers         the same enrolment UUID with other content
│   ├── CaseClosed               already decided
│   └── NotGivenUp               only what failed can be tried again
└── NotFound
    ├── NoSuchEnrolment
    ├── NoSuchPerson
    ├── NoSuchHousehold
    └── NoSuchCase
"""

from collections.abc import Sequence


class JisrError(Exception):
    """Something the registry cannot do."""


class Refused(JisrError):
    """The request cannot be taken as it is. field: the part of the request to mend."""

    def __init__(self, detail: str, field: str) -> None:
        super().__init__(detail)
        self.field = field


class MalformedRequest(Refused):
    """A part of the request is missing or not as described."""


class UnknownPosition(Refused):
    """A capture is named after no known position."""


class RepeatedPosition(Refused):
    """One position was captured twice."""


class ContradictedException(Refused):
    """A position is both captured and declared impossible to capture."""


class NothingToEnrol(Refused):
    """Neither a capture nor an exception was given."""


class UnknownHousehold(Refused):
    """No household has this registry ID."""


class MalformedHousehold(Refused):
    """A household is named by a UUID of the client or by its registry ID."""


class CaptureRefused(Refused):
    """A capture cannot be used. reason: a stable code, `no_face`."""

    def __init__(self, detail: str, field: str, reason: str) -> None:
        super().__init__(detail, field)
        self.reason = reason


class CapturesRefused(JisrError):
    """Several captures cannot be used."""

    def __init__(self, refused: Sequence[CaptureRefused]) -> None:
        super().__init__("; ".join(f"{one.field}: {one}" for one in refused))
        self.refused = refused


class UnknownSurvivor(Refused):
    """The survivor must be a person of the case."""


class NothingToCompare(Refused):
    """The captures share no position with what they are compared to."""


class Conflict(JisrError):
    """The request contradicts what is already recorded."""


class EnrolmentDiffers(Conflict):
    """This enrolment UUID was already used with other content."""


class CaseClosed(Conflict):
    """The case has already been decided."""


class NotGivenUp(Conflict):
    """Only an enrolment whose processing failed can be tried again."""


class NotFound(JisrError):
    """There is nothing under this name."""


class NoSuchEnrolment(NotFound):
    """No enrolment has this UUID."""


class NoSuchPerson(NotFound):
    """No person has this number."""


class NoSuchHousehold(NotFound):
    """No household has this ID."""


class NoSuchCase(NotFound):
    """No case has this ID."""
