"""An issuer of OpenID Connect, asked by the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 9700)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from service.access.domain.identities import Departure, Identity
from service.access.errors import IssuerUnavailable, Unauthenticated
from service.kit.addresses import is_safe
from service.kit.clock import Clock

logger = structlog.get_logger(__name__)
ALGORITHMS = ("RS256", "PS256", "ES256")
"""Of ID tokens. What a token states of itself chooses among these alone: never `none`, never a shared secret."""
KINDS = ("RSA", "EC")
BY_HEADER = "client_secret_basic"
"""How a client shows its secret, unless the issuer states otherwise (OpenID Connect Discovery 1.0, 3)."""
LEEWAY = 60
"""Seconds by which the issuer's clock may differ."""
KEPT_FOR = timedelta(hours=1)
"""The issuer's own description and keys, unless a token names a key that is not among them."""
ASKED_AGAIN_AFTER = timedelta(minutes=1)
SECONDS = 5.0
"""For each answer of the issuer."""
MOST_BYTES = 1_000_000
LONGEST_SUBJECT = 255
"""OpenID Connect Core 1.0, 2."""
MALFORMED = (JoseError, ValueError, TypeError)
"""What joserfc raises of tokens and keys that are not as described."""
REFUSED = "the issuer's answer does not hold; begin again"


@dataclass(frozen=True, slots=True)
class OpenIdClient:
    """What the issuer and this service know of each other. name_claim: empty where no claim names an operator."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scope: str
    name_claim: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the issuer states of itself, and when it was asked."""

    metadata: Mapping[str, Any]
    keys: KeySet
    at: datetime


