"""Codes of an authenticator app (TOTP, RFC 6238)."""

import hmac
from datetime import datetime

from pyotp import TOTP, random_base32

from service.access.domain.operators import TOTP_SECONDS

ISSUER = "Jisr"


def new_totp_secret() -> str:
    """160 random bits, in base32."""
    return random_base32()


def totp_uri(secret: str, name: str) -> str:
    """What an authenticator app reads, usually as a QR code."""
    return TOTP(secret, interval=TOTP_SECONDS).provisioning_uri(name=name, issuer_name=ISSUER)


def step_of(code: str, secret: str, now: datetime, after: int) -> int | None:
    """The step that a code is of: the present one or a neighbour, and later than `after`. None where it is of none."""
    totp = TOTP(secret, interval=TOTP_SECONDS)
    present = int(now.timestamp()) // TOTP_SECONDS
    for step in (present, present - 1, present + 1):
        if step > after and hmac.compare_digest(totp.generate_otp(step).encode(), code.strip().encode()):
            return step
    return None
