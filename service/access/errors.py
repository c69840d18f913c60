"""What can go wrong before anything is asked of the registry.

NotSignedIn
└── Unauthenticated          no bearer token, an unknown or a revoked one; a password or code that is wrong
Forbidden
└── SignInTooOld             what changes how one signs in is done soon after signing in
Refused
└── PasskeyRefused           an authenticator's answer does not hold
NotFound
├── NoSession                the caller came with a token
├── NoSuchPasskey            the operator has none of this ID
├── NoSuchSession            the operator has none of this ID that lasts
└── NotOffered               this way of signing in is not set up here
Unavailable
├── SignInBusy               as many passwords are being hashed as may be
└── IssuerUnavailable        the issuer of OpenID Connect does not answer, or not as it should
"""

from service.kit.errors import Forbidden, NotFound, NotSignedIn, Refused, Unavailable


class Unauthenticated(NotSignedIn):
    """A bearer token is needed, and this is not one."""


class NoSession(NotFound):
    """The caller has no session that could end."""


class NoSuchPasskey(NotFound):
    """The operator has no passkey of this ID."""


class NoSuchSession(NotFound):
    """The operator has no session of this ID that lasts."""


class SignInTooOld(Forbidden):
    """This is done within some minutes of signing in."""


class PasskeyRefused(Refused):
    """The authenticator's answer does not hold."""


class NotOffered(NotFound):
    """This way of signing in is not set up here."""


class IssuerUnavailable(Unavailable):
    """The issuer of OpenID Connect cannot be asked now; the same request may succeed later."""


class SignInBusy(Unavailable):
    """Others sign in at this moment; the same request may succeed in a second."""
