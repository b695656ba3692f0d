"""Content negotiation by `Accept` (RFC 9110, section 12.5.1): responses are JSON."""

import functools
from typing import Final

from falcon import mediatypes

MAX_ACCEPT: Final = 1024
"""The longest `Accept` header that is read; browsers send up to 200 characters.

The time of Falcon's parser grows with the square of the quotation marks and semicolons.
"""


def accepts_json(accept: str) -> bool:
    """Return whether an `Accept` header allows JSON; a malformed or long one counts as missing."""
    return len(accept) > MAX_ACCEPT or _accepts_json(accept)


@functools.lru_cache(maxsize=256)
def _accepts_json(accept: str) -> bool:
    try:
        return mediatypes.quality("application/json", accept) > 0
    except ValueError:
        return True
