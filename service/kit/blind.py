"""Blind tokens: what is sealed is found by a keyed hash of it, which tells nobody without the key what it was."""

from collections.abc import Sequence
from typing import Protocol

TOKEN_BYTES = 16
"""Of HMAC-SHA-256, truncated (RFC 2104, 5): among 10^8 texts two share a token with a probability of 10^-23."""


class Blind(Protocol):
    def token(self, purpose: str, text: str) -> bytes:
        """TOKEN_BYTES bytes, the same for the same purpose and text in this registry alone.

        purpose: what the text is, as `document`: tokens of different purposes are not comparable.
        """

    def tokens(self, purpose: str, texts: Sequence[str]) -> list[bytes]:
        """`token` of each, without the cost of setting the key up anew."""
