"""What the QR code of a household card holds, and how a counter without network sees that it is genuine.

`JISR1:` and in base45 (RFC 9285), big-endian:

| bytes | what |
| --- | --- |
| 1 | version of this layout, 1 |
| 4 | key ID: the first four bytes of the SHA-256 of the public key |
| 5 | household ID: its ten digits as a number |
| 5 | serial of the card |
| 2 | day of issue: days since 2020-01-01 |
| 1 | bytes of the name |
| up to 60 | the name of the head of household in UTF-8 |
| 64 | signature (Ed25519, RFC 8032) over the text `household card:` and the bytes before in hexadecimal |

At most 142 bytes: 213 letters after the mark, a QR code of version 8 or 9 with error correction M.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.registry.domain import base45
from service.registry.domain.cards import SERIAL_BYTES, serial_bytes, serial_text
from service.registry.domain.identifiers import is_household_id
from service.registry.errors import CardNotGenuine

MARK = "JISR1:"
VERSION = 1
MOST_NAME = 60
"""Bytes: Arabic takes two per letter."""
EPOCH = date(2020, 1, 1)
SIGNATURE, PUBLIC_KEY = 64, 32
"""Bytes."""
_FIXED = 1 + 4 + 5 + SERIAL_BYTES + 2 + 1


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What is on a card. key_id: of the key that signed it, eight hexadecimal digits. name: cut if it was too long."""

    household_id: str
    serial: str
    issued_on: date
    name: str
    key_id: str


def key_id_of(public_key: str) -> str:
    """public_key: 32 bytes in hexadecimal."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:8]


def checked_key(text: str) -> str:
    """The public key of a file, as `jisr card key` prints it, with its ID or without. Raises CardNotGenuine."""
    key = text.split()[0] if text.split() else ""
    try:
        whole = len(bytes.fromhex(key)) == PUBLIC_KEY
    except ValueError:
        whole = False
    if not whole:
        raise CardNotGenuine("this is no public key: one is 64 hexadecimal digits, as `jisr card key` prints it")
    return key


def body_of(facts: CardFacts) -> bytes:
    """What is signed, before the signature."""
    name = _cut(facts.name)
    return b"".join(
        (
            bytes([VERSION]),
            bytes.fromhex(facts.key_id),
            int(facts.household_id[1:]).to_bytes(5, "big"),
            serial_bytes(facts.serial),
            (facts.issued_on - EPOCH).days.to_bytes(2, "big"),
            bytes([len(name)]),
            name,
        )
    )


def statement_of(body: bytes) -> str:
    """The text that is signed: no other signature of the registry is over such a one."""
    return f"household card:{body.hex()}"


def payload_of(body: bytes, signature: bytes) -> str:
    return MARK + base45.encode(body + signature)


def read_payload(text: str, public_keys: Collection[str]) -> CardFacts:
    """The facts of a genuine card. public_keys: in hexadecimal, former ones too. Raises CardNotGenuine."""
    body, signature = _split(text.strip())
    facts = _facts(body)
    known = {key_id_of(one): one for one in public_keys}
    if facts.key_id not in known:
        raise CardNotGenuine(f"the card was signed by the key {facts.key_id}, which is none of the keys given")
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(known[facts.key_id]))
        key.verify(signature, statement_of(body).encode())
    except InvalidSignature:
        raise CardNotGenuine("the signature does not hold: the card was altered or forged") from None
    return facts


def _split(text: str) -> tuple[bytes, bytes]:
    if not text.startswith(MARK):
        raise CardNotGenuine(f"this is no code of a household card: it does not begin with {MARK}")
    try:
        content = base45.decode(text.removeprefix(MARK))
    except ValueError:
        raise CardNotGenuine("the code of the card was not read whole") from None
    if content[:1] != bytes([VERSION]):
        raise CardNotGenuine("the card has another layout: this program is older or newer than the card")
    if len(content) < _FIXED + SIGNATURE or len(content) != _FIXED + content[_FIXED - 1] + SIGNATURE:
        raise CardNotGenuine("the code of the card was not read whole")
    return content[:-SIGNATURE], content[-SIGNATURE:]


def _facts(body: bytes) -> CardFacts:
    household_id = f"M{int.from_bytes(body[5:10], 'big'):010d}"
    try:
        name = body[_FIXED:].decode()
    except UnicodeDecodeError:
        raise CardNotGenuine("the code of the card was not read whole") from None
    if not is_household_id(household_id):
        raise CardNotGenuine("the household ID of the card has wrong check digits: it was altered or forged")
    issued_on = EPOCH + timedelta(days=int.from_bytes(body[15:17], "big"))
    return CardFacts(household_id, serial_text(body[10:15]), issued_on, name, body[1:5].hex())


def _cut(name: str) -> bytes:
    """At most MOST_NAME bytes, between two letters."""
    return name.encode()[:MOST_NAME].decode(errors="ignore").encode()
