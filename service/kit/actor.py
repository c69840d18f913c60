"""Who acts: every use case is told, and what it records names them."""

import getpass
import os
import uuid
from dataclasses import dataclass

OWNER = "owner"
"""The role of commands: they run as the user of the machine who owns the home folder, whom no token restricts."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program behind one call of a use case.

    id: `token:my-counter`, `system:worker`, `user:` and a login of the machine; never the name of a person enrolled.
    role: what it acts as: a token's role, `system` or `owner`. site: where, None where it is bound to none. channel:
    the door it came through. request_id: of the request, as answered and logged. device: the one that enrolments must
    name, None where it is bound to none. people_of: the site whose people it may see, None where it may see everyone.
    address: of the network, where the request came from one.
    """

    id: str
    role: str
    site: str | None
    channel: str
    request_id: str
    device: str | None = None
    people_of: str | None = None
    address: str | None = None

    def reaches(self, site: str | None) -> bool:
        """Whether what is of this site is there for the actor; what is of none, only for those bound to none."""
        return self.site is None or self.site == site


def system_actor(name: str, channel: str) -> Actor:
    """A part of Jisr itself, such as its worker."""
    return Actor(f"system:{name}", "system", None, channel, str(uuid.uuid4()))


def command_line_actor() -> Actor:
    """The user of the machine who runs a command."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = str(os.getuid())
    return Actor(f"user:{name}", OWNER, None, "cli", str(uuid.uuid4()))
