"""Who an issuer of OpenID Connect states that somebody is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """issuer and subject: who it is. name: by which an operator is found the first time; None where the
    issuer does not vouch for one. factors: what the issuer states of how they signed in there (`amr` and `acr`).
    """

    issuer: str
    subject: str
    name: str | None
    factors: frozenset[str]


@dataclass(frozen=True, slots=True)
class Departure:
    """What one sign-in is recognised by when it comes back. verifier: of PKCE (RFC 7636)."""

    state: str
    nonce: str
    verifier: str
