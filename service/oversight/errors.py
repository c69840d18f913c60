"""What can go wrong about a finding.

Conflict
└── FindingClosed            already closed
NotFound
└── NoSuchFinding
"""

from service.kit.errors import Conflict, NotFound


class FindingClosed(Conflict):
    """The finding has already been closed."""


class NoSuchFinding(NotFound):
    """No finding has this ID."""
