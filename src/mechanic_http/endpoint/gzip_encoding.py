"""Sending less: which clients take gzip, and what becomes of a body (RFC 9110, section 8.4)."""

import functools
import zlib
from typing import Final

CODING: Final = "gzip"

WORTH_PACKING: Final = 2048
"""So many bytes or more: less goes in two packets as it is, and would still need one packed."""

QUICKLY: Final = 1
"""For what is packed while somebody waits: 2 KiB of JSON take 30 µs and become a quarter; the
highest level takes up to three times as long, for a tenth less."""

THOROUGHLY: Final = 9
"""For what is packed once and kept for as long as the program runs."""

_GZIP_HEADER: Final = 16


def pack(body: bytes, level: int = QUICKLY) -> bytes:
    """Return *body* as gzip; the same bytes every time, for no moment is written into it."""
    return zlib.compress(body, level, wbits=zlib.MAX_WBITS + _GZIP_HEADER)


@functools.lru_cache(maxsize=64)
def takes_gzip(accept_encoding: str) -> bool:
    """Return whether whoever sends *accept_encoding* takes gzip (section 12.5.3)."""
    weights = dict(_weighed(part) for part in accept_encoding.lower().split(","))
    return weights.get(CODING, weights.get("*", 0.0)) > 0


def _weighed(part: str) -> tuple[str, float]:
    coding, _, parameter = part.partition(";")
    name, _, weight = parameter.partition("=")
    if name.strip() != "q":
        return coding.strip(), 1.0
    try:
        return coding.strip(), float(weight)
    except ValueError:
        return coding.strip(), 0.0
