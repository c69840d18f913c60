"""An enrolment counter and an operator's desk, as the tests play them."""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.captures import capture

FIRST = {"face": "obama.jpg", "right_index": "p1_1.png"}
AGAIN = {"face": "obama2.jpg", "right_index": "p1_2.png"}
SECOND = {"face": "biden.jpg", "right_index": "p2_1.png"}


_paths: dict[str, Any] = {}
"""Of the OpenAPI document, the same for every service; asked for once, as making it takes a second."""


def enrolment(**changes: Any) -> dict[str, Any]:
    """A complete enrolment part; `changes` replace its fields, and None removes one."""
    whole = {
        "id": str(uuid.uuid4()),
        "site": "djibouti-1",
        "device": "counter-3",
        "captured_at": "2025-01-15T09:30:00+03:00",
        "consent": {"given": True, "reference": "form 12"},
        "person": {"names": [{"script": "Latn", "full": "Amina Hassan"}], "sex": "female", "birth_date": "1990-02-01"},
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


@dataclass(frozen=True)
class Client:
    """Speaks to the service with one token."""

    http: httpx2.Client
    token: str

    def call(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        """Send a request; whatever comes back must be declared in the OpenAPI document."""
        headers = {"Authorization": f"Bearer {self.token}"} | arguments.pop("headers", {})
        answer = self.http.request(method, path, headers=headers, **arguments)
        assert_declared(self.http, method, path, answer.status_code)
        return answer

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post_enrolment(
        self, part: dict[str, Any], captures: Mapping[str, bytes | str], wait: float = 60
    ) -> httpx2.Response:
        return self.call(
            "POST", "/v1/enrolments", params={"wait": wait}, files=files(captures, enrolment=json_of(part))
        )

    def enrol(self, shots: Mapping[str, bytes | str], **changes: Any) -> Any:
        """Enrol and wait for the outcome."""
        answer = self.post_enrolment(enrolment(**changes), shots)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def add_captures(self, number: str, shots: Mapping[str, bytes | str], **changes: Any) -> httpx2.Response:
        """Add captures to a person and wait for the outcome."""
        part = json_of(enrolment(**{"person": None, **changes}))
        path = f"/v1/persons/{number}/captures"
        return self.call("POST", path, params={"wait": 60}, files=files(shots, enrolment=part))

    def decide(self, case: str, decision: str, **more: Any) -> httpx2.Response:
        sent = {"decision": decision, "reason": "compared both portraits", **more}
        return self.call("POST", f"/v1/cases/{case}/decision", json=sent)


def assert_declared(http: httpx2.Client, method: str, path: str, status: int) -> None:
    if not _paths:
        _paths.update(http.get("/openapi.json").json()["paths"])
    for pattern, methods in _paths.items():
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), path.split("?")[0]) and method.lower() in methods:
            assert str(status) in methods[method.lower()]["responses"], f"{method} {pattern} answered {status}"


def files(captures: Mapping[str, bytes | str], **parts: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Multipart files: captures by position, each bytes or the name of a capture of the tests'."""
    sent = [(name, (f"{name}.json", content, "application/json")) for name, content in parts.items()]
    for position, content in captures.items():
        taken = capture(content) if isinstance(content, str) else content
        sent.append((position, (position, taken, "application/octet-stream")))
    return sent


def json_of(part: Any) -> bytes:
    return json.dumps(part).encode()
