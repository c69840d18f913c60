"""One answer of an issuer of OpenID Connect: JSON over HTTP, within seconds and so many bytes."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import structlog

from service.access.errors import IssuerUnavailable

logger = structlog.get_logger(__name__)
SECONDS = 5.0
"""For a whole answer, from finding the address to its last byte."""
MOST_BYTES = 1_000_000


def answer_of(
    method: str, url: str, *, data: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
) -> Mapping[str, Any]:
    """The JSON object of an answer, of a refusal too. Nothing is followed elsewhere. Raises IssuerUnavailable.

    In a thread without an event loop: only an event loop can end what drips.
    """
    try:
        status, content = asyncio.run(_received(method, url, data, auth))
        if status >= 500 or (method == "GET" and not 200 <= status < 300):
            raise IssuerUnavailable(f"the issuer answers with the status {status}")
        found = json.loads(content)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
        logger.warning("openid.issuer_unavailable", reason=type(error).__name__)
        raise IssuerUnavailable("the issuer does not answer; try again in a moment") from None
    if not isinstance(found, dict):
        raise IssuerUnavailable("the issuer's answer is no JSON object")
    return found


async def _received(
    method: str, url: str, data: Mapping[str, str] | None, auth: tuple[str, str] | None
) -> tuple[int, bytes]:
    """Status and body. Raises TimeoutError, IssuerUnavailable, and what httpx raises."""
    headers = {"Accept": "application/json"}
    async with (
        asyncio.timeout(SECONDS),
        httpx.AsyncClient(timeout=SECONDS) as client,
        client.stream(method, url, data=data, auth=auth, headers=headers) as answer,
    ):
        content = b""
        async for some in answer.aiter_bytes():
            content += some
            if len(content) > MOST_BYTES:
                raise IssuerUnavailable("the issuer's answer is too long")
        return answer.status_code, content
