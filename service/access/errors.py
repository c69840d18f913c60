"""What can go wrong before anything is asked of the registry.

NotSignedIn
└── Unauthenticated          no bearer token, an unknown or a revoked one
"""

from service.kit.errors import NotSignedIn


class Unauthenticated(NotSignedIn):
    """A bearer token is needed, and this is not one."""
