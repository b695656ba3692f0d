"""Cursors: where a walk through a list stands, sealed so that nobody bends it."""

import base64
import hmac
import struct
from typing import Final, final

from mechanic_core.errors import Problem, RuleBroken

_KEY: Final = struct.Struct(">q")
_SEAL_BYTES: Final = 16
"""So many that with the key they fill up base64's groups of three: a cursor needs no padding."""


@final
class Cursors:
    """Seals the key of a list's last item with HMAC-SHA256, for one list and one reader.

    The seal covers the *scope*: the list's route and filters, and whose list it is. So a
    cursor is good for nothing else.
    """

    def __init__(self, secret: bytes) -> None:
        """Derive the key, so that nothing else signed with *secret* passes for a cursor."""
        self._secret = hmac.digest(secret, b"mechanic-shop cursor 1", "sha256")

    def seal(self, scope: bytes, last: int) -> str:
        """Return the cursor that continues behind the item with key *last*."""
        key = _KEY.pack(last)
        seal = hmac.digest(self._secret, key + scope, "sha256")[:_SEAL_BYTES]
        return base64.urlsafe_b64encode(key + seal).decode()

    def open(self, scope: bytes, cursor: str) -> int:
        """Return the key that *cursor* continues behind; raise `RuleBroken` if it isn't ours."""
        last = _key_in(cursor)
        # The texts are compared, not their bytes: base64 has several texts for the same bytes.
        if last is None or not hmac.compare_digest(cursor, self.seal(scope, last)):
            raise RuleBroken(Problem("", "is not a cursor of this list", parameter="cursor"))
        return last


def _key_in(cursor: str) -> int | None:
    """Return the key that *cursor* names, sealed or not; None for what names none."""
    try:
        (last,) = _KEY.unpack_from(base64.urlsafe_b64decode(cursor))
    except (ValueError, struct.error):
        return None
    return int(last)
