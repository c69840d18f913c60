"""What can go wrong about tasks.

Refused
├── OutcomeUnfit             an outcome that tasks of this kind do not have, or `other` without words
└── OwnerUnknown             no operator, role or site of this name
Conflict
└── TaskClosed
NotFound
└── NoSuchTask
"""

from service.kit.errors import Conflict, NotFound, Refused


class OutcomeUnfit(Refused):
    """A task of this kind does not end so."""


class OwnerUnknown(Refused):
    """A task can be given to an operator, a role or a site that there is."""


class TaskClosed(Conflict):
    """The task is closed."""


class NoSuchTask(NotFound):
    """No task has this ID."""
