"""The client's address and scheme, from `X-Forwarded-*` of trusted proxies only."""

import functools
import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, final

from falcon import Request

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORWARDED: Final = (
    *("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"),
    *("HTTP_X_FORWARDED_PREFIX", "HTTP_X_REAL_IP"),
)
"""Headers that show that a request came through a proxy."""

_NETWORK: Final = 64
_SITE: Final = 48
"""An IPv6 client has a whole /64 network of addresses, and often a site of 65,536 networks."""

_HOP: Final = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?|([0-9.]{7,15}):[0-9]{1,5}")
"""An address that some proxies write with its port, `[2001:db8::1]:443` or `192.0.2.1:5678`."""

_LONGEST_HOP: Final = 64
"""More than an address with a port has; what is longer is malformed, and not remembered whole."""

MAX_CACHED_LENGTH: Final = 200
"""A longer `X-Forwarded-For` is read each time, which bounds the memory of the cache."""

_CACHED: Final = 1024


@final
class ClientAddresses:
    """Finds the client behind trusted proxies."""

    cached: Callable[[str, str], tuple[str, ...]]
    """Remembers what `networks` returned; for an `X-Forwarded-For` of `MAX_CACHED_LENGTH` only."""

    def __init__(self, trusted: Iterable[str]) -> None:
        """Trust proxies in the networks *trusted*."""
        self._trusted = tuple(ipaddress.ip_network(one, strict=False) for one in trusted)
        self.cached = functools.lru_cache(_CACHED)(self.networks)

    def is_secure(self, req: Request) -> bool:
        """Return whether the client used HTTPS."""
        peer: str = req.env.get("REMOTE_ADDR", "")
        if self.is_proxy(peer):
            forwarded: str | None = req.env.get("HTTP_X_FORWARDED_PROTO")
            if forwarded is not None:
                return forwarded.rpartition(",")[2].strip().lower() == "https"
        return bool(req.env.get("wsgi.url_scheme") == "https")

    def is_ignored(self, req: Request) -> bool:
        """Return whether the scheme in the request is not believed, since no proxy sent it."""
        peer: str = req.env.get("REMOTE_ADDR", "")
        return "HTTP_X_FORWARDED_PROTO" in req.env and not self.is_proxy(peer)

    def networks(self, peer: str, forwarded_for: str) -> tuple[str, ...]:
        """Return the client's networks, which rate limits count by, the narrowest first.

        They are an IPv4 address, or the /64 and the /48 of an IPv6 address. The arguments are the
        peer and its `X-Forwarded-For`.
        """
        address = self._client(peer, forwarded_for)
        parsed = parse_address(address)
        if isinstance(parsed, ipaddress.IPv6Address):
            lengths = (_NETWORK, _SITE)
            return tuple(
                str(ipaddress.IPv6Network((int(parsed), n), strict=False)) for n in lengths
            )
        return (str(parsed or address),)

    def _client(self, peer: str, forwarded_for: str) -> str:
        """Return the last address that is no trusted proxy."""
        address = peer
        if not self._trusted:
            return address
        for hop in map(_without_port, reversed(forwarded_for.split(","))):
            if not self.is_proxy(address) or parse_address(hop) is None:
                break
            address = hop
        return address

    def is_proxy(self, address: str) -> bool:
        """Return whether *address* is that of a trusted proxy."""
        if not self._trusted:
            return False
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


def _without_port(hop: str) -> str:
    """Return the address in one entry of `X-Forwarded-For`."""
    hop = hop.strip()[:_LONGEST_HOP]
    with_port = _HOP.fullmatch(hop)
    return with_port[1] or with_port[2] if with_port else hop
