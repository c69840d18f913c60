"""The list of cards that count no more, as counters without network carry it: signed, so that nobody shortens it."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.registry.errors import CardNotGenuine


@dataclass(frozen=True, slots=True)
class RevokedCards:
    """at: when the list was made. serials: in order."""

    at: datetime
    serials: tuple[str, ...]

    def statement(self) -> str:
        """The text that is signed."""
        return f"revoked cards:{self.at.isoformat()}:{','.join(self.serials)}"

    def written(self, signature: str, public_key: str) -> str:
        kept = {"at": self.at.isoformat(), "revoked": self.serials, "public_key": public_key, "signature": signature}
        return json.dumps(kept, indent=1) + "\n"


def read_revoked(text: str, public_keys: Collection[str]) -> RevokedCards:
    """Raises CardNotGenuine for a list that none of these keys signed as it stands."""
    try:
        kept = json.loads(text)
        found = RevokedCards(datetime.fromisoformat(kept["at"]), tuple(map(str, kept["revoked"])))
        key, signature = str(kept["public_key"]), bytes.fromhex(kept["signature"])
        if key not in public_keys:
            raise CardNotGenuine("the list of revoked cards was signed by another key")
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, found.statement().encode())
    except InvalidSignature:
        raise CardNotGenuine("the list of revoked cards was altered") from None
    except (ValueError, KeyError, TypeError):
        raise CardNotGenuine("this is no list of revoked cards") from None
    return found
