"""Passwords in URLs: masked wherever a URL may be shown."""

import re
from typing import Final
from urllib.parse import unquote_plus

_MASK: Final = "***"

_SECRET_NAME: Final = re.compile(
    r"password|passwd|secret|token|credential|scram_(client|server)_key", re.IGNORECASE
)
"""The names of query parameters whose values are never shown: libpq's, redis-py's and others'."""


_SHOWN: Final = frozenset(
    (
        *("host", "hostaddr", "port", "dbname", "user", "username", "db", "service", "passfile"),
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding", "connect_timeout"),
        *("target_session_attrs", "load_balance_hosts", "application_name", "client_encoding"),
        *("ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname"),
        *("socket_timeout", "socket_connect_timeout", "max_connections", "protocol", "timeout"),
        "starttls",
    )
)
"""The parameters that are shown: any other may be a secret under a misspelt name."""

_EXAMPLE: Final = "PASSWORD"
"""Stands for a password in messages that say what a URL must be."""


def mask_url(url: str) -> str:
    """Return *url* with the password in its user information and secrets in its query masked."""
    masked = "&".join(map(_mask_secret, url.split("&")))
    scheme, slashes, rest = masked.partition("://")
    place, mark, query = _mask_user_information(rest).partition("?")
    if slashes and mark:
        query = "&".join(map(_mask_unknown, query.split("&")))
    return f"{scheme}{slashes}{place}{mark}{query}"


def mask_urls(text: str) -> str:
    """Return *text*, a message or a traceback, with every URL in it masked."""
    return re.sub(r"\S+", lambda word: mask_url(word[0]), text)


def is_secret_parameter(name: str) -> bool:
    """Return whether the value of a query parameter with this *name* is a secret."""
    return bool(_SECRET_NAME.search(name))


def _mask_user_information(rest: str) -> str:
    """Mask what is between the first colon and the last "@": parsers differ about what is inside."""
    user_information, at, place = rest.rpartition("@")
    name, colon, password = user_information.partition(":")
    if not (at and colon) or "/" in name or password == _EXAMPLE:
        return rest
    return f"{name}:{_MASK}@{place}"


def _mask_unknown(parameter: str) -> str:
    """Mask the value of a parameter unless it is known to be harmless."""
    name, equals, _ = parameter.partition("=")
    return f"{name}={_MASK}" if equals and name not in _SHOWN else parameter


def _mask_secret(part: str) -> str:
    """Mask the value of the first parameter in *part* that is a secret."""
    start = 0
    for piece in part.split("?"):
        name, equals, _ = piece.partition("=")
        if equals and is_secret_parameter(unquote_plus(name)):
            return f"{part[:start]}{name}={_MASK}"
        start += len(piece) + 1
    return part
