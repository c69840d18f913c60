"""Addresses of the network, and whom they are counted as."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

LONGEST = 64
"""Characters kept of what is no address."""
IPV6_BITS = 64
"""Of an IPv6 address: one customer has as many addresses as they like below it (RFC 6177)."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
WIDE_BITS = {4: 16, 6: 32}
"""What one provider typically has, by version."""


def network(address: str) -> str:
    """Whom an address is counted as: itself, or its network where it is of IPv6."""
    found = _read(address)
    if found is None:
        return address[:LONGEST]
    return str(ip_network((found, IPV6_BITS), strict=False)) if isinstance(found, IPv6Address) else str(found)


def wide_network(address: str) -> str:
    """The same, for when there are too many to tell apart: all of a provider's are one."""
    found = _read(address)
    return "" if found is None else str(ip_network((found, WIDE_BITS[found.version]), strict=False))


def is_safe(url: str) -> bool:
    """Whether what is sent there goes by TLS, or stays on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return (parts.scheme == "https" and bool(host)) or (parts.scheme == "http" and host in LOOPBACK)


def _read(address: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address that is written as one of IPv6 is the former."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
