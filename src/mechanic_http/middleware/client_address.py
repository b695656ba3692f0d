"""Where requests come from, believing only proxies that are trusted."""

import functools
import ipaddress
from collections.abc import Iterable
from typing import Final, TypeAlias, final

from falcon import Request

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORWARDED: Final = (
    *("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"),
    "HTTP_X_REAL_IP",
)
"""What a proxy says of those before it."""

_SITE: Final = 64
"""Whoever has one IPv6 address has all with the same first 64 bits."""


@final
class Clients:
    """Tells the client of a request, looking behind trusted proxies."""

    def __init__(self, trusted: Iterable[str]) -> None:
        """Believe what the networks *trusted* say of those before them."""
        self._trusted = tuple(ipaddress.ip_network(one, strict=False) for one in trusted)

    def network(self, req: Request) -> str:
        """Return what a limit counts by: an IPv4 address, or an IPv6 network of one site."""
        return _counted(self._address(req))

    def is_secure(self, req: Request) -> bool:
        """Return whether the client came over HTTPS."""
        peer: str = req.env.get("REMOTE_ADDR", "")
        if self._trusted and self._trusts(peer):
            forwarded: str | None = req.env.get("HTTP_X_FORWARDED_PROTO")
            if forwarded is not None:
                return forwarded.rpartition(",")[2].strip().lower() == "https"
        return bool(req.env.get("wsgi.url_scheme") == "https")

    def _address(self, req: Request) -> str:
        address: str = req.env.get("REMOTE_ADDR", "")
        if not self._trusted:
            return address
        hops = req.env.get("HTTP_X_FORWARDED_FOR", "").split(",")
        for hop in reversed(hops):
            if not self._trusts(address) or parsed(hop.strip()) is None:
                break
            address = hop.strip()
        return address

    def _trusts(self, address: str) -> bool:
        found = parsed(address)
        return found is not None and any(found in network for network in self._trusted)


def is_local(req: Request) -> bool:
    """Return whether a request came from this machine, and through no proxy that says so."""
    peer = parsed(req.env.get("REMOTE_ADDR", ""))
    return peer is not None and peer.is_loopback and not any(name in req.env for name in _FORWARDED)


@functools.lru_cache(maxsize=4096)
def parsed(address: str) -> Address | None:
    """Return the address, an IPv4 one even where it is written as IPv6; None for none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@functools.lru_cache(maxsize=4096)
def _counted(address: str) -> str:
    found = parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, _SITE), strict=False))
    return str(found or address)