class OpenIdIssuer:
    """Safe to share between threads. Every method raises IssuerUnavailable."""

    def __init__(self, client: OpenIdClient, clock: Clock) -> None:
        self.client, self._clock = client, clock
        self._guard = Lock()
        self._kept: _Known | None = None

    def where_to(self, one: Departure) -> str:
        """The address at the issuer that the browser is sent to."""
        challenge = hashlib.sha256(one.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uri,
            "scope": self.client.scope,
            "state": one.state,
            "nonce": one.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        endpoint = _endpoint(self._known().metadata, "authorization_endpoint")
        return endpoint + ("&" if "?" in endpoint else "?") + urlencode(asked)

    def identify(self, code: str, stated_issuer: str | None, one: Departure) -> Identity:
        """Who signed in. stated_issuer: `iss` of the answer (RFC 9207). Raises Unauthenticated."""
        known = self._known()
        must_state = known.metadata.get("authorization_response_iss_parameter_supported") is True
        if stated_issuer != self.client.issuer and (must_state or stated_issuer is not None):
            raise _refused("issuer")
        return self._identity(self._exchanged(code, one, known), one, known)

    def _exchanged(self, code: str, one: Departure, known: _Known) -> str:
        """The ID token for a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uri,
            "code_verifier": one.verifier,
        }
        secret, auth = self.client.client_secret, None
        methods = _listed(known.metadata, "token_endpoint_auth_methods_supported") or [BY_HEADER]
        if secret and BY_HEADER in methods:
            auth = (quote(self.client.client_id, safe=""), quote(secret, safe=""))
        else:
            form |= {"client_id": self.client.client_id} | ({"client_secret": secret} if secret else {})
        answer = _asked("POST", _endpoint(known.metadata, "token_endpoint"), data=form, auth=auth)
        if answer.get("error") == "invalid_grant":
            raise _refused("code")
        token = answer.get("id_token")
        if not isinstance(token, str):
            logger.warning("openid.no_token", error=str(answer.get("error"))[:100])
            raise IssuerUnavailable("the issuer gave no ID token")
        return token

    def _identity(self, token: str, one: Departure, known: _Known) -> Identity:
        """Raises Unauthenticated for a token of another issuer, for another client, or of another sign-in."""
        claims = self._signed(token, known)
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self.client.issuer},
            aud={"essential": True, "value": self.client.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise _refused(str(error)) from None
        if not isinstance(nonce := claims.get("nonce"), str) or not hmac.compare_digest(nonce, one.nonce):
            raise _refused("nonce")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.client.client_id) != self.client.client_id:
            raise _refused("azp")
        if len(claims["sub"]) > LONGEST_SUBJECT:
            raise _refused("sub")
        return Identity(self.client.issuer, claims["sub"], self._name(claims), _factors(claims))

    def _signed(self, token: str, known: _Known) -> dict[str, Any]:
        """The claims of a token that the issuer signed."""
        try:
            return jwt.decode(token, known.keys, list(ALGORITHMS)).claims
        except MALFORMED as error:
            first = error
        newer = self._known(ASKED_AGAIN_AFTER)  # the issuer may have changed its keys
        try:
            if newer is known:
                raise first
            return jwt.decode(token, newer.keys, list(ALGORITHMS)).claims
        except MALFORMED as error:
            raise _refused(type(error).__name__) from None

    def _name(self, claims: Mapping[str, Any]) -> str | None:
        """An address counts only if the issuer verified it (OpenID Connect Core 1.0, 5.7)."""
        name = claims.get(self.client.name_claim) if self.client.name_claim else None
        if self.client.name_claim == "email" and claims.get("email_verified") is not True:
            return None
        return name if isinstance(name, str) else None

    def _known(self, kept_for: timedelta = KEPT_FOR) -> _Known:
        with self._guard:
            now = self._clock.now()
            if self._kept is None or now - self._kept.at >= kept_for:
                self._kept = self._ask(now)
            return self._kept

    def _ask(self, now: datetime) -> _Known:
        metadata = _asked("GET", f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != self.client.issuer:
            logger.warning("openid.other_issuer")
            raise IssuerUnavailable("the issuer states another name than JISR_OIDC_ISSUER; they have to be the same")
        return _Known(metadata, _keys(_asked("GET", _endpoint(metadata, "jwks_uri"))), now)


def _factors(claims: Mapping[str, Any]) -> frozenset[str]:
    stated = [*_listed(claims, "amr"), claims.get("acr")]
    return frozenset(one for one in stated if isinstance(one, str))


def _keys(answer: Mapping[str, Any]) -> KeySet:
    """Those that can sign; others of the issuer's do not matter."""
    found = []
    for one in _listed(answer, "keys"):
        if isinstance(one, dict) and one.get("kty") in KINDS and one.get("use", "sig") == "sig":
            try:
                found.append(JWKRegistry.import_key(one))
            except MALFORMED:
                logger.warning("openid.key_ignored")
    return KeySet(found)


def _listed(answer: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = answer.get(name)
    return found if isinstance(found, list) else ()


def _endpoint(metadata: Mapping[str, Any], name: str) -> str:
    url = metadata.get(name)
    if not isinstance(url, str) or not is_safe(url):
        raise IssuerUnavailable(f"the issuer states no {name} by https")
    return url


def _asked(
    method: str, url: str, *, data: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
) -> Mapping[str, Any]:
    """The JSON object of an answer, of a refusal too. Nothing is followed elsewhere."""
    try:
        with (
            httpx.Client(timeout=SECONDS) as client,
            client.stream(method, url, data=data, auth=auth, headers={"Accept": "application/json"}) as answer,
        ):
            content = b""
            for some in answer.iter_bytes():
                content += some
                if len(content) > MOST_BYTES:
                    raise IssuerUnavailable("the issuer's answer is too long")
        if answer.status_code >= 500 or (method == "GET" and not answer.is_success):
            raise IssuerUnavailable(f"the issuer answers with the status {answer.status_code}")
        found = json.loads(content)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        logger.warning("openid.issuer_unavailable", reason=type(error).__name__)
        raise IssuerUnavailable("the issuer does not answer; try again in a moment") from None
    if not isinstance(found, dict):
        raise IssuerUnavailable("the issuer's answer is no JSON object")
    return found


def _refused(why: str) -> Unauthenticated:
    """why: for the log alone, it may help who tries."""
    logger.warning("openid.refused", why=why)
    return Unauthenticated(REFUSED)
