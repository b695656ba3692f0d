"""The gzip content coding (RFC 9110, sections 8.4 and 12.5.3)."""

import functools
import zlib
from typing import Final

CODING: Final = "gzip"

MIN_SIZE: Final = 2048
"""Bodies below this many bytes fit in two network packets and are sent uncompressed."""

FASTEST: Final = 1
"""For responses compressed on the fly: 2 KiB of JSON take 30 µs and shrink to a quarter; the
highest level takes up to three times as long for a tenth less."""

SMALLEST: Final = 9
"""For static files, compressed once per process."""

_GZIP_HEADER: Final = 16


def compress(body: bytes, level: int = FASTEST) -> bytes:
    """Return *body* as gzip without a time stamp: equal input gives equal output."""
    return zlib.compress(body, level, wbits=zlib.MAX_WBITS + _GZIP_HEADER)


@functools.lru_cache(maxsize=64)
def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether an `Accept-Encoding` header allows gzip."""
    weights = dict(_parse_weight(part) for part in accept_encoding.lower().split(","))
    return weights.get(CODING, weights.get("*", 0.0)) > 0


def _parse_weight(part: str) -> tuple[str, float]:
    coding, _, parameter = part.partition(";")
    name, _, weight = parameter.partition("=")
    if name.strip() != "q":
        return coding.strip(), 1.0
    try:
        return coding.strip(), float(weight)
    except ValueError:
        return coding.strip(), 0.0
