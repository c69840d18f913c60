"""How often a token may be used, and how often an address may try tokens that are none.

Counted in this process's memory, by GCRA: a minute's worth at once, then evenly. Several processes count for
themselves, so that N of them let N times as many through. A right token is never refused for an address's wrong ones,
but a password is: it can be guessed.
"""

import math
from datetime import timedelta

from throttled import MemoryStore, RateLimiterType, Throttled
from throttled.rate_limiter import per_duration

from service.api.errors import TooManyRequests, TooManyWrongTokens
from service.kit.addresses import network

REMEMBERED = 20_000
"""Tokens, and addresses, whose counts are kept; beyond, those used least recently are forgotten."""
BEGINS = 120
"""Sign-ins per minute that may be begun from one address, where a whole office may sit behind one."""


class RateLimits:
    """Per minute: requests per token, and wrong tokens per address. 0: any number."""

    def __init__(self, requests: int, wrong_tokens: int) -> None:
        self._requests, self._wrong, self._begins = _limit(requests), _limit(wrong_tokens), _limit(BEGINS)

    def count_request(self, actor_id: str) -> None:
        """Raises TooManyRequests."""
        seconds = _over(self._requests, actor_id)
        if seconds:
            raise TooManyRequests("this token is used more often than it may be; ask again later", seconds)

    def count_begin(self, address: str) -> None:
        """A sign-in that is begun by no more than a request. Raises TooManyRequests."""
        seconds = _over(self._begins, network(address))
        if seconds:
            raise TooManyRequests("sign-ins were begun too often from your address; try again later", seconds)

    def require_few_wrong(self, address: str) -> None:
        """Before a password is looked at. Counts nothing. Raises TooManyWrongTokens."""
        found = None if self._wrong is None else self._wrong.peek(network(address))
        if found is not None and found.remaining < 1:
            seconds = max(1, math.ceil(found.retry_after))
            raise TooManyWrongTokens("wrong names, passwords or codes came too often; try again later", seconds)

    def count_wrong_token(self, address: str) -> None:
        """Raises TooManyWrongTokens."""
        seconds = _over(self._wrong, network(address))
        if seconds:
            raise TooManyWrongTokens("tokens that are none were tried too often; a right one works at once", seconds)


def _limit(per_minute: int) -> Throttled | None:
    if per_minute == 0:
        return None
    quota = per_duration(timedelta(minutes=1), per_minute)
    store = MemoryStore(options={"MAX_SIZE": REMEMBERED})
    return Throttled(using=RateLimiterType.GCRA.value, quota=quota, store=store)


def _over(limit: Throttled | None, key: str) -> int:
    """Seconds until this is allowed again; 0 where it is allowed now, and counted."""
    found = None if limit is None else limit.limit(key)
    return max(1, math.ceil(found.state.retry_after)) if found is not None and found.limited else 0
