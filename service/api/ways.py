"""The ways of signing in that settings offer, besides passwords."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from service.access.errors import NotOffered
from service.access.ports import AccessUnit, Authenticators, Issuer
from service.access.steps.authenticators import RelyingParty
from service.access.steps.openid import OpenIdClient, OpenIdIssuer
from service.access.steps.tickets import Tickets
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.settings import Settings

CALLBACK = "/v1/sessions/oidc/callback"


@dataclass(frozen=True, slots=True)
class SignInWays:
    """issuer, authenticators: None where none are set up. second_factors: what an issuer states that counts as one."""

    tickets: Tickets
    issuer: Issuer | None
    second_factors: Collection[str]
    authenticators: Authenticators | None

    def require_issuer(self) -> Issuer:
        """Raises NotOffered."""
        if self.issuer is None:
            raise NotOffered("nobody signs in by an issuer here: JISR_OIDC_ISSUER is not set")
        return self.issuer

    def require_authenticators(self) -> Authenticators:
        """Raises NotOffered."""
        if self.authenticators is None:
            raise NotOffered("nobody signs in by a passkey here: JISR_PUBLIC_URL is not set")
        return self.authenticators


def ways_of(settings: Settings, storage: Storage[AccessUnit], clock: Clock) -> SignInWays:
    factors = [one.strip() for one in settings.oidc_second_factor.split(",") if one.strip()]
    issuer = OpenIdIssuer(_client(settings), clock) if settings.oidc_issuer else None
    return SignInWays(Tickets(storage, clock), issuer, factors, relying_party(settings))


def relying_party(settings: Settings) -> RelyingParty | None:
    if not settings.public_url:
        return None
    return RelyingParty(settings.passkey_domain or settings.public_host, _origin(settings.public_url))


def _origin(url: str) -> str:
    """As browsers state it: in small letters, without the port that the scheme has anyway."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}[parts.scheme]
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


def _client(settings: Settings) -> OpenIdClient:
    """The redirect URI follows from a setting alone: a request's own Host may be anything."""
    return OpenIdClient(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        settings.public_url.rstrip("/") + CALLBACK,
        settings.oidc_scope,
        settings.oidc_name_claim,
    )


def ways(request: Request) -> SignInWays:
    found = request.app.state.ways
    assert isinstance(found, SignInWays)
    return found


Ways = Annotated[SignInWays, Depends(ways)]
