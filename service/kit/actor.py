"""Who acts: every use case is told, and what it records names them."""

import getpass
import os
import uuid
from dataclasses import dataclass

OWNER = "owner"
"""The role of commands: they run as the user of the machine who owns the home folder, whom no token restricts."""


@dataclass(frozen=True, slots=True)
class Area:
    """Several sites under one name. sites: those of now; perhaps none, and then nothing is there for the actor."""

    name: str
    sites: frozenset[str]


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program behind one call of a use case.

    id: `token:my-counter`, `system:worker`, `user:` and a login of the machine; never the name of a person enrolled.
    role: what it acts as: a token's role, `system` or `owner`. site: where, None where it is bound to none. channel:
    the door it came through. request_id: of the request, as answered and logged. device: the one that enrolments must
    name, None where it is bound to none. people_of: the sites whose people it may see, None where it may see everyone.
    address: of the network, where the request came from one. area: in place of a site.
    """

    id: str
    role: str
    site: str | None
    channel: str
    request_id: str
    device: str | None = None
    people_of: frozenset[str] | None = None
    address: str | None = None
    area: Area | None = None

    @property
    def sites(self) -> frozenset[str] | None:
        """Those whose enrolments, cases and findings are there for the actor; None: all. Bounds every read."""
        if self.area is not None:
            return self.area.sites
        return None if self.site is None else frozenset({self.site})

    @property
    def place(self) -> str | None:
        """What it is bound to, in a word."""
        return self.site if self.area is None else f"area {self.area.name}"

    def reaches(self, site: str | None) -> bool:
        """Whether what is of this site is there for the actor; what is of none, only for those bound to none."""
        return self.sites is None or site in self.sites


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
