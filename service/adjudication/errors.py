"""What can go wrong about a case.

Refused
├── UnknownSurvivor          a survivor that the case does not name
└── NoCandidates             same_person, where the subject resembles no one
Conflict
└── CaseClosed               already decided
NotFound
└── NoSuchCase
"""

from service.kit.errors import Conflict, NotFound, Refused


class UnknownSurvivor(Refused):
    """The survivor must be a person of the case."""


class NoCandidates(Refused):
    """The case has no candidate who could be the subject."""


class CaseClosed(Conflict):
    """The case has already been decided."""


class NoSuchCase(NotFound):
    """No case has this ID."""
