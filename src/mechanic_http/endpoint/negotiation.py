"""Content negotiation by `Accept` (RFC 9110, section 12.5.1): each address has one media type."""

import functools
from typing import Final

from falcon import mediatypes

HTML: Final = "text/html"
PDF: Final = "application/pdf"

MAX_ACCEPT: Final = 1024
"""The longest `Accept` header that is read; browsers send up to 200 characters.

The time of Falcon's parser grows with the square of the quotation marks and semicolons.
"""


def accepts(media_type: str, accept: str) -> bool:
    """Return whether an `Accept` header allows *media_type*; a malformed or long one allows all."""
    return len(accept) > MAX_ACCEPT or _accepts(media_type, accept)


@functools.lru_cache(maxsize=256)
def _accepts(media_type: str, accept: str) -> bool:
    try:
        return mediatypes.quality(media_type, accept) > 0
    except ValueError:
        return True
