"""What can go wrong when people are searched and compared.

Refused
└── NothingToCompare         neither faces nor fingers in common
Conflict
├── WalkDiffers              a walk that was begun cannot go on under other settings
└── WalkBusy                 another process is walking
NotFound
└── NoSuchWalk
"""

from service.kit.errors import Conflict, NotFound, Refused


class NothingToCompare(Refused):
    """The captures share no position with what they are compared to."""


class WalkDiffers(Conflict):
    """A search of all against all was begun under other settings."""


class WalkBusy(Conflict):
    """Another process is searching all against all."""


class NoSuchWalk(NotFound):
    """No search of all against all has been finished."""
