"""Tokens of links: id, expiry and nonce of a row, with an HMAC under a key of the shop.

The database has the nonce alone, so that nobody who reads it can make a token.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, final

from attrs import field, frozen

from mechanic_core.accounts.links import Link, LinkNotFound, LinkPurpose, LinkToken, LinkTokens

_DERIVATION: Final = b"mechanic-shop link tokens 1"
_NONCE_BYTES: Final = 16
_DIGEST: Final = "sha256"
_TOKEN: Final = re.compile(
    r"([1-9][0-9]{0,18})\.([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})"
)


@final
@frozen
class HmacLinkTokens(LinkTokens):
    """Tokens ``id.expiry.nonce.HMAC``; the expiry is in seconds since 1970.

    *secrets* returns the present secret of the shop, and former ones whose tokens are still good.
    """

    secrets: Callable[[], Sequence[str]] = field(repr=False)

    def new_nonce(self) -> str:
        """Return 128 random bits."""
        return secrets.token_urlsafe(_NONCE_BYTES)

    def issue(self, purpose: LinkPurpose, link: Link) -> LinkToken:
        """Return the token of *link*."""
        text = f"{link.id}.{int(link.expires_at.timestamp())}.{link.nonce}"
        return LinkToken(f"{text}.{_signature(self.secrets()[0], purpose, text)}")

    def read(self, purpose: LinkPurpose, token: LinkToken) -> Link:
        """Return the link of *token*; raise `LinkNotFound` for a forged one.

        A link has one spelling: all digits, and all bits of the last letter, count.
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise LinkNotFound
        text, _, given = token.rpartition(".")
        if not any(
            hmac.compare_digest(_signature(secret, purpose, text), given)
            for secret in self.secrets()
        ):
            raise LinkNotFound
        expires_at = datetime.fromtimestamp(int(match[2]), UTC)
        return Link(id=int(match[1]), expires_at=expires_at, nonce=match[3])


def _signature(secret: str, purpose: LinkPurpose, text: str) -> str:
    key = hmac.digest(secret.encode(), _DERIVATION, _DIGEST)
    digest = hmac.digest(key, f"{purpose} {text}".encode(), _DIGEST)
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
