"""Sending less: which clients take gzip (RFC 9110, section 12.5.3)."""

import functools


@functools.lru_cache(maxsize=64)
def takes_gzip(accept_encoding: str) -> bool:
    """Return whether whoever sends *accept_encoding* takes gzip."""
    weights = dict(_weighed(part) for part in accept_encoding.lower().split(","))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weighed(part: str) -> tuple[str, float]:
    coding, _, parameter = part.partition(";")
    name, _, weight = parameter.partition("=")
    if name.strip() != "q":
        return coding.strip(), 1.0
    try:
        return coding.strip(), float(weight)
    except ValueError:
        return coding.strip(), 0.0
