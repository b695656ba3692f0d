"""The client's address and scheme, from `X-Forwarded-*` of trusted proxies only."""

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
"""Headers that show that a request came through a proxy."""

_SITE: Final = 64
"""An IPv6 client has a whole /64 network of addresses."""


@final
class ClientAddresses:
    """Finds the client behind trusted proxies."""

    def __init__(self, trusted: Iterable[str]) -> None:
        """Trust proxies in the networks *trusted*."""
        self._trusted = tuple(ipaddress.ip_network(one, strict=False) for one in trusted)

    def network(self, req: Request) -> str:
        """Return what rate limits count by: an IPv4 address, or an IPv6 /64 network."""
        return _rate_limit_key(self._address(req))

    def is_secure(self, req: Request) -> bool:
        """Return whether the client used HTTPS."""
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
            if not self._trusts(address) or parse_address(hop.strip()) is None:
                break
            address = hop.strip()
        return address

    def _trusts(self, address: str) -> bool:
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


def is_local(req: Request) -> bool:
    """Return whether a request comes from this machine and through no proxy."""
    peer = parse_address(req.env.get("REMOTE_ADDR", ""))
    return peer is not None and peer.is_loopback and not any(name in req.env for name in _FORWARDED)


@functools.lru_cache(maxsize=4096)
def parse_address(address: str) -> Address | None:
    """Return the address, an IPv4-mapped IPv6 address as IPv4; None if it is malformed."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


@functools.lru_cache(maxsize=4096)
def _rate_limit_key(address: str) -> str:
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _SITE), strict=False))
    return str(parsed or address)
