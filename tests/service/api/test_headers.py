"""Every answer has the headers that keep it safe, whatever it is and whoever gives it; over a real connection."""

import base64
import hashlib
import json
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.access.domain import AccessRole
from service.api import people
from service.bootstrap import App
from tests.service.api.counter import Client
from tests.service.api.serving import closed_after, served

PERSON = "/v1/persons/2345678901"


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: Any) -> Any:
    return warm_http


def assert_safe(answer: HTTPResponse, *, stored: bool = False, by_tls: bool = False) -> None:
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Referrer-Policy") == "no-referrer"
    assert answer.getheader("Server") is None
    policy = answer.getheader("Content-Security-Policy") or ""
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert {answer.getheader(f"Cross-Origin-{one}-Policy") for one in ("Opener", "Resource")} == {"same-origin"}
    years = "max-age=63072000; includeSubDomains"
    assert answer.getheader("Strict-Transport-Security") == (years if by_tls else None)
    assert answer.getheader("Cache-Control") == (None if stored else "no-store")


def test_every_answer_has_them(
    jisr: App, client_as: Callable[[AccessRole], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = client_as(AccessRole.ENROLLER).token
    bearer, json_body = {"Authorization": f"Bearer {token}"}, {"Content-Type": "application/json"}
    asked: list[tuple[int, str, str, dict[str, str]]] = [
        (200, "GET", "/healthz", {}),
        (200, "GET", "/metrics", {}),
        (200, "GET", "/openapi.json", {}),
        (200, "GET", "/docs", {}),
        (401, "GET", PERSON, {}),
        (401, "GET", PERSON, {"Authorization": "Bearer jisr_0"}),
        (403, "GET", "/v1/cases", bearer),
        (404, "GET", PERSON, bearer),
        (404, "GET", "/nowhere", {}),
        (405, "DELETE", PERSON, bearer),
        (422, "POST", "/v1/quality", bearer | json_body),
    ]
    with served(jisr) as service:
        client = service.client()
        for status, method, path, headers in asked:
            client.request(method, path, headers=headers)
            answer = client.getresponse()
            answer.read()
            assert answer.status == status, path
            assert_safe(answer)
        client.request("GET", "/docs/files/swagger-ui.css")
        answer = client.getresponse()
        assert (answer.status, len(answer.read()) > 0) == (200, True)
        assert_safe(answer, stored=True)

        def mistaken(*given: object, **named: object) -> Any:
            raise RuntimeError

        monkeypatch.setattr(people, "read_person", mistaken)
        client.request("GET", PERSON, headers=bearer)
        answer = client.getresponse()
        assert (answer.status, json.loads(answer.read())["type"]) == (500, "/problems/internal")
        assert_safe(answer)
        client.close()


def test_answers_to_what_is_no_request_and_to_too_many_have_them(jisr: App) -> None:
    with served(jisr, wrong_tokens_per_minute=1) as service:
        with service.connect() as strange:
            strange.sendall(b"no request\r\n\r\n")
            answer = HTTPResponse(strange)
            answer.begin()
            assert_safe(answer)
        client = service.client()
        for status in (401, 429):
            client.request("GET", PERSON, headers={"Authorization": "Bearer jisr_0"})
            answer = client.getresponse()
            answer.read()
            assert answer.status == status
            assert_safe(answer)
        client.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that it has signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jisr")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    signed = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    in_pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(in_pem))
    (folder / "key.pem").write_bytes(key.private_bytes(in_pem, *plain))
    return folder / "certificate.pem", folder / "key.pem"


def test_tls_by_settings(jisr: App, tmp_path: Path) -> None:
    public, key = certificate(tmp_path)
    with served(jisr, tls_certificate=public, tls_key=key) as service:
        trusting = ssl.create_default_context(cafile=str(public))
        client = HTTPSConnection("127.0.0.1", service.port, timeout=20, context=trusting)
        client.request("GET", "/healthz")
        answer = client.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"status": "ok"})
        assert_safe(answer, by_tls=True)
        client.close()
        with service.connect() as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: jisr\r\n\r\n")
            assert not plain.recv(4).startswith(b"HTTP")


def test_a_proxy_that_is_trusted_states_that_it_speaks_tls(jisr: App) -> None:
    said = {"X-Forwarded-Proto": "https"}
    for trusted in ("127.0.0.1", ""):
        with served(jisr, trusted_proxies=trusted) as service:
            client = service.client()
            client.request("GET", "/healthz", headers=said)
            answer = client.getresponse()
            answer.read()
            assert_safe(answer, by_tls=bool(trusted))
            client.close()


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_a_handshake_that_does_not_come_to_an_end_is_not_waited_for(jisr: App, tmp_path: Path, begun: bytes) -> None:
    public, key = certificate(tmp_path)
    with served(jisr, tls_certificate=public, tls_key=key, header_seconds=0.5) as service, service.connect() as slow:
        slow.sendall(begun)
        assert 0.3 < closed_after(slow) < 5


def test_no_inline_script_of_another_runs_on_the_page_of_the_api(jisr: App) -> None:
    with served(jisr) as service:
        client = service.client()
        client.request("GET", "/docs")
        answer = client.getresponse()
        page, policy = answer.read().decode(), answer.getheader("Content-Security-Policy") or ""
        client.close()
    scripts = re.search(r"script-src ([^;]*)", policy)
    assert scripts is not None
    (own,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
    assert scripts[1] == f"'self' 'sha256-{digest}'"
