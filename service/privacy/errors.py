"""What can go wrong when people are erased.

Refused
├── NothingToErase           neither a person's number nor an enrolment's UUID
└── NoCertificate            a text that is no certificate of erasure
Conflict
├── CaseOpen                 the person is in a case that no one has decided
└── EnrolmentWaiting         the enrolment has no outcome yet
NotFound
└── NoSuchErasure            the person was not erased
"""

from service.kit.errors import Conflict, NotFound, Refused


class NothingToErase(Refused):
    """A person is named by their number, an enrolment by its UUID."""


class NoCertificate(Refused):
    """A certificate of erasure is a JSON object with statement, signature and public key."""


class CaseOpen(Conflict):
    """The person is in a case that no one has decided: decide it first."""


class EnrolmentWaiting(Conflict):
    """The enrolment has no outcome yet: erase it once it has."""


class NoSuchErasure(NotFound):
    """No one with this number was erased."""
