"""Who acts: every use case is told, and what it records names them."""

import getpass
import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program behind one call of a use case.

    id: `token:my-counter`, `system:worker`; never a person's name. role: what it acts as. site: where, None where it is
    bound to none. channel: the door it came through. request_id: of the request, as answered and logged.
    """

    id: str
    role: str
    site: str | None
    channel: str
    request_id: str


def system_actor(name: str, channel: str) -> Actor:
    """A part of Jisr itself, such as its worker."""
    return Actor(f"system:{name}", "system", None, channel, str(uuid.uuid4()))


def command_line_actor() -> Actor:
    """The user of the machine who runs a command."""
    return Actor(f"user:{getpass.getuser()}", "admin", None, "cli", str(uuid.uuid4()))
