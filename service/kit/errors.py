"""What every error of Jisr descends from. Each door gives a base class one status of its own protocol.

JisrError
├── Refused                  the request cannot be taken as it is; names the field to correct
│   └── MalformedRequest     a part of the request is missing or not as described
├── NotSignedIn              the caller is not known
├── Forbidden                the caller is known, and may not do this
├── TooLarge                 more than is read
├── TooMany                  more requests than can be taken at present
├── TooSlow                  did not come in time
├── Conflict                 the request contradicts what is recorded
├── NotFound                 there is nothing under this name
├── Gone                     what was under this name was erased
└── Unavailable              the machine's fault, not the request's: the same request may succeed later
    └── StorageUnavailable
        └── KeysUnusable     the key-encryption key is missing, wrong or readable by others

StorageError                 no answer to a caller: a use case catches it, or it is a mistake of ours
├── AlreadyThere             a value that must be unique is taken
├── NoSuchRow                a key that leads nowhere
├── BlobMissing              no bytes under a name that has a row
├── BlobUnreadable           bytes that cannot be read, while others can
├── BlobAltered              bytes that are not those that were stored
├── SealBroken               sealed bytes that do not open: altered, moved, or their key was destroyed
└── TurnLost                 another process does now what only one may do

NotJson                      no answer to a caller: the reader states which text it is
└── RepeatedName             a name given twice in one object
"""

from collections.abc import Sequence


class JisrError(Exception):
    """Something the registry cannot do."""


class Refused(JisrError):
    """The request cannot be taken as it is. field: the part of the request to correct."""

    def __init__(self, detail: str, field: str) -> None:
        super().__init__(detail)
        self.field = field


class MalformedRequest(Refused):
    """A part of the request is missing or not as described."""


class NotSignedIn(JisrError):
    """The caller is not known."""


class Forbidden(JisrError):
    """The caller's role does not allow this."""


class TooLarge(JisrError):
    """The request has more than is read."""


class TooMany(JisrError):
    """There is more to do than can be taken at present; the same request may succeed later."""


class TooSlow(JisrError):
    """The request did not come in time."""


class Conflict(JisrError):
    """The request contradicts what is already recorded."""


class NotFound(JisrError):
    """There is nothing under this name."""


class Gone(JisrError):
    """What was under this name was erased."""


class Unavailable(JisrError):
    """The service cannot answer now; the same request may succeed later."""


class StorageUnavailable(Unavailable):
    """The database or the captures' folder does not answer, or cannot be written."""


class KeysUnusable(StorageUnavailable):
    """The key-encryption key is missing, is not this registry's, or can be read by others."""


class StorageError(Exception):
    """The database refused a statement."""


class AlreadyThere(StorageError):
    """A value that must be unique was taken by another transaction."""


class NoSuchRow(StorageError):
    """No row has this key."""


class BlobMissing(StorageError):
    """The store has no bytes under this name."""


class BlobUnreadable(StorageError):
    """The bytes under this name cannot be read, though the store answers."""


class BlobAltered(StorageError):
    """The bytes under this name are not those that were stored."""


class SealBroken(StorageError):
    """Sealed bytes do not open: they were altered or moved, or their key was destroyed."""


class TurnLost(StorageError):
    """Another process has taken over what only one may do."""


class NotJson(ValueError):
    """A text is not JSON that has one meaning."""


class RepeatedName(NotJson):
    """One object has two values of one name. path: the names and places that lead to it, from the outermost."""

    def __init__(self, detail: str, path: Sequence[str]) -> None:
        super().__init__(detail)
        self.path = path
