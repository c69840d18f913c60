"""What can go wrong with the audit.

NotFound
└── NoSuchEntry              no entry has this place

Unavailable
└── CheckpointsBroken        checkpoints exist, and the key that signs them is missing

StorageError
└── FeedDown                 the target of the feed does not take entries; they are sent again later
"""

from service.kit.errors import NotFound, StorageError, Unavailable


class NoSuchEntry(NotFound):
    """No entry of the audit has this place."""


class CheckpointsBroken(Unavailable):
    """Checkpoints exist, and the key that signs them is missing."""


class FeedDown(StorageError):
    """The target of the audit's feed does not take entries."""
