"""A small issuer of OpenID Connect that really runs: an HTTP server with a key of its own, which can be told to lie."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "jisr", "the issuer's & ours"
Change = Callable[[dict[str, Any]], None]


def rsa() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})


@dataclass
class LocalIssuer:
    """Who signs in is `person`: the claims of the next ID token besides those that are always there.

    method: how the client has to show who it is. change: alters the claims of the next token. sign: makes the token of
    them, where it is not to be as it should.
    """

    url: str
    key: RSAKey | ECKey = field(default_factory=rsa)
    person: Mapping[str, Any] = field(default_factory=dict)
    method: str = "client_secret_basic"
    change: Change | None = None
    sign: Callable[[dict[str, Any]], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    keys_shown: list[dict[str, Any]] | None = None
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        } | self.metadata

    def keys(self) -> dict[str, Any]:
        mine = [self.key.as_dict(private=False) | {"use": "sig"}]
        return {"keys": mine if self.keys_shown is None else self.keys_shown}

    def authorize(self, query: Mapping[str, str]) -> str:
        """Where the browser is sent back to: somebody signed in at once."""
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = dict(query)
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})

    def token(self, form: Mapping[str, str], authorization: str | None) -> tuple[int, dict[str, Any]]:
        secret = base64.b64encode(f"{CLIENT_ID}:the%20issuer%27s%20%26%20ours".encode()).decode()
        stated = (authorization, form.get("client_id"), form.get("client_secret"))
        if (
            stated
            != {
                "client_secret_basic": (f"Basic {secret}", None, None),
                "client_secret_post": (None, CLIENT_ID, CLIENT_SECRET),
                "none": (None, CLIENT_ID, None),
            }[self.method]
        ):
            return 401, {"error": "invalid_client"}
        query = self.codes.pop(form["code"], None)
        if query is None or query["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if challenge.rstrip("=") != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token(query["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "sub": "s1", "iat": now, "exp": now + 60, "nonce": nonce}
        claims |= self.person
        if self.change is not None:
            self.change(claims)
        return self.signed(claims) if self.sign is None else self.sign(claims)

    def signed(self, claims: dict[str, Any], key: RSAKey | ECKey | None = None) -> str:
        key = key or self.key
        algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
        return jwt.encode({"alg": algorithm, "kid": self.key.kid}, claims, key, [algorithm])


@contextmanager
def local_issuer() -> Iterator[LocalIssuer]:
    """Runs for as long as the block."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.issuer = LocalIssuer(f"http://localhost:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield handler.issuer  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    issuer: LocalIssuer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.issuer.asked.append(parts.path)
        if parts.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("Location", self.issuer.authorize(query))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        pages = {"/.well-known/openid-configuration": self.issuer.described, "/keys": self.issuer.keys}
        page = pages.get(parts.path)
        self._answer(404, {}) if page is None else self._answer(200, page())

    def do_POST(self) -> None:
        self.issuer.asked.append(self.path)
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self._answer(*self.issuer.token(form, self.headers["Authorization"]))

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Keeps the tests' output clean."""
