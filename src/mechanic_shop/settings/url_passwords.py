"""Passwords in URLs: masked wherever a URL may be shown."""

import re
from typing import Final
from urllib.parse import unquote_plus

_MASK: Final = "***"

_SECRET_NAME: Final = re.compile(
    r"password|passwd|secret|token|credential|scram_(client|server)_key", re.IGNORECASE
)
"""The names of query parameters whose values are never shown: libpq's, redis-py's and others'."""


def mask_url(url: str) -> str:
    """Return *url* with the password in its user information and secrets in its query masked."""
    masked = "&".join(map(_mask_parameter, url.split("&")))
    scheme, slashes, rest = masked.partition("://")
    return f"{scheme}{slashes}{_mask_user_information(rest)}"


def mask_urls(text: str) -> str:
    """Return *text*, a message or a traceback, with every URL in it masked."""
    return re.sub(r"\S+", lambda word: mask_url(word[0]), text)


def is_secret_parameter(name: str) -> bool:
    """Return whether the value of a query parameter with this *name* is a secret."""
    return bool(_SECRET_NAME.search(name))


def _mask_user_information(rest: str) -> str:
    """Mask what is between the first colon and the last "@": parsers differ about what is inside."""
    user_information, at, place = rest.rpartition("@")
    name, colon, _ = user_information.partition(":")
    return f"{name}:{_MASK}@{place}" if at and colon and "/" not in name else rest


def _mask_parameter(part: str) -> str:
    """Mask the value of the first parameter in *part* that is a secret."""
    start = 0
    for piece in part.split("?"):
        name, equals, _ = piece.partition("=")
        if equals and is_secret_parameter(unquote_plus(name)):
            return f"{part[:start]}{name}={_MASK}"
        start += len(piece) + 1
    return part
