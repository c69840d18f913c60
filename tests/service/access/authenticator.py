"""An authenticator in software: real keys, attestations and assertions (W3C Web Authentication 3, 6 and 7)."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ES256 = -7


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Held:
    """One passkey."""

    domain: str
    user: bytes
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    count: int = 0

    def sign(self, content: bytes) -> bytes:
        return self.key.sign(content, ec.ECDSA(hashes.SHA256()))

    def public(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        coordinates = {-2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        return cbor2.dumps({1: 2, 3: ES256, -1: 1, **coordinates})


@dataclass
class Authenticator:
    """Behind a browser that shows a page of `origin`. verifies: whether it asks for a finger or a PIN.

    attests: whether it signs what it makes, as `packed` by the passkey itself. counts: whether it counts signatures.
    """

    origin: str
    verifies: bool = True
    attests: bool = False
    counts: bool = True
    held: list[Held] = field(default_factory=list)

    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create` gives."""
        assert {"type": "public-key", "alg": ES256} in options["pubKeyCredParams"]
        known = [decoded(one["id"]) for one in options["excludeCredentials"]]
        assert not [one for one in self.held if one.id in known], "InvalidStateError: it holds one of these already"
        one = Held(options["rp"]["id"], decoded(options["user"]["id"]))
        self.held.append(one)
        data = self._data(one, ATTESTED) + bytes(16) + len(one.id).to_bytes(2) + one.id + one.public()
        client = self._client("webauthn.create", options["challenge"])
        statement = {"alg": ES256, "sig": one.sign(data + hashlib.sha256(client).digest())} if self.attests else {}
        made = {"fmt": "packed" if self.attests else "none", "attStmt": statement, "authData": data}
        return self._credential(one, {"clientDataJSON": client, "attestationObject": cbor2.dumps(made)})

    def get(self, options: Mapping[str, Any], which: int = 0) -> dict[str, Any]:
        """What `navigator.credentials.get` gives."""
        one = [one for one in self.held if one.domain == options["rpId"]][which]
        one.count += self.counts
        data, client = self._data(one), self._client("webauthn.get", options["challenge"])
        answer = {
            "clientDataJSON": client,
            "authenticatorData": data,
            "signature": one.sign(data + hashlib.sha256(client).digest()),
            "userHandle": one.user,
        }
        return self._credential(one, answer)

    def _data(self, one: Held, more: int = 0) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(one.domain.encode()).digest() + bytes([flags]) + one.count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _credential(self, one: Held, response: Mapping[str, bytes]) -> dict[str, Any]:
        return {
            "id": encoded(one.id),
            "rawId": encoded(one.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {name: encoded(content) for name, content in response.items()},
        }
