"""Content negotiation by `Accept` (RFC 9110, section 12.5.1): responses are JSON."""

import functools

from falcon import mediatypes


@functools.lru_cache(maxsize=256)
def accepts_json(accept: str) -> bool:
    """Return whether an `Accept` header allows JSON; a malformed one counts as missing."""
    try:
        return mediatypes.quality("application/json", accept) > 0
    except ValueError:
        return True
