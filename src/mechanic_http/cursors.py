"""Cursors: where a walk through a list stands, sealed so that nobody bends it."""

import base64
import binascii
import hmac
import struct
from typing import Final, final

from mechanic_core.errors import Problem
from mechanic_core.shapes import RuleBroken

_KEY: Final = struct.Struct(">q")
_SEAL_BYTES: Final = 16


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
        return base64.urlsafe_b64encode(key + self._seal_of(scope, key)).rstrip(b"=").decode()

    def open(self, scope: bytes, cursor: str) -> int:
        """Return the key that *cursor* continues behind; raise `RuleBroken` if it isn't ours."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise _not_ours() from None
        key, seal = raw[: _KEY.size], raw[_KEY.size :]
        if len(key) < _KEY.size or not hmac.compare_digest(seal, self._seal_of(scope, key)):
            raise _not_ours()
        (last,) = _KEY.unpack(key)
        return int(last)

    def _seal_of(self, scope: bytes, key: bytes) -> bytes:
        return hmac.digest(self._secret, key + scope, "sha256")[:_SEAL_BYTES]


def _not_ours() -> RuleBroken:
    return RuleBroken(Problem("", "is not a cursor of this list", parameter="cursor"))
