"""What can go wrong about a case.

Refused
├── UnknownSurvivor          a survivor that the case does not name
└── NoCandidates             same_person, where the subject resembles no one
Conflict
└── CaseClosed               already decided
Forbidden
└── OwnEnrolment             the case is about someone whom the actor enrolled
NotFound
└── NoSuchCase
"""

from service.kit.errors import Conflict, Forbidden, NotFound, Refused


class UnknownSurvivor(Refused):
    """The survivor must be a person of the case."""


class NoCandidates(Refused):
    """The case has no candidate who could be the subject."""


class CaseClosed(Conflict):
    """The case has already been decided."""


class OwnEnrolment(Forbidden):
    """No one decides about people they enrolled themselves."""


class NoSuchCase(NotFound):
    """No case has this ID."""
