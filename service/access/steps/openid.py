"""An issuer of OpenID Connect, asked by the authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 9700)."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from service.access.domain.identities import Departure, Identity
from service.access.errors import IssuerUnavailable, Unauthenticated
from service.access.steps.issuer_answers import answer_of
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
FAILED_FOR = timedelta(seconds=10)
"""After an issuer did not describe itself, it is not asked to for so long."""
AT_ONCE = 4
"""Sign-ins that wait for the issuer. Further ones are refused: if they waited, they would hold the threads that answer
others."""
LONGEST_SUBJECT = 255
"""OpenID Connect Core 1.0, 2."""
MALFORMED = (JoseError, ValueError, TypeError, KeyError)
"""What joserfc raises of tokens and keys that are not as described; KeyError of a curve that it does not know."""
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
        self._at_once = BoundedSemaphore(AT_ONCE)
        self._kept: _Known | None = None
        self._failed_at: datetime | None = None

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
        endpoint = endpoint_of(self._known().metadata, "authorization_endpoint")
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
        endpoint = endpoint_of(known.metadata, "token_endpoint")
        with self._turn():
            answer = answer_of("POST", endpoint, data=form, auth=auth)
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
        """What is kept, and older than kept_for only where the issuer cannot be asked."""
        kept, now = self._kept, self._clock.now()
        if kept is not None and now - kept.at < kept_for:
            return kept
        try:
            return self._renewed(now)
        except IssuerUnavailable:
            if kept is None:
                raise
            return kept

    def _renewed(self, now: datetime) -> _Known:
        if self._failed_at is not None and now - self._failed_at < FAILED_FOR:
            raise IssuerUnavailable("the issuer did not answer a moment ago; try again in some seconds")
        with self._turn():
            try:
                found = self._ask(now)
            except IssuerUnavailable:
                self._failed_at = self._clock.now()
                raise
        self._kept = found
        return found

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._at_once.acquire(blocking=False):
            raise IssuerUnavailable("others wait for the issuer at this moment; try again in some seconds")
        try:
            yield
        finally:
            self._at_once.release()

    def _ask(self, now: datetime) -> _Known:
        metadata = answer_of("GET", f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != self.client.issuer:
            logger.warning("openid.other_issuer")
            raise IssuerUnavailable("the issuer states another name than JISR_OIDC_ISSUER; they have to be the same")
        return _Known(metadata, _keys(answer_of("GET", endpoint_of(metadata, "jwks_uri"))), now)


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


def endpoint_of(metadata: Mapping[str, Any], name: str) -> str:
    """An address that the issuer states: by TLS, or on this machine where the issuer itself is asked without TLS.

    Raises IssuerUnavailable.
    """
    url, issuer = metadata.get(name), str(metadata.get("issuer"))
    if not isinstance(url, str) or not is_safe(url) or (_by_tls(issuer) and not _by_tls(url)):
        raise IssuerUnavailable(f"the issuer states no {name} by https")
    return url


def _by_tls(url: str) -> bool:
    return url.lower().startswith("https:")


def _refused(why: str) -> Unauthenticated:
    """why: for the log alone, it may help who tries."""
    logger.warning("openid.refused", why=why)
    return Unauthenticated(REFUSED)
