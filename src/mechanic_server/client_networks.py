"""The networks of clients, by which connections are counted."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

_CLIENT_PREFIX: Final = 64
"""The length of the prefix that one IPv6 client is usually given."""


def network_of(host: str) -> str:
    """Return the client of the address *host*: an IPv4 address or an IPv6 /64 network."""
    address = _parse(host)
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), _CLIENT_PREFIX), strict=False))


def is_in(host: str, networks: Collection[Network]) -> bool:
    """Return whether the address *host* is in one of *networks*."""
    return bool(networks) and any(_parse(host) in network for network in networks)


def _parse(host: str) -> IPv4Address | IPv6Address:
    address = ip_address(host)
    return getattr(address, "ipv4_mapped", None) or address
