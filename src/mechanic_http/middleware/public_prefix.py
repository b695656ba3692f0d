"""The path prefix that a proxy removes from the path of a request: configured, or forwarded.

Every address that is answered begins with it, so that it leads back through the proxy.
"""

import functools
import re
from typing import Final, final

from falcon import Response

from mechanic_http.context import ShopRequest
from mechanic_http.middleware.client_address import ClientAddresses

MAX_LENGTH: Final = 200

_PREFIX: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)+")


@final
class PublicPrefix:
    """Puts the prefix of each request on its context.

    It is that of `X-Forwarded-Prefix`, if a trusted proxy sets one, or else the configured one.
    """

    def __init__(self, root_path: str, clients: ClientAddresses) -> None:
        """Take *root_path* where no proxy that *clients* trusts sets another."""
        self._root_path = root_path
        self._clients = clients

    def process_request(self, req: ShopRequest, _: Response) -> None:
        """Set the prefix."""
        env, prefix = req.env, self._root_path
        forwarded = env.get("HTTP_X_FORWARDED_PREFIX")
        if forwarded is not None and self._clients.is_proxy(env.get("REMOTE_ADDR", "")):
            prefix = _last_prefix(forwarded, prefix)
        req.context.prefix = prefix


def read_prefix(text: str) -> str:
    """Return a prefix without a final slash; "" for ``/``. Raises `ValueError` for any other text.

    Its segments have unreserved characters only (RFC 3986, section 2.3), so that it is the same
    in a header, in HTML and in JSON, and never begins with ``//``, which would be another host.
    """
    prefix = text.removesuffix("/")
    if prefix and (len(prefix) > MAX_LENGTH or not _PREFIX.fullmatch(prefix)):
        raise ValueError(text)
    return prefix


@functools.lru_cache(maxsize=64)
def _last_prefix(header: str, default: str) -> str:
    """Return the prefix that the proxy nearest to the shop has appended, if it is one."""
    try:
        return read_prefix(header.rpartition(",")[2].strip())
    except ValueError:
        return default
